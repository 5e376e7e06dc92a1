import type { Fault } from '../../src/envelope/envelope.ts';
import type { ThroughOptions } from '../../src/operators/through.ts';

/** Delivery for marble tests: an error's message is its kind of fault; no second try. */
export const delivery: ThroughOptions = {
  concurrency: 1,
  classify: (cause): Fault => ({ kind: (cause as Error).message as Fault['kind'], code: 'test', cause }),
  backoff: { attempts: 0, first: 1, most: 1, jitter: () => 1 },
};
