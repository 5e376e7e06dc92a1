import { hash } from 'node:crypto';
import type { Hex } from '../hex.ts';

/** A span among those of its trace: 32 and 16 lower-case hex digits (W3C Trace Context). */
export interface SpanRef {
  readonly trace: string;
  readonly span: string;
}

/** What goes with a message about how it came to be: its own span, as W3C `traceparent`, and the span it was sent in. */
export interface TraceMark {
  readonly traceparent: string;
  readonly parent?: string;
}

const digest = (words: readonly string[]): string => hash('sha256', ['serai-coordinator/v1/trace', ...words].join('\0'));

/** The trace of what happens because of a Serai block: the same at every validator, from the block's hash alone. */
export const traceOfBlock = (blockHash: Hex): string => digest(['block', blockHash]).slice(0, 32);

/** The trace of a batch, which begins on an external chain. */
export const traceOfBatch = (genesisHash: Hex, network: string, id: string): string =>
  digest(['batch', genesisHash, network, id]).slice(0, 32);

/** The span of a trace that words tell from its others. */
export const spanOf = (trace: string, ...words: readonly string[]): string => digest([trace, ...words]).slice(0, 16);

/** A span as W3C `traceparent`, version 00. A trace that is not sampled is not told of at all, so the flag says that it is. */
export const writeTraceparent = ({ trace, span }: SpanRef): string => `00-${trace}-${span}-01`;

/** W3C `traceparent` of version 00. */
export const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/;

/** The span a `traceparent` names; undefined where it is none. */
export const readTraceparent = (text: string | undefined): SpanRef | undefined => {
  const [, trace, span] = TRACEPARENT.exec(text ?? '') ?? [];
  return trace === undefined || span === undefined ? undefined : { trace, span };
};

/**
 * Whether a trace is among the sampled ones of a ratio in [0, 1]: those whose last 56 bits, as a fraction, reach 1 − ratio, as OpenTelemetry's
 * consistent probability sampling has it. So whoever samples more has the traces of those who sample less.
 */
export const isSampled = (trace: string, ratio: number): boolean => Number(`0x${trace.slice(-14)}`) / 2 ** 56 >= 1 - ratio;
