import { z } from 'zod';
import { externalNetwork } from '../processor/ids.ts';

/** Why, in the words of a person. */
const reason = z.string().min(1).max(1_000);

/** What is stopped: everything but observing, one network, or signing alone. */
export const scope = z.union([z.literal('node'), z.literal('signing'), externalNetwork]);
export type Scope = z.infer<typeof scope>;

/** What the integrity module and the operator order all modules, on `<name>-control` (design §11). */
export const order = z.discriminatedUnion('type', [
  /** Nothing new is signed for a network: what it holds is not what it should. Written by the integrity module. */
  z.strictObject({
    type: z.literal('serai.control.halted.v1'),
    data: z.strictObject({ network: externalNetwork, code: z.string(), reason }),
  }),
  /** The halt is over. */
  z.strictObject({
    type: z.literal('serai.control.cleared.v1'),
    data: z.strictObject({ network: externalNetwork, code: z.string(), reason }),
  }),
  /** Nothing new is begun until it is resumed. Written by the operator, as the following are. */
  z.strictObject({ type: z.literal('serai.control.paused.v1'), data: z.strictObject({ scope, reason }) }),
  z.strictObject({ type: z.literal('serai.control.resumed.v1'), data: z.strictObject({ scope, reason }) }),
  /** A coordinator that was rolled back goes on; with `force`, though not everyone has answered. What is burnt is burnt all the same (design §10). */
  z.strictObject({ type: z.literal('serai.control.leave-quarantine.v1'), data: z.strictObject({ force: z.boolean(), reason }) }),
  /** The operator's word that a halted network is good; `atOnce`, its halt ends with it, whatever the checks say. */
  z.strictObject({
    type: z.literal('serai.control.acknowledged.v1'),
    data: z.strictObject({ network: externalNetwork, reason, atOnce: z.boolean().default(false) }),
  }),
  /** Something else an operator did, for the record: a restore, a rotation of keys. */
  z.strictObject({
    type: z.literal('serai.control.act.v1'),
    data: z.strictObject({ act: z.string().min(1).max(100), reason, details: z.record(z.string(), z.string().max(1_000)) }),
  }),
]);
export type Order = z.infer<typeof order>;

/** Whether an order is the integrity module's to give; the others are the operator's. */
export const isOfIntegrity = ({ type }: Pick<Order, 'type'>): boolean =>
  type === 'serai.control.halted.v1' || type === 'serai.control.cleared.v1';
