import { toHex } from '../hex.ts';
import type { Tail, TopicRecord } from '../record.ts';
import { recordDigest } from './recordDigest.ts';
import { RecordError } from './recordError.ts';
import { verifySignature } from './signRecord.ts';

/** Where each source's records of a topic ended when they were last read, by source. */
export type Seen = Readonly<Record<string, Tail>>;

const START: Tail = { sequence: 0n, digest: toHex(new Uint8Array(32)) };

/**
 * Checks a run: its source is pinned, the last record's signature is the source's, its sequences go on where that source's ended,
 * and each record names the digest of the one before (design §5). Returns where the source's records end now. Records that were seen already, told
 * again by a source that was not sure, are passed over.
 * Throws RecordError `record.unknown-source`, `record.gap`, `record.chain-broken` or `record.forged`.
 */
export const verifyRun = (topic: string, seen: Seen, pins: Readonly<Record<string, Uint8Array>>, run: readonly TopicRecord[]): Seen => {
  const last = run.at(-1);
  if (last === undefined) return seen;
  const { source, id } = last.attributes;
  const at = `record ${id} of ${source} on ${topic}`;
  const publicKey = pins[source];
  if (publicKey === undefined)
    throw new RecordError(
      'record.unknown-source',
      `${at}: no public key is pinned for this source; pin it under [keys.pins], or find out who writes here`,
    );
  if (!verifySignature(topic, last, publicKey)) throw new RecordError('record.forged', `${at}: the signature is not that source's`);
  let tail = seen[source] ?? START;
  const seenBefore = tail.sequence;
  for (const record of run) {
    const { attributes } = record;
    if (attributes.source !== source) throw new RecordError('record.forged', `${at}: its run holds a record of ${attributes.source}`);
    if (attributes.sequence <= seenBefore) continue;
    if (attributes.sequence !== tail.sequence + 1n)
      throw new RecordError('record.gap', `${at}: sequence ${String(attributes.sequence)} stands after ${String(tail.sequence)}`);
    if (attributes.previoushash !== tail.digest)
      throw new RecordError('record.chain-broken', `${at}: sequence ${String(attributes.sequence)} does not name the record before it`);
    tail = { sequence: attributes.sequence, digest: toHex(recordDigest(topic, record)) };
  }
  return { ...seen, [source]: tail };
};

/** The records of a run that were not seen before. */
export const unseen = <R extends TopicRecord>(seen: Seen, run: readonly R[]): R[] =>
  run.filter(({ attributes }) => attributes.sequence > (seen[attributes.source]?.sequence ?? 0n));
