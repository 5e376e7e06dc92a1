import { defer } from 'rxjs';
import type { Ledger, Step } from '../data/ledger.ts';
import type { Sink } from './sink.ts';

/** Commits what `step` says of a payload to a module's ledger; complete means synced to disk. */
export const toLedger =
  <P>(ledger: Ledger, step: (payload: P) => Step): Sink<P> =>
  (payload) =>
    defer(() => ledger.commit(step(payload)));
