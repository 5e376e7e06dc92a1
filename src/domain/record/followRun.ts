import { toHex } from '../hex.ts';
import type { Tail, TopicRecord } from '../record.ts';
import { recordDigest } from './recordDigest.ts';
import { RecordError } from './recordError.ts';

/** Where each source's records of a topic ended when they were last read, by source. */
export type Seen = Readonly<Record<string, Tail>>;

const START: Tail = { sequence: 0n, digest: toHex(new Uint8Array(32)) };

/**
 * Checks that a run, whose source is proven, goes on where that source's records ended: each has the next sequence and names the
 * digest of the one before (design §5). Returns where the source's records end now. Records that were seen already, told again
 * by a source that was not sure, are passed over. Throws RecordError `record.gap` or `record.chain-broken`.
 */
export const followRun = (topic: string, seen: Seen, run: readonly TopicRecord[]): Seen => {
  const source = run.at(-1)?.attributes.source;
  if (source === undefined) return seen;
  let tail = seen[source] ?? START;
  const seenBefore = tail.sequence;
  for (const record of run) {
    const { id, sequence, previoushash } = record.attributes;
    if (sequence <= seenBefore) continue;
    const at = `record ${id} of ${source} on ${topic}: sequence ${String(sequence)}`;
    if (sequence !== tail.sequence + 1n) throw new RecordError('record.gap', `${at} stands after ${String(tail.sequence)}`);
    if (previoushash !== tail.digest) throw new RecordError('record.chain-broken', `${at} does not name the record before it`);
    tail = { sequence, digest: toHex(recordDigest(topic, record)) };
  }
  return { ...seen, [source]: tail };
};

/** The records of a run that were not seen before. */
export const unseen = <R extends TopicRecord>(seen: Seen, run: readonly R[]): R[] =>
  run.filter(({ attributes }) => attributes.sequence > (seen[attributes.source]?.sequence ?? 0n));
