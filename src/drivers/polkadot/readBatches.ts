import { z } from 'zod';
import type { Hex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import type { ExecutedBatch } from '../../domain/observation/observedBlock.ts';
import { hexAnswer } from './header.ts';
import type { Link } from './link.ts';
import type { Runtime } from './runtime.ts';

/** Reads the batches that a block's extrinsics carry. */
export type ReadBatches = (runtime: Runtime, hash: Hex) => Promise<readonly ExecutedBatch[]>;

const executeBatch = z.object({
  batch: z.object({
    batch: z.object({
      network: z.string(),
      id: z.number(),
      instructions: z.array(z.object({ instruction: z.json(), balance: z.object({ coin: z.string(), amount: z.string() }) })),
    }),
  }),
});

/** Reads batches from `chain_getBlockBin`, Serai's own method: block bodies are not what @polkadot/api takes them for (serai.md §b.15). */
export const openReadBatches =
  (link: Link): ReadBatches =>
  async (runtime, hash) => {
    const raw = hexAnswer.nullable().parse(await link.ask('chain_getBlockBin', [hash]));
    if (raw === null) throw new ChainError('chain.retry', `the node at ${link.endpoint()} does not have block ${hash}`);
    return runtime.extrinsicsOf(raw).flatMap(({ pallet, call, fields }, extrinsic) => {
      if (pallet !== 'InInstructions' || call !== 'execute_batch') return [];
      const { network, id, instructions } = executeBatch.parse(fields).batch.batch;
      return [{ extrinsic, network, id, instructions }];
    });
  };
