import type { Fault } from './envelope.ts';

/** The fault of an envelope that is refused for what it holds: under the error's own code, or `code` where it has none. */
export const poisoned = (cause: unknown, code: string): Fault => ({
  kind: 'poison',
  code: cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : code,
  cause,
});
