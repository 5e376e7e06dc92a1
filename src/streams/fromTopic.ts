import type { Observable } from 'rxjs';
import type { Envelope, Fault, Origin } from '../envelope/envelope.ts';
import { fromReading } from './fromReading.ts';

/** A record as the log holds it: Kafka's record with its offset, headers as text. */
export interface StoredRecord {
  readonly offset: bigint;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

/** The port through which topics are read: one partition, in order. */
export interface TopicFeed {
  /**
   * Calls `deliver` for each record from offset `from` on, in order, one at a time, and waits for its promise before the
   * next: back-pressure. Ends the reading when the returned function is called. `fail` is called once if reading cannot go on.
   */
  read(topic: string, from: bigint, deliver: (record: StoredRecord) => Promise<void>, fail: (error: unknown) => void): () => Promise<void>;
  /** The offset behind the last record there is to read; a reader that is at `offset` lags behind by the difference. */
  end(topic: string): Promise<bigint>;
}

export interface FromTopic {
  readonly feed: TopicFeed;
  readonly topic: string;
  /** The offset to read on from, asked at each subscription. */
  readonly from: () => bigint;
  readonly credits: number;
  /** What a refused record comes to: the route's policy. */
  readonly refused: (record: StoredRecord, fault: Fault) => void;
}

/** Where a record stands. */
export const originOfRecord =
  (topic: string) =>
  ({ offset }: StoredRecord): Origin => ({ source: `topic:${topic}`, lane: topic, position: offset });

/** The records of a topic. Their position is committed by whoever handles them, so an ack only returns the credit. */
export const fromTopic = ({ feed, topic, from, credits, refused }: FromTopic): Observable<Envelope<StoredRecord>> =>
  fromReading((deliver, fail) => feed.read(topic, from(), deliver, fail), {
    originOf: originOfRecord(topic),
    credits,
    acked: () => undefined,
    refused,
  });
