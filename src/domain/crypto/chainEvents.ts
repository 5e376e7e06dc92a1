import { blake2b } from '@noble/hashes/blake2.js';
import { fromHex, toHex } from '../hex.ts';
import { nameOfSet } from '../observation/fields.ts';
import type { ChainMessage } from '../observation/schemas.ts';
import { type ExternalNetworkName, externalNetwork, setName, signableName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import { keysSet, participantRemoved } from './confirm.ts';
import type { CryptoContext } from './context.ts';
import { keyGensMoved, openKeyGen } from './keyGen.ts';
import { numberShares } from './members.ts';
import {
  activeSet,
  type BlockRef,
  blocks,
  type GatheredRow,
  gathered,
  head,
  networks,
  rosters,
  type SetRow,
  sets,
  signables,
} from './rows.ts';
import { accuse, tellProcessor } from './say.ts';
import { blockKey, drop, forgetAttempts, headMoved } from './signing.ts';

/** Blocks whose hashes are kept: more than the windows any open attempt can be seeded from. */
const KEPT_BLOCKS = 1024;

/** What `InInstructions-batch` ‖ network ‖ id ‖ block take up before a batch's instructions. */
const BEFORE_INSTRUCTIONS = 'InInstructions-batch'.length + 1 + 4 + 32;

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
      return;
    case 'serai.in-instructions.batch.v1':
      batchExecuted(draft, context, data);
      return;
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
        ...(networks.get(draft, data.network) ?? { nextBatch: 0 }),
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
  const roster = rosters.get(draft, setName(own));
  if (roster !== undefined) openKeyGen(draft, context, own, block, roster.members);
};

/** A retired set signs nothing more: what was still open of it is dropped (design §7.6; reference serai.md §c.7). */
const setRetired = (draft: Draft, context: CryptoContext, { set }: Told<'serai.validator-sets.set-retired.v1'>): void => {
  const network = externalNetwork.safeParse(set.network);
  if (!network.success) return;
  const name = setName({ network: network.data, session: set.session });
  const row = sets.get(draft, name);
  if (row !== undefined) sets.put(draft, name, { ...row, state: 'retired' });
  for (const [, signable] of [...signables.rows(draft)])
    if (setName(signable.set) === name && signable.state === 'open') drop(draft, context, signable, 'its set is retired');
};

const gather = (draft: Draft, network: ExternalNetworkName, add: (row: GatheredRow) => GatheredRow): void => {
  gathered.put(draft, network, add(gathered.get(draft, network) ?? { burns: [], batches: [] }));
};

/** A batch on chain must hash to what we signed, else the network stops (reference serai.md §c.7). */
const batchExecuted = (
  draft: Draft,
  context: CryptoContext,
  { network, id, block, instructionsHash }: Told<'serai.in-instructions.batch.v1'>,
): void => {
  gather(draft, network, (row) => ({ ...row, batches: [...row.batches, id] }));
  const set = activeSet(draft, network);
  if (set === undefined) return;
  const name = signableName({ set: set.set, kind: 'batch', id: String(id) });
  const row = signables.get(draft, name);
  // A batch we have not heard of from our own processor yet is checked when it comes.
  if (row === undefined) return;
  const ours = toHex(blake2b(fromHex(row.message).subarray(BEFORE_INSTRUCTIONS), { dkLen: 32 }));
  if (ours === instructionsHash) {
    signables.put(draft, name, { ...row, state: 'done' });
    forgetAttempts(draft, { set: row.set, kind: row.kind, id: row.id });
    return;
  }
  networks.put(draft, network, { ...(networks.get(draft, network) ?? { nextBatch: 0 }), halted: `batch ${String(id)} differs on chain` });
  accuse(draft, context, 'batch.differs-on-chain', name, { block: { ...block }, onChain: instructionsHash, ours });
};

/** The block is whole: processors hear of its burns and batches, and windows that open with it are joined. */
const blockWhole = (draft: Draft, context: CryptoContext, { number, hash, time }: Told<'serai.chain.block.v1'>): void => {
  const block: BlockRef = { number, hash };
  head.put(draft, '', { ...block, time: new Date(time).toISOString() });
  blocks.put(draft, blockKey(number), block);
  if (number >= KEPT_BLOCKS) blocks.delete(draft, blockKey(number - KEPT_BLOCKS));
  for (const [network, row] of [...gathered.rows(draft)]) {
    gathered.delete(draft, network);
    const set = activeSet(draft, network as ExternalNetworkName);
    if (set !== undefined) tellOfBlock(draft, context, set, block, row, time);
  }
  keyGensMoved(draft, context);
  headMoved(draft, context);
};

const tellOfBlock = (
  draft: Draft,
  context: CryptoContext,
  { set }: SetRow,
  block: BlockRef,
  { burns, batches }: GatheredRow,
  time: number,
): void => {
  tellProcessor(draft, context, set.network, `${set.network}/${String(block.number)}`, {
    type: 'serai.substrate.block.v1',
    data: {
      context: { seraiTime: String(Math.floor(time / 1000)), latestFinalizedBlock: toHex(new Uint8Array(32)) },
      block,
      set,
      burns: [...burns],
      batches: [...batches],
    },
  });
};
