import type { Hex } from '../hex.ts';
import type { Reading } from './watchedState.ts';

/** A decoded event, as the chain's reader gives it: fields named as in the runtime's metadata. */
export interface ObservedEvent {
  readonly index: number;
  readonly phase: 'Initialization' | 'Finalization' | number;
  readonly pallet: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A batch that was executed in a block, as its extrinsic has it. */
export interface ExecutedBatch {
  /** Index of the extrinsic. */
  readonly extrinsic: number;
  readonly network: string;
  readonly id: number;
  readonly instructions: readonly { readonly instruction: unknown; readonly balance: { readonly coin: string; readonly amount: string } }[];
}

/** A finalized block, as the chain's reader gives it. */
export interface ObservedBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly stateRoot: Hex;
  readonly extrinsicsRoot: Hex;
  /** Milliseconds since 1970, from the block's timestamp; 0 for the genesis block. */
  readonly time: number;
  readonly events: readonly ObservedEvent[];
  /** The watched state after the block. */
  readonly state: readonly Reading[];
  /** Batches executed in the block; read only where an address is of interest. */
  readonly batches: readonly ExecutedBatch[];
}
