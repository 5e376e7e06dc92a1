import { defer, EMPTY, mergeMap, type OperatorFunction, of } from 'rxjs';
import { type Envelope, gather } from '../envelope/envelope.ts';

export interface GatherRuns<P> {
  /** Whose the payload is: a run is of one source. */
  readonly sourceOf: (payload: P) => string;
  /** Whether the payload ends its run. */
  readonly ends: (payload: P) => boolean;
  /** Payloads a run may have; the source needs more credits than this. */
  readonly max: number;
}

/**
 * Holds envelopes until one that ends the run, then emits the run as one envelope; settling it settles them all. A run that is
 * cut off by another source's payload or grows past `max` is nacked here as poison: `run.broken`, `run.too-long`.
 */
export const gatherRuns =
  <P>({ sourceOf, ends, max }: GatherRuns<P>): OperatorFunction<Envelope<P>, Envelope<readonly P[]>> =>
  (envelope$) =>
    defer(() => {
      const held: Envelope<P>[] = [];
      const drop = (code: string): void => {
        for (const envelope of held.splice(0))
          envelope.nack({ kind: 'poison', code, cause: new Error(`no signed record ends the run of ${sourceOf(envelope.payload)}`) });
      };
      return envelope$.pipe(
        mergeMap((envelope) => {
          const before = held.at(-1);
          if (before !== undefined && sourceOf(before.payload) !== sourceOf(envelope.payload)) drop('run.broken');
          held.push(envelope);
          if (ends(envelope.payload)) {
            const [first = envelope, ...rest] = held.splice(0);
            return of(gather([first, ...rest]));
          }
          if (held.length >= max) drop('run.too-long');
          return EMPTY;
        }, 1),
      );
    });
