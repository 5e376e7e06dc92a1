import { type MonoTypeOperatorFunction, type Observable, takeUntil } from 'rxjs';

/** The last word of a source: no new envelopes after `stop$`; what is in flight finishes. */
export const closeOn =
  <T>(stop$: Observable<unknown>): MonoTypeOperatorFunction<T> =>
  (source$) =>
    source$.pipe(takeUntil(stop$));
