import { defer, EMPTY, mergeMap, of, type OperatorFunction } from 'rxjs';
import { type Envelope, gather } from '../envelope/envelope.ts';

/**
 * Holds envelopes until one whose payload `ends` the run, then emits the run as one envelope; settling it settles them all.
 * More than `max` without an end are nacked here as poison `run.too-long`: the source needs at least `max` credits.
 */
export const gatherRuns =
  <P>(ends: (payload: P) => boolean, max: number): OperatorFunction<Envelope<P>, Envelope<readonly P[]>> =>
  (envelope$) =>
    defer(() => {
      let held: Envelope<P>[] = [];
      return envelope$.pipe(
        mergeMap((envelope) => {
          const [first = envelope, ...rest] = [...held, envelope];
          const run = gather([first, ...rest]);
          if (ends(envelope.payload)) {
            held = [];
            return of(run);
          }
          held = [first, ...rest];
          if (held.length < max) return EMPTY;
          held = [];
          run.nack({ kind: 'poison', code: 'run.too-long', cause: new Error(`${String(max)} records without a signature`) });
          return EMPTY;
        }, 1),
      );
    });
