import { z } from 'zod';
import { externalNetwork, hex, u32, u64Text } from '../processor/ids.ts';
import { eventSchemas, place } from './eventSchemas.ts';
import { externalCoin, hash, height } from './fields.ts';
import { stateSchemas } from './stateSchemas.ts';

const record = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), data: z.strictObject(shape) });

/** The last record of every block: whoever has read it has read the whole block. `time` in milliseconds since 1970, 0 for genesis. */
export const block = record('serai.chain.block.v1', {
  number: height,
  hash,
  parentHash: hash,
  stateRoot: hash,
  extrinsicsRoot: hash,
  time: z.number().int().min(0),
});

/** An instruction that arrived from an external network names an address of interest: `index` within its batch. */
export const inInstruction = record('serai.interest.in-instruction.v1', {
  ...place,
  interest: hex,
  network: externalNetwork,
  batch: u32,
  index: u32,
  instruction: z.json(),
  coin: externalCoin,
  amount: u64Text,
  failed: z.boolean(),
});

/** An instruction to pay out on an external network is from, or to, an address of interest. */
export const outInstruction = record('serai.interest.out-instruction.v1', {
  ...eventSchemas['Coins.BurnWithInstruction'].shape.data.shape,
  interest: hex,
});

/** What stands on `<name>-chain`: type and data of each record. Strict, so that a consumer refuses what it does not know. */
export const chainMessage = z.discriminatedUnion('type', [
  block,
  inInstruction,
  outInstruction,
  ...Object.values(stateSchemas),
  ...Object.values(eventSchemas),
]);
export type ChainMessage = z.infer<typeof chainMessage>;

/** A message with the attributes its record gets: id from its meaning, time of its block (ISO 8601). */
export type ChainRecord = ChainMessage & { readonly id: string; readonly subject: string; readonly time: string };
