import type { Attributes } from '../record.ts';

/** What an encoding holds of a record's attributes, sorted by name; every one of them must be named, or this does not compile. */
const NAMES = Object.keys({
  datacontenttype: true,
  epoch: true,
  id: true,
  keyid: true,
  previoushash: true,
  sequence: true,
  source: true,
  subject: true,
  time: true,
  traceparent: true,
  type: true,
} satisfies Record<keyof Required<Omit<Attributes, 'signature'>>, true>) as readonly Exclude<keyof Attributes, 'signature'>[];

/**
 * The one encoding that hashes and associated data are made over (design §5): topic, then the attributes sorted by name as
 * name and value, each length-prefixed (u32 little endian). The signature is not part of it.
 */
export const canonicalAttributes = (topic: string, attributes: Attributes): Uint8Array => {
  const texts = [topic];
  for (const name of NAMES) {
    const value = attributes[name];
    if (value !== undefined) texts.push(name, String(value));
  }
  const bytes = Buffer.alloc(texts.reduce((total, text) => total + 4 + Buffer.byteLength(text), 0));
  let at = 0;
  for (const text of texts) {
    const length = bytes.write(text, at + 4);
    bytes.writeUInt32LE(length, at);
    at += 4 + length;
  }
  return bytes;
};
