import { blake2b } from '@noble/hashes/blake2.js';
import { fromHex, type Hex, toHex } from '../hex.ts';
import { type ExternalNetworkName, setName, signableName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import { forgetAttempts } from './attempt.ts';
import type { CryptoContext } from './context.ts';
import { type BatchRow, type BlockRef, batches, networkRow, networks, type SetRow, type SignableRow, sets, signables } from './rows.ts';
import { accuse } from './say.ts';
import { isQuarantined } from './standing.ts';

/** What stands before a batch's instructions in SCALE(Batch): network, id, block (reference serai.md §b.11). */
const BEFORE_BLOCK = 1 + 4;
const BEFORE_INSTRUCTIONS = BEFORE_BLOCK + 32;

const nameOf = (network: ExternalNetworkName, id: number): string => `${network}/${String(id)}`;

const noteBatch = (draft: Draft, network: ExternalNetworkName, id: number, known: BatchRow): void => {
  batches.put(draft, nameOf(network, id), { ...batches.get(draft, nameOf(network, id)), ...known });
};

/** Our processor proposes a batch, SCALE(Batch), which the set of this session is to sign. */
export const batchProposed = (
  draft: Draft,
  context: CryptoContext,
  {
    network,
    id,
    session,
    batch,
  }: { readonly network: ExternalNetworkName; readonly id: number; readonly session: number; readonly batch: Hex },
): void => {
  if (id < networkRow(draft, network).verified) return;
  const bytes = fromHex(batch);
  const instructionsHash = toHex(blake2b(bytes.subarray(BEFORE_INSTRUCTIONS), { dkLen: 32 }));
  const block = toHex(bytes.subarray(BEFORE_BLOCK, BEFORE_INSTRUCTIONS));
  noteBatch(draft, network, id, { proposed: { session, instructionsHash, block } });
  const name = setName({ network, session });
  const row = sets.get(draft, name);
  if (row !== undefined) sets.put(draft, name, { ...row, firstBatch: Math.min(row.firstBatch ?? id, id) });
  verifyBatches(draft, context, network);
};

/** The chain has executed a batch. */
export const batchExecuted = (
  draft: Draft,
  context: CryptoContext,
  said: {
    readonly network: ExternalNetworkName;
    readonly id: number;
    readonly instructionsHash: Hex;
    readonly block: Hex;
    readonly at: BlockRef;
  },
): void => {
  const { network, id, instructionsHash, block, at } = said;
  networks.put(draft, network, { ...networkRow(draft, network), latestBlock: block });
  noteBatch(draft, network, id, { executed: { instructionsHash, block, at: { number: at.number, hash: at.hash } } });
  verifyBatches(draft, context, network);
};

/** Batches on chain must be those that our processor proposed, one after the other; else the network stops (reference serai.md §c.7). */
const verifyBatches = (draft: Draft, context: CryptoContext, network: ExternalNetworkName): void => {
  for (;;) {
    const standing = networkRow(draft, network);
    const { proposed, executed } = batches.get(draft, nameOf(network, standing.verified)) ?? {};
    if (proposed === undefined || executed === undefined) break;
    const id = standing.verified;
    const set = { network, session: proposed.session };
    const name = signableName({ set, kind: 'batch', id: String(id) });
    if (proposed.instructionsHash !== executed.instructionsHash || proposed.block !== executed.block) {
      if (standing.halted === undefined) networks.put(draft, network, { ...standing, halted: `batch ${String(id)} differs on chain` });
      accuse(draft, context, 'batch.differs-on-chain', name, { executed: { ...executed, at: { ...executed.at } }, proposed });
      return;
    }
    networks.put(draft, network, { ...standing, verified: id + 1 });
    batches.delete(draft, nameOf(network, id));
    const row = signables.get(draft, name);
    if (row === undefined) continue;
    signables.put(draft, name, { ...row, state: 'done' });
    forgetAttempts(draft, row);
  }
  submitBatches(draft, network);
};

/**
 * Whether a batch may be signed now. A set's first batch hands the vault over to it: it waits until all before it stand on chain as
 * they should, and the later ones wait until it does. Else a malicious one of the set before could be forced through (reference serai.md §c.7).
 */
export const maySignBatch = (draft: Draft, { set, firstBatch }: SetRow, { id }: SignableRow): boolean => {
  if (set.session === 0) return true;
  const { verified } = networkRow(draft, set.network);
  return Number(id) === firstBatch ? verified >= Number(id) : firstBatch !== undefined && verified > firstBatch;
};

/** Signed batches go to the chain strictly by id. */
export const submitBatches = (draft: Draft, network: ExternalNetworkName): void => {
  if (isQuarantined(draft)) return;
  const standing = networkRow(draft, network);
  let nextBatch = Math.max(standing.nextBatch, standing.verified);
  for (;;) {
    const session = batches.get(draft, nameOf(network, nextBatch))?.proposed?.session;
    if (session === undefined) break;
    const row = signables.get(draft, signableName({ set: { network, session }, kind: 'batch', id: String(nextBatch) }));
    if (row?.signature === undefined) break;
    nextBatch += 1;
    draft.do('chain', {
      call: 'execute_batch',
      network,
      id: Number(row.id),
      // The message is `InInstructions-batch` ‖ SCALE(batch).
      batch: `0x${row.message.slice(2 + 2 * 'InInstructions-batch'.length)}`,
      signature: row.signature,
    });
  }
  networks.put(draft, network, { ...networkRow(draft, network), nextBatch });
};
