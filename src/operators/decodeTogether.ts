import { concatMap, defer, EMPTY, from, mergeMap, type ObservableInput, type OperatorFunction, of, tap } from 'rxjs';
import { type Envelope, refill } from '../envelope/envelope.ts';
import { poisoned } from '../envelope/poisoned.ts';

/** What became of one payload. */
export type Decoded<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly cause: unknown };

/**
 * Turns payloads into what `decode` comes to, in order: those that arrive while a call is under way are handed to the next one
 * together. One it fails on is nacked here as poison, under the error's own code or `code`; where the whole call fails, so does this.
 */
export const decodeTogether =
  <P, R>(
    decode: (payloads: readonly P[]) => ObservableInput<readonly Decoded<R>[]>,
    code: string,
  ): OperatorFunction<Envelope<P>, Envelope<R>> =>
  (envelope$) =>
    defer(() => {
      const waiting: Envelope<P>[] = [];
      return envelope$.pipe(
        tap((envelope) => waiting.push(envelope)),
        concatMap(() => {
          const taken = waiting.splice(0);
          if (taken.length === 0) return EMPTY;
          return from(decode(taken.map(({ payload }) => payload))).pipe(
            mergeMap((decoded) => taken.map((envelope, index) => [envelope, decoded[index]] as const)),
            mergeMap(([envelope, result]) => {
              if (result?.ok === true) return of(refill(envelope, result.value));
              envelope.nack(poisoned(result?.cause, code));
              return EMPTY;
            }),
          );
        }),
      );
    });
