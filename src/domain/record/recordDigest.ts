import { hash } from 'node:crypto';
import type { TopicRecord } from '../record.ts';
import { canonicalAttributes } from './canonical.ts';

/** Digests that were made before: the same record is asked for when its run is proven and when its chain is followed. */
const known = new WeakMap<TopicRecord, { readonly topic: string; readonly digest: Uint8Array }>();

/** SHA-256 over topic, attributes and data in the canonical encoding (design §5): what the next record of the source names. */
export const recordDigest = (topic: string, record: TopicRecord): Uint8Array => {
  const before = known.get(record);
  if (before?.topic === topic) return before.digest;
  const bytes = Buffer.concat([canonicalAttributes(topic, record.attributes), record.data]);
  const digest = new Uint8Array(hash('sha256', bytes, 'buffer'));
  known.set(record, { topic, digest });
  return digest;
};
