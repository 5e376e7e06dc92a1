/** Bytes as people and JSON see them: `0x` and lower-case hex. */
export type Hex = `0x${string}`;

/** Writes bytes as `0x` hex. */
export const toHex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;

/** Reads `0x` hex (the prefix may be missing); throws on anything else. */
export const fromHex = (hex: string): Uint8Array => {
  const digits = hex.startsWith('0x') ? hex.slice(2) : hex;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits))
    throw new TypeError('expected hex: an even number of digits 0 to 9, a to f');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
};
