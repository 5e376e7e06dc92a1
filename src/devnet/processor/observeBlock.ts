import { fromHex, toHex } from '../../domain/hex.ts';
import type { ExternalObservation } from '../../domain/processor/messages.ts';
import { batchMessage } from '../../domain/serai/messages.ts';
import { type Batch, batch, inInstruction } from '../../domain/serai/types.ts';
import type { Draft } from '../../domain/tables.ts';
import type { ProcessorContext } from './context.ts';
import type { ExternalBlock } from './externalBlock.ts';
import { noteMessage } from './payments.ts';
import { ProcessorError } from './processorError.ts';
import { blocks, cursors, keys } from './rows.ts';

const MAIN_COIN = { Bitcoin: 'Bitcoin', Ethereum: 'Ether', Monero: 'Monero' } as const;

/** A height as a key: decimal, padded, so that rows stand in the order of the chain. */
const heightKey = (height: number): string => String(height).padStart(10, '0');

/** Whether a block can be taken in: deposits become a batch only once a key is there to sign it. */
export const mayObserve = (draft: Draft, block: ExternalBlock): boolean => {
  const known = blocks.get(draft, heightKey(block.height)) !== undefined;
  return known || block.deposits.length === 0 || [...keys.rows(draft)].length > 0;
};

/** What an external block means to everyone: a function of the external chain alone, so it is the same at every processor. */
export const observeBlock = (draft: Draft, context: ProcessorContext, block: ExternalBlock): readonly ExternalObservation[] => {
  const known = blocks.get(draft, heightKey(block.height));
  if (known !== undefined) {
    if (known.hash !== block.hash)
      throw new ProcessorError('processor.block-conflict', `external block ${String(block.height)} is another one now`);
    return known.observations;
  }
  const cursor = cursors.get(draft, '') ?? { height: 0, nextBatch: 0 };
  if (block.height !== cursor.height + 1)
    throw new ProcessorError('processor.block-gap', `external block ${String(block.height)} came after block ${String(cursor.height)}`);
  const observations: ExternalObservation[] = block.transactions.map(({ plan, outputHash }) => ({
    type: 'serai.external.output.v1',
    data: { network: context.network, plan, outputHash, block: block.hash },
  }));
  const proposed = block.deposits.length > 0;
  if (proposed) observations.unshift(proposeBatch(draft, context, block, cursor.nextBatch));
  blocks.put(draft, heightKey(block.height), { hash: block.hash, observations });
  cursors.put(draft, '', { height: block.height, nextBatch: cursor.nextBatch + (proposed ? 1 : 0) });
  return observations;
};

const proposeBatch = (draft: Draft, { network }: ProcessorContext, block: ExternalBlock, id: number): ExternalObservation => {
  const made: Batch = {
    network,
    id,
    block: fromHex(block.hash),
    instructions: block.deposits.map(({ amount, instruction }) => ({
      instruction: inInstruction.decode(fromHex(instruction)),
      balance: { coin: MAIN_COIN[network], amount: BigInt(amount) },
    })),
  };
  noteMessage(draft, `${network}/batch/${String(id)}`, toHex(batchMessage(made)));
  return {
    type: 'serai.external.batch.v1',
    data: { network, id, block: block.hash, instructions: made.instructions.length, batch: toHex(batch.encode(made)) },
  };
};
