import { fromHex, toHex } from '../../domain/hex.ts';
import type { ExternalObservation } from '../../domain/processor/messages.ts';
import { batchMessage } from '../../domain/serai/messages.ts';
import { type Batch, batch, inInstruction } from '../../domain/serai/types.ts';
import type { Draft } from '../../domain/tables.ts';
import { mainCoin } from '../mainCoin.ts';
import type { ProcessorContext } from './context.ts';
import type { ExternalBlock, ExternalTransaction } from './externalBlock.ts';
import { forwardedBy, movedBy, noteMessage } from './payments.ts';
import { ProcessorError } from './processorError.ts';
import { balances, blocks, type CursorRow, cursors, heights, plans, START, vaults } from './rows.ts';
import { heightOf, isClosing, LOOKAHEAD } from './vaults.ts';

/** A height as a key: decimal, padded, so that rows stand in the order of the chain. */
const heightKey = (height: number): string => String(height).padStart(10, '0');

/**
 * Whether a block can be taken in: deposits become a batch only once a key is there to sign it, and no block is that is too far
 * ahead of what Serai knows.
 */
export const mayObserve = (draft: Draft, block: ExternalBlock): boolean => {
  if (blocks.get(draft, heightKey(block.height)) !== undefined) return true;
  const { acknowledged } = cursors.get(draft, '') ?? START;
  const known = heightOf(draft, acknowledged);
  if (known !== undefined && block.height > known + LOOKAHEAD) return false;
  return block.deposits.length === 0 || [...vaults.rows(draft)].length > 0;
};

/** What an external block means to everyone: a function of the external chain, and of the keys on Serai, so it is the same at every processor. */
export const observeBlock = (draft: Draft, context: ProcessorContext, block: ExternalBlock): readonly ExternalObservation[] => {
  const known = blocks.get(draft, heightKey(block.height));
  if (known !== undefined) {
    if (known.hash !== block.hash)
      throw new ProcessorError('processor.block-conflict', `external block ${String(block.height)} is another one now`);
    return known.observations;
  }
  const cursor = cursors.get(draft, '') ?? START;
  const { height, hash } = block;
  if (height !== cursor.height + 1)
    throw new ProcessorError('processor.block-gap', `external block ${String(height)} came after block ${String(cursor.height)}`);
  const observations: ExternalObservation[] = block.transactions.map((transaction) => outputOf(context, block, transaction));
  const proposed = isNotable(draft, block, cursor);
  if (proposed) observations.unshift(proposeBatch(draft, context, block, cursor));
  moveBalances(draft, block, cursor.session);
  if (observations.length + block.thefts.length > 0) observations.push(balancesAfter(draft, context, block));
  blocks.put(draft, heightKey(height), { hash, observations });
  heights.put(draft, hash, height);
  let { session } = cursor;
  for (const { plan, message } of block.transactions) {
    const forward = forwardedBy(message) === session;
    plans.put(draft, plan, { ...(plans.get(draft, plan) ?? { forward }), minedAt: height });
    if (!forward) continue;
    session += 1;
    const vault = vaults.get(draft, String(session));
    if (vault !== undefined) vaults.put(draft, String(session), { ...vault, forwardedAt: height });
  }
  cursors.put(draft, '', {
    ...cursor,
    height,
    session,
    nextBatch: cursor.nextBatch + (proposed ? 1 : 0),
    batchedAt: proposed ? height : cursor.batchedAt,
  });
  return observations;
};

/** What a transaction costs: taken out of what it pays, or out of the vault where it pays nobody. */
const FEE = 100n;

const outputOf = (
  { network }: ProcessorContext,
  { hash }: ExternalBlock,
  { plan, outputHash, message }: ExternalTransaction,
): ExternalObservation => {
  const moved = movedBy(message);
  const said = { network, plan, outputHash, block: hash };
  return {
    type: 'serai.external.output.v1',
    data:
      moved.kind === 'forward'
        ? { ...said, payments: [], vaultFee: FEE.toString() }
        : { ...said, payments: [{ block: moved.block, index: moved.index, fee: FEE.toString() }], vaultFee: '0' },
  };
};

/** Moves what a block moves in and out of the vaults. Who is paid pays the fee. */
const moveBalances = (draft: Draft, { deposits, transactions, thefts }: ExternalBlock, session: number): void => {
  const held = (of: number): bigint => BigInt(balances.get(draft, String(of)) ?? '0');
  const change = (of: number, by: bigint): void => {
    const after = held(of) + by;
    balances.put(draft, String(of), (after < 0n ? 0n : after).toString());
  };
  for (const { amount } of deposits) change(session, BigInt(amount));
  for (const { message } of transactions) {
    const moved = movedBy(message);
    if (moved.kind === 'payment') change(moved.session, -BigInt(moved.amount));
    else {
      const all = held(moved.session);
      change(moved.session, -all);
      change(moved.session + 1, all - FEE);
    }
  }
  for (const amount of thefts) change(session, -BigInt(amount));
};

const balancesAfter = (draft: Draft, { network }: ProcessorContext, { hash: block, height }: ExternalBlock): ExternalObservation => {
  const vaults = [...balances.rows(draft)].map(([session, amount]) => ({ session: Number(session), coin: mainCoin[network], amount }));
  return { type: 'serai.external.balances.v1', data: { network, block, height, vaults } };
};

/** Serai hears of a block with deposits, of one that moves a vault that is closing on, and of one in every few. */
const isNotable = (draft: Draft, { height, deposits, transactions }: ExternalBlock, { batchedAt, session }: CursorRow): boolean =>
  deposits.length > 0 || height >= batchedAt + LOOKAHEAD || (transactions.length > 0 && isClosing(draft, session, height));

const proposeBatch = (
  draft: Draft,
  { network }: ProcessorContext,
  block: ExternalBlock,
  { nextBatch: id, session }: CursorRow,
): ExternalObservation => {
  const made: Batch = {
    network,
    id,
    block: fromHex(block.hash),
    instructions: block.deposits.map(({ amount, instruction }) => ({
      instruction: inInstruction.decode(fromHex(instruction)),
      balance: { coin: mainCoin[network], amount: BigInt(amount) },
    })),
  };
  noteMessage(draft, `${network}/batch/${String(id)}`, toHex(batchMessage(made)));
  return {
    type: 'serai.external.batch.v1',
    data: { network, session, id, block: block.hash, instructions: made.instructions.length, batch: toHex(batch.encode(made)) },
  };
};
