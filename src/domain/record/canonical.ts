import type { Attributes } from '../record.ts';

/**
 * The one encoding that hashes and associated data are made over (design §5): topic, then the attributes sorted by name as
 * name and value, each length-prefixed (u32 little endian). The signature is not part of it.
 */
export const canonicalAttributes = (topic: string, attributes: Attributes): Uint8Array => {
  const texts = [topic];
  for (const [name, value] of Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))
    if (name !== 'signature' && value !== undefined) texts.push(name, String(value));
  const bytes = Buffer.alloc(texts.reduce((total, text) => total + 4 + Buffer.byteLength(text), 0));
  let at = 0;
  for (const text of texts) {
    const length = bytes.write(text, at + 4);
    bytes.writeUInt32LE(length, at);
    at += 4 + length;
  }
  return bytes;
};
