import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import type { TopicRecord } from '../record.ts';
import { canonicalAttributes } from './canonical.ts';

/** SHA-256 over topic, attributes and data in the canonical encoding (design §5): what the next record of the source names. */
export const recordDigest = (topic: string, { attributes, data }: TopicRecord): Uint8Array =>
  sha256(concatBytes(canonicalAttributes(topic, attributes), data));
