import type { SpanRef } from './trace.ts';

/** Work that is done: when, under which name, and in which span it was begun. */
export interface Span extends SpanRef {
  readonly parent?: string | undefined;
  readonly name: string;
  readonly kind: 'internal' | 'producer' | 'consumer' | 'client';
  /** Milliseconds since 1970, with fractions. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** The code of what went wrong. */
  readonly error?: string | undefined;
}

/** The port to where traces are told. */
export interface Tracer {
  /** How much of all traces is told, in (0, 1]. */
  readonly ratio: number;
  /** Milliseconds since 1970, with fractions. */
  readonly now: () => number;
  /** Returns at once, and never throws; what cannot be told in time is dropped. */
  readonly tell: (span: Span) => void;
}
