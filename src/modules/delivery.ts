import type { Fault } from '../envelope/envelope.ts';
import type { ThroughOptions } from '../operators/through.ts';

const codeOf = (cause: unknown): string => (cause instanceof Error && 'code' in cause ? String(cause.code) : 'unexpected');

/** Failures that pass: the other side is away or not ready. What is not named here ends the route. */
const TRANSIENT = new Set(['chain.retry', 'chain.pending', 'chain.unreachable', 'kafka.unreachable']);

/** A link that ends is made again, whatever ended it. */
const passes = (code: string): boolean => TRANSIENT.has(code) || code.startsWith('peer.');

/** How a module delivers: one at a time, transient failures tried again for as long as it takes, all else fatal. */
export const delivery: ThroughOptions = {
  concurrency: 1,
  classify: (cause): Fault => ({ kind: passes(codeOf(cause)) ? 'transient' : 'fatal', code: codeOf(cause), cause }),
  backoff: { attempts: Number.POSITIVE_INFINITY, first: 50, most: 5_000, jitter: Math.random },
};
