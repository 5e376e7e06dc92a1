import { toHex } from '../hex.ts';
import type { Tail, TopicRecord } from '../record.ts';
import { TopicError } from '../topicError.ts';
import { recordDigest } from './recordDigest.ts';

/**
 * What of a run is not on the topic yet, given where its source's records end there: exactly-once by sequence (design §4).
 * Throws TopicError `topic.gap` where a sequence would be left out, `topic.conflict` where the last one there has another digest.
 */
export const unsentOf = (topic: string, tail: Tail | undefined, run: readonly TopicRecord[]): readonly TopicRecord[] => {
  const end = tail?.sequence ?? 0n;
  const [first] = run;
  if (first === undefined) return run;
  const { source, sequence } = first.attributes;
  if (sequence > end + 1n)
    throw new TopicError(
      'topic.gap',
      `${source} would write sequence ${String(sequence)} on ${topic}, where its records end at ${String(end)}: the topic lost records, or the store is another one's`,
    );
  const last = run.find((record) => record.attributes.sequence === end);
  if (tail !== undefined && last !== undefined && toHex(recordDigest(topic, last)) !== tail.digest)
    throw new TopicError(
      'topic.conflict',
      `sequence ${String(end)} of ${source} on ${topic} is another record than the one to be written: the store was rolled back`,
    );
  return run.filter((record) => record.attributes.sequence > end);
};
