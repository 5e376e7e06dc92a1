import { EMPTY, mergeMap, type OperatorFunction, of } from 'rxjs';
import { type Envelope, refill } from '../envelope/envelope.ts';
import { poisoned } from '../envelope/poisoned.ts';

/** Turns each payload into what `decode` makes of it; what it throws on is nacked here as poison, under the error's own code or `code`. */
export const decodeWith =
  <P, R>(decode: (payload: P) => R, code: string): OperatorFunction<Envelope<P>, Envelope<R>> =>
  (envelope$) =>
    envelope$.pipe(
      mergeMap((envelope) => {
        try {
          return of(refill(envelope, decode(envelope.payload)));
        } catch (cause) {
          envelope.nack(poisoned(cause, code));
          return EMPTY;
        }
      }, 1),
    );
