import { defer, type OperatorFunction } from 'rxjs';
import type { Envelope } from '../envelope/envelope.ts';
import { keep } from './keep.ts';

/** Keeps the first envelope of each key among the last `memory` keys; repeats are acked here. */
export const dedupeBy =
  <P>(keyOf: (payload: P) => string, memory: number): OperatorFunction<Envelope<P>, Envelope<P>> =>
  (envelope$) =>
    defer(() => {
      const seen = new Set<string>();
      const isNew = (payload: P): boolean => {
        const key = keyOf(payload);
        if (seen.has(key)) return false;
        seen.add(key);
        const [oldest] = seen;
        if (seen.size > memory && oldest !== undefined) seen.delete(oldest);
        return true;
      };
      return envelope$.pipe(keep(isNew));
    });
