import { hash } from 'node:crypto';
import type { TopicRecord } from '../record.ts';
import { canonicalAttributes } from './canonical.ts';

/** SHA-256 over topic, attributes and data in the canonical encoding (design §5): what the next record of the source names. */
export const recordDigest = (topic: string, { attributes, data }: TopicRecord): Uint8Array =>
  new Uint8Array(hash('sha256', Buffer.concat([canonicalAttributes(topic, attributes), data]), 'buffer'));
