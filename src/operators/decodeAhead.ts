import { catchError, defer, EMPTY, map, mergeMap, type Observable, type ObservableInput, type OperatorFunction, of } from 'rxjs';
import { type Envelope, refill } from '../envelope/envelope.ts';
import { poisoned } from '../envelope/poisoned.ts';

/** Results by their place in the source, passed on in that order. */
const inOrder =
  <T>() =>
  (result$: Observable<readonly [place: number, result: T]>): Observable<T> =>
    defer(() => {
      const early = new Map<number, T>();
      let next = 0;
      return result$.pipe(
        mergeMap(([place, result]) => {
          early.set(place, result);
          const ready: T[] = [];
          for (let found = early.get(next); found !== undefined; found = early.get(next)) {
            ready.push(found);
            early.delete(next);
            next += 1;
          }
          return ready;
        }),
      );
    });

/**
 * Turns each payload into what `decode` comes to, several at once and in order; one it fails on is nacked in its turn as poison,
 * under the error's own code or `code`. As many are under way as the source has credits.
 */
export const decodeAhead =
  <P, R>(decode: (payload: P) => ObservableInput<R>, code: string): OperatorFunction<Envelope<P>, Envelope<R>> =>
  (envelope$) =>
    envelope$.pipe(
      mergeMap((envelope, place) =>
        defer(() => decode(envelope.payload)).pipe(
          map((decoded) => () => of(refill(envelope, decoded))),
          catchError((cause: unknown) =>
            of(() => {
              envelope.nack(poisoned(cause, code));
              return EMPTY;
            }),
          ),
          map((settle) => [place, settle] as const),
        ),
      ),
      inOrder(),
      mergeMap((settle): Observable<Envelope<R>> => settle(), 1),
    );
