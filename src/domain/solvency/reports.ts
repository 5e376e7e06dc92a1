import { z } from 'zod';
import { externalNetwork, u32, u64Text } from '../processor/ids.ts';

/** An amount in a coin's smallest unit, below zero too. */
const amount = z.string().regex(/^-?(0|[1-9][0-9]{0,38})$/, 'expected a whole number');

/** A verdict on a coin, with the sum behind it (design §11). */
export const solvencyVerdict = z.strictObject({
  network: externalNetwork,
  coin: z.string(),
  /** The states of both chains that the sum is of. */
  serai: z.strictObject({ number: z.number().int(), hash: z.string() }),
  external: z.strictObject({ height: u32, hash: z.string() }),
  booked: amount,
  pendingIn: amount,
  failed: amount,
  pendingOut: amount,
  fees: amount,
  required: amount,
  vault: amount,
  difference: amount,
  tolerance: u64Text,
  state: z.enum(['solvent', 'doubtful', 'halted']),
  /** In a row. */
  breaches: u32,
  goods: u32,
});
export type SolvencyVerdict = z.infer<typeof solvencyVerdict>;

/** What the integrity module writes to `<name>-reports`. */
export const integrityReport = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('serai.report.solvency.v1'), data: solvencyVerdict }),
  /** For so long nothing could be said of a network: one of the chains was heard of further than the other. */
  z.strictObject({
    type: z.literal('serai.report.solvency-stale.v1'),
    data: z.strictObject({ network: externalNetwork, since: z.number().int(), block: z.number().int(), waitsFor: z.string() }),
  }),
  /** Something that must not happen, found in the topics. */
  z.strictObject({
    type: z.literal('serai.report.evidence.v1'),
    data: z.strictObject({ code: z.string(), evidence: z.json() }),
  }),
]);
export type IntegrityReport = z.infer<typeof integrityReport>;
