import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Attributes } from '../record.ts';

const withLength = (bytes: Uint8Array): Uint8Array => {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length, true);
  return concatBytes(length, bytes);
};

/**
 * The one encoding that hashes and associated data are made over (design §5): topic, then the attributes sorted by name as
 * name and value, each length-prefixed (u32 little endian). The signature is not part of it.
 */
export const canonicalAttributes = (topic: string, attributes: Attributes): Uint8Array => {
  const pairs = Object.entries(attributes)
    .filter(([name, value]) => name !== 'signature' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return concatBytes(...[topic, ...pairs.flatMap(([name, value]) => [name, String(value)])].map((text) => withLength(utf8ToBytes(text))));
};
