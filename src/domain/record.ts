import type { Hex } from './hex.ts';

/**
 * The CloudEvents 1.0 attributes of a record with our extensions (design §5).
 * `sequence` counts per topic and source from 1; `previoushash` is the digest of that source's record before it
 * (32 zero bytes for the first); `signature` stands on the last record of every run.
 */
export interface Attributes {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject?: string;
  readonly datacontenttype: string;
  readonly sequence: bigint;
  readonly previoushash: Hex;
  readonly epoch: number;
  readonly keyid?: string;
  /** W3C Trace Context, as the Distributed Tracing extension of CloudEvents has it: the span of the record's leaving. */
  readonly traceparent?: string;
  readonly signature?: Hex;
}

/** A record of a topic: its attributes, and its data as bytes (JSON, or sealed JSON). */
export interface TopicRecord {
  readonly attributes: Attributes;
  readonly data: Uint8Array;
  /** The span it was sent in: not part of the record, and known only where it is still to be sent. */
  readonly parent?: string;
}

/** Where a source's records of a topic end. */
export interface Tail {
  readonly sequence: bigint;
  readonly digest: Hex;
}
