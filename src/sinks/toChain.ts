import type { Hex } from '../domain/hex.ts';

/** An extrinsic without signature that the coordinator publishes, in parts (reference: serai.md §b.14). */
export type ChainCall =
  | {
      readonly call: 'set_keys';
      readonly network: string;
      readonly session: number;
      readonly removed: readonly Hex[];
      readonly keyPair: { readonly substrate: Hex; readonly network: Hex };
      readonly signature: Hex;
    }
  | { readonly call: 'execute_batch'; readonly network: string; readonly id: number; readonly batch: Hex; readonly signature: Hex };

/** The port to a Serai node, write side. */
export interface ChainSubmitter {
  /** Whether finalized or best chain state shows the call done already. */
  isDone(call: ChainCall): Promise<boolean>;
  /** Submits the call; rejects with `ChainError` `chain.rejected` (with the node's reason) or a transient error. */
  submit(call: ChainCall): Promise<void>;
}
