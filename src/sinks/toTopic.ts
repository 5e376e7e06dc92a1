import type { Hex } from '../domain/hex.ts';
import type { TopicRecord } from '../domain/record.ts';

/** Where a source's records of a topic end. */
export interface Tail {
  readonly sequence: bigint;
  readonly digest: Hex;
}

/** The port through which topics are written: a run of records of one source lands whole, in order, exactly once. */
export interface TopicLog {
  createTopics(topics: readonly string[]): Promise<void>;
  /**
   * Appends a run whose sequences are consecutive; what is there already (same source and sequence, same digest) is skipped.
   * Rejects with `TopicError` `topic.gap` where a sequence would be left out, `topic.conflict` where a digest differs.
   */
  append(topic: string, run: readonly TopicRecord[]): Promise<void>;
  /** The last record of `source` on `topic`, undefined where there is none. */
  tail(topic: string, source: string): Promise<Tail | undefined>;
}
