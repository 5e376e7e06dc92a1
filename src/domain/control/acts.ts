import type { Order } from './orders.ts';

/** What an operator may do that is no order to a module; each is recorded in the audit log, `<name>-control`, as `serai.control.act.v1`. */
export const ACTS = [
  ...(['key-created', 'key-imported', 'key-exported', 'passphrase-changed', 'keys-rotated'] as const),
  ...(['backup-created', 'backup-drilled', 'restored'] as const),
  'log-level-changed',
  /** On a devnet: something was made to go wrong, or right again. */
  'fault-switched',
] as const;
type ActName = (typeof ACTS)[number];

/** Such an act. */
export type Act = Extract<Order, { type: 'serai.control.act.v1' }>['data'] & { readonly act: ActName };
