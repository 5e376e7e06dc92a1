import { concat, defer, EMPTY, ignoreElements, mergeMap, type Observable, throwError } from 'rxjs';
import type { Hex } from '../domain/hex.ts';
import type { Sink } from './sink.ts';

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
  | {
      readonly call: 'report_slashes';
      readonly network: string;
      /** Of the set that reports. */
      readonly session: number;
      readonly slashes: readonly { readonly validator: Hex; readonly points: number }[];
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

/** The call was submitted and has not taken effect yet: look again later. */
export class CallPending extends Error {
  readonly code = 'chain.pending';
}

/**
 * Publishes a call: asks the chain whether it is done, submits it if not, and completes only once the chain shows it done;
 * until then it fails as pending, to be tried again (reference serai.md §b.14: the chain's state decides, not the answer).
 */
export const toChain =
  (submitter: ChainSubmitter): Sink<ChainCall> =>
  (call) =>
    defer(() => submitter.isDone(call)).pipe(mergeMap((done): Observable<unknown> => (done ? EMPTY : submitAndLook(submitter, call))));

const submitAndLook = (submitter: ChainSubmitter, call: ChainCall): Observable<never> =>
  concat(
    defer(() => submitter.submit(call)),
    throwError(() => new CallPending(`${call.call} was submitted and does not show in the chain's state yet`)),
  ).pipe(ignoreElements());
