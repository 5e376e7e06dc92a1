import type { Reader } from './scaleBytes.ts';
import { ScaleError, Writer } from './scaleBytes.ts';
import type { Codec } from './scaleCodec.ts';
import { codec, mapped } from './scaleCodec.ts';

/** A value out of its type. */
export const outOf = (what: string, value: unknown): ScaleError => new ScaleError('scale.value', `${String(value)} is not ${what}`);

const unsigned = (size: number): Codec<number> =>
  codec(
    (reader) => reader.take(size).reduceRight((value, byte) => value * 256 + byte, 0),
    (value, out) => {
      if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * size)) throw outOf(`a u${String(8 * size)}`, value);
      for (let index = 0, rest = value; index < size; index += 1, rest = Math.floor(rest / 256)) out.byte(rest % 256);
    },
  );

const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);

const putLittleEndian = (value: bigint, size: number, out: Writer): void => {
  for (let index = 0, rest = value; index < size; index += 1, rest >>= 8n) out.byte(Number(rest & 0xffn));
};

const bigUnsigned = (size: number): Codec<bigint> =>
  codec(
    (reader) => littleEndian(reader.take(size)),
    (value, out) => {
      if (typeof value !== 'bigint' || value < 0n || value >= 1n << BigInt(8 * size)) throw outOf(`a u${String(8 * size)}`, value);
      putLittleEndian(value, size, out);
    },
  );

/** One byte. */
export const u8: Codec<number> = unsigned(1);
/** Two bytes, little-endian. */
export const u16: Codec<number> = unsigned(2);
/** Four bytes, little-endian. */
export const u32: Codec<number> = unsigned(4);
/** Eight bytes, little-endian. */
export const u64: Codec<bigint> = bigUnsigned(8);
/** Sixteen bytes, little-endian. */
export const u128: Codec<bigint> = bigUnsigned(16);

const compactSize = (value: bigint): number => {
  let size = 4;
  while (value >> BigInt(8 * size) > 0n) size += 1;
  return size;
};

/** The least value of each mode: a smaller one has a shorter form, which the runtime demands. */
const leastOfMode = [0n, 1n << 6n, 1n << 14n, 1n << 30n] as const;

const readCompact = (reader: Reader): bigint => {
  const first = reader.byte();
  const mode = first & 3;
  if (mode === 0) return BigInt(first >> 2);
  const rest = reader.take(mode === 3 ? (first >> 2) + 4 : mode === 1 ? 1 : 3);
  const value = mode === 3 ? littleEndian(rest) : (littleEndian(rest) << 6n) | BigInt(first >> 2);
  if (value < (leastOfMode[mode] ?? 0n) || (mode === 3 && rest.length > 4 && rest.at(-1) === 0))
    throw outOf('written in its shortest compact form', value);
  return value;
};

const writeCompact = (value: bigint, out: Writer): void => {
  if (value < 1n << 6n) putLittleEndian(value << 2n, 1, out);
  else if (value < 1n << 14n) putLittleEndian((value << 2n) | 1n, 2, out);
  else if (value < 1n << 30n) putLittleEndian((value << 2n) | 2n, 4, out);
  else {
    const size = compactSize(value);
    out.byte(((size - 4) << 2) | 3);
    putLittleEndian(value, size, out);
  }
};

const compactBelow = (limit: bigint): Codec<bigint> =>
  codec(
    (reader) => {
      const value = readCompact(reader);
      if (value >= limit) throw outOf(`a compact below ${String(limit)}`, value);
      return value;
    },
    (value, out) => {
      if (typeof value !== 'bigint' || value < 0n || value >= limit) throw outOf(`a compact below ${String(limit)}`, value);
      writeCompact(value, out);
    },
  );

/** An unsigned integer in its shortest compact form (1, 2, 4 or 5 to 68 bytes); longer forms are refused, as the runtime does. */
export const compact: Codec<bigint> = compactBelow(1n << 536n);
/** A compact integer that fits eight bytes. */
export const compactU64: Codec<bigint> = compactBelow(1n << 64n);
/** A compact integer that fits four bytes, as a number. */
export const compactU32: Codec<number> = mapped(compactBelow(1n << 32n), Number, (value: number) => {
  if (!Number.isInteger(value)) throw outOf('a u32', value);
  return BigInt(value);
});
