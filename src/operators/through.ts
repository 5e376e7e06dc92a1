import {
  catchError,
  concat,
  defer,
  EMPTY,
  ignoreElements,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  retry,
  throwError,
  timer,
} from 'rxjs';
import type { Envelope, Fault } from '../envelope/envelope.ts';

/** How long to wait before another try: doubling from `first` to `most` milliseconds, spread by `jitter` in [0, 1). */
export interface Backoff {
  readonly attempts: number;
  readonly first: number;
  readonly most: number;
  readonly jitter: () => number;
}

export interface ThroughOptions {
  readonly concurrency: number;
  readonly classify: (cause: unknown) => Fault;
  readonly backoff: Backoff;
}

const waitIfTransient =
  ({ classify, backoff }: ThroughOptions) =>
  (cause: unknown, tries: number): Observable<unknown> => {
    if (classify(cause).kind !== 'transient') return throwError(() => cause);
    const full = Math.min(backoff.most, backoff.first * 2 ** Math.min(tries - 1, 30));
    return timer(full * (0.5 + backoff.jitter() / 2));
  };

const refuse =
  <P>(envelope: Envelope<P>, { classify }: ThroughOptions) =>
  (cause: unknown): Observable<never> => {
    const fault = classify(cause);
    if (fault.kind === 'fatal') return throwError(() => cause);
    envelope.nack(fault);
    return EMPTY;
  };

/**
 * Sends each envelope through `sink`, then passes it on still open. Transient failures are tried again; an envelope that is
 * refused is nacked here; a fatal failure ends the route.
 */
export const through =
  <P>(sink: (payload: P) => Observable<unknown>, options: ThroughOptions): OperatorFunction<Envelope<P>, Envelope<P>> =>
  (envelope$) =>
    envelope$.pipe(
      mergeMap((envelope) => {
        const sent$ = defer(() => sink(envelope.payload)).pipe(
          retry({ count: options.backoff.attempts, delay: waitIfTransient(options), resetOnSuccess: false }),
          ignoreElements(),
        );
        return concat(sent$, of(envelope)).pipe(catchError(refuse(envelope, options)));
      }, options.concurrency),
    );
