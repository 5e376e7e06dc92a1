import { nameOfSet } from '../observation/fields.ts';
import type { ChainMessage } from '../observation/schemas.ts';
import { type ExternalNetworkName, externalNetwork, type SetId, setName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import { batchExecuted } from './batches.ts';
import { keysSet, participantRemoved } from './confirm.ts';
import type { CryptoContext } from './context.ts';
import { externalContext } from './externalContext.ts';
import { goOn } from './goOn.ts';
import { openKeyGen } from './keyGen.ts';
import { numberShares } from './members.ts';
import { type BlockRef, blocks, type GatheredRow, gathered, head, mayUseKeys, networkRow, networks, rosters, sets } from './rows.ts';
import { tellProcessor } from './say.ts';
import { blockKey, dropOpen } from './signing.ts';
import { forgetSlashReport, giveUpSlashReport } from './slashReport.ts';

/** Blocks whose hashes are kept: more than the windows any open attempt can be seeded from. */
const KEPT_BLOCKS = 1024;

type Told<T extends ChainMessage['type']> = Extract<ChainMessage, { type: T }>['data'];

/** A record of `<name>-chain`. The block record comes last: with it the whole block is known, and acted on. */
export const chainMessageArrived = (draft: Draft, context: CryptoContext, { type, data }: ChainMessage): void => {
  switch (type) {
    case 'serai.validator-sets.participants.v1':
      rosters.put(draft, nameOfSet(data.set), { members: numberShares(data.participants) });
      return;
    case 'serai.validator-sets.new-set.v1':
      newSet(draft, context, data);
      return;
    case 'serai.validator-sets.participant-removed.v1':
      participantRemoved(draft, nameOfSet(data.set), data.removed.publicKey);
      return;
    case 'serai.validator-sets.key-gen.v1':
      keysSet(draft, context, data.set, data.keyPair, data.block);
      if (data.set.session === 0) holdVault(draft, data.set);
      return;
    case 'serai.validator-sets.accepted-handover.v1':
      handoverAccepted(draft, data);
      return;
    case 'serai.in-instructions.batch.v1': {
      const { network, id, instructionsHash, externalBlock, block } = data;
      gather(draft, network, (row) => ({ ...row, batches: [...row.batches, id] }));
      batchExecuted(draft, context, { network, id, instructionsHash, block: externalBlock, at: block });
      return;
    }
    case 'serai.coins.burn-with-instruction.v1':
      gather(draft, data.network, (row) => ({
        ...row,
        burns: [...row.burns, { address: data.address, data: data.data, coin: data.coin, amount: data.amount }],
      }));
      return;
    case 'serai.validator-sets.set-retired.v1':
      setRetired(draft, context, data);
      return;
    case 'serai.in-instructions.halt.v1':
      networks.put(draft, data.network, {
        ...networkRow(draft, data.network),
        halted: `halted on chain in block ${String(data.block.number)}`,
      });
      return;
    case 'serai.chain.block.v1':
      blockWhole(draft, context, data);
      return;
    default:
      // The rest is for other consumers: of every event, only these move keys, parties and signatures (reference serai.md §b.3).
      return;
  }
};

const newSet = (draft: Draft, context: CryptoContext, { set, block }: Told<'serai.validator-sets.new-set.v1'>): void => {
  const network = externalNetwork.safeParse(set.network);
  if (!network.success || !context.networks.includes(network.data)) return;
  const own = { network: network.data, session: set.session };
  networks.put(draft, network.data, { ...networkRow(draft, network.data), newest: set.session });
  giveUpSlashReport(draft, context, { ...own, session: set.session - 2 });
  const roster = rosters.get(draft, setName(own));
  if (roster !== undefined) openKeyGen(draft, context, own, block, roster.members);
};

const holdVault = (draft: Draft, { network, session }: SetId): void => {
  networks.put(draft, network, { ...networkRow(draft, network), session });
};

/** The new set holds the vault from now on; the one before owes its slash report (reference serai.md §b.17). */
const handoverAccepted = (draft: Draft, { set, block }: Told<'serai.validator-sets.accepted-handover.v1'>): void => {
  const network = externalNetwork.safeParse(set.network);
  if (!network.success) return;
  const taking = { network: network.data, session: set.session };
  holdVault(draft, taking);
  const to = sets.get(draft, setName(taking));
  if (to !== undefined) sets.put(draft, setName(taking), { ...to, state: 'active' });
  const before = setName({ ...taking, session: set.session - 1 });
  const from = sets.get(draft, before);
  if (from !== undefined) sets.put(draft, before, { ...from, state: 'retiring', handover: { number: block.number, hash: block.hash } });
};

/** A retired set signs nothing more: what was still open of it is dropped (design §7.6; reference serai.md §c.7). */
const setRetired = (draft: Draft, context: CryptoContext, { set }: Told<'serai.validator-sets.set-retired.v1'>): void => {
  const network = externalNetwork.safeParse(set.network);
  if (!network.success) return;
  const retired = { network: network.data, session: set.session };
  const name = setName(retired);
  const row = sets.get(draft, name);
  if (row !== undefined) sets.put(draft, name, { ...row, state: 'retired' });
  dropOpen(draft, context, retired, 'its set is retired');
  forgetSlashReport(draft, retired);
};

const gather = (draft: Draft, network: ExternalNetworkName, add: (row: GatheredRow) => GatheredRow): void => {
  gathered.put(draft, network, add(gathered.get(draft, network) ?? { burns: [], batches: [] }));
};

/** The block is whole: processors hear of its burns and batches, and windows that open with it are joined. */
const blockWhole = (draft: Draft, context: CryptoContext, { number, hash, time }: Told<'serai.chain.block.v1'>): void => {
  const block: BlockRef = { number, hash };
  head.put(draft, '', { ...block, time: new Date(time).toISOString() });
  blocks.put(draft, blockKey(number), block);
  if (number >= KEPT_BLOCKS) blocks.delete(draft, blockKey(number - KEPT_BLOCKS));
  for (const [network, row] of [...gathered.rows(draft)]) {
    gathered.delete(draft, network);
    tellOfBlock(draft, context, network as ExternalNetworkName, block, row);
  }
  goOn(draft, context);
};

/** Our processor hears of the blocks of a network while a set of ours has keys in it. */
const tellOfBlock = (
  draft: Draft,
  context: CryptoContext,
  network: ExternalNetworkName,
  block: BlockRef,
  { burns, batches }: GatheredRow,
): void => {
  const { session } = networkRow(draft, network);
  if (session === undefined || ![...sets.rows(draft)].some(([, row]) => row.set.network === network && mayUseKeys(row))) return;
  tellProcessor(draft, context, network, `${network}/${String(block.number)}`, {
    type: 'serai.substrate.block.v1',
    data: { context: externalContext(draft, network), block, set: { network, session }, burns: [...burns], batches: [...batches] },
  });
};
