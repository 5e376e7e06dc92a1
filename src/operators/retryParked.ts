import { concat, ignoreElements, type MonoTypeOperatorFunction, type Observable, retry, throwError, timer } from 'rxjs';
import { closeOn } from './closeOn.ts';

export interface RetryParked<E> {
  /** Whether a failure parks the route; any other one ends it. */
  readonly parks: (error: unknown) => error is E;
  /** Makes the failure known and durable. */
  readonly keep: (error: E) => Observable<unknown>;
  /** Milliseconds until the source is subscribed to again. */
  readonly pause: number;
  readonly stop$: Observable<unknown>;
}

/** Parks a route at what it may neither handle nor drop: the failure is kept, and the source is tried again later, at the same place. */
export const retryParked = <T, E>({ parks, keep, pause, stop$ }: RetryParked<E>): MonoTypeOperatorFunction<T> =>
  retry({
    delay: (error: unknown) =>
      parks(error) ? concat(keep(error).pipe(ignoreElements()), timer(pause).pipe(closeOn(stop$))) : throwError(() => error),
  });
