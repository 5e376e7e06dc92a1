import { defer } from 'rxjs';
import type { Tail, TopicRecord } from '../domain/record.ts';
import type { Sink } from './sink.ts';

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

/** Appends runs to a topic. */
export const toTopic =
  (log: TopicLog, topic: string): Sink<readonly TopicRecord[]> =>
  (run) =>
    defer(() => log.append(topic, run));
