import { CoordinatorError } from './errors.ts';

/** Why bytes are not what a SCALE codec reads, or a value is not one it writes. */
export type ScaleErrorCode = 'scale.truncated' | 'scale.rest' | 'scale.value';

/** Bytes end too early (`scale.truncated`), go on too long (`scale.rest`), or a value is out of its type (`scale.value`). */
export class ScaleError extends CoordinatorError {
  override readonly name = 'ScaleError';
  readonly code: ScaleErrorCode;

  constructor(code: ScaleErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Walks over bytes from the front. */
export class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  byte(): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw new ScaleError('scale.truncated', `bytes end at ${String(this.#offset)} where one more is due`);
    this.#offset += 1;
    return value;
  }

  take(length: number): Uint8Array {
    if (length > this.remaining) {
      throw new ScaleError('scale.truncated', `${String(length)} bytes are due at ${String(this.#offset)}, ${String(this.remaining)} are left`);
    }
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.slice(start, this.#offset);
  }

  /** What was read since an earlier offset. */
  since(offset: number): Uint8Array {
    return this.#bytes.slice(offset, this.#offset);
  }
}

/** Collects bytes. */
export class Writer {
  #bytes = new Uint8Array(64);
  #length = 0;

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  put(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Turns a value into SCALE bytes and back; `decode` wants the whole input and throws {@link ScaleError} on rest or truncation. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
  read(reader: Reader): T;
  write(value: T, out: Writer): void;
}

/** The value a codec is for. */
export type Value<C> = C extends Codec<infer T> ? T : never;

/** A codec from its reading and writing halves. */
export const codec = <T>(read: (reader: Reader) => T, write: (value: T, out: Writer) => void): Codec<T> => ({
  read,
  write,
  encode: (value) => {
    const out = new Writer();
    write(value, out);
    return out.finish();
  },
  decode: (bytes) => {
    const reader = new Reader(bytes);
    const value = read(reader);
    if (reader.remaining > 0) {
      throw new ScaleError('scale.rest', `${String(reader.remaining)} bytes follow the value, which ended at ${String(reader.offset)}`);
    }
    return value;
  },
});

/** The same bytes seen as another value. */
export const mapped = <A, B>(inner: Codec<A>, read: (value: A) => B, write: (value: B) => A): Codec<B> =>
  codec(
    (reader) => read(inner.read(reader)),
    (value, out) => {
      inner.write(write(value), out);
    },
  );

const outOf = (what: string, value: unknown): ScaleError => new ScaleError('scale.value', `${String(value)} is not ${what}`);

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

const readCompact = (reader: Reader): bigint => {
  const first = reader.byte();
  const mode = first & 3;
  if (mode === 0) return BigInt(first >> 2);
  if (mode === 3) return littleEndian(reader.take((first >> 2) + 4));
  const rest = reader.take(mode === 1 ? 1 : 3);
  return (littleEndian(rest) << 6n) | BigInt(first >> 2);
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
      const start = reader.offset;
      const value = readCompact(reader);
      if (value >= limit) throw outOf(`a compact below ${String(limit)}`, value);
      const shortest = new Writer();
      writeCompact(value, shortest);
      if (shortest.finish().length !== reader.offset - start) throw outOf('written in its shortest compact form', value);
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

/** One byte, 0 or 1. */
export const bool: Codec<boolean> = codec(
  (reader) => {
    const value = reader.byte();
    if (value > 1) throw outOf('a bool', value);
    return value === 1;
  },
  (value, out) => {
    out.byte(value ? 1 : 0);
  },
);

/** Nothing, in no bytes. */
export const unit: Codec<null> = codec(
  () => null,
  () => undefined,
);

/** Exactly so many bytes, as they are. */
export const bytes = (length: number): Codec<Uint8Array> =>
  codec(
    (reader) => reader.take(length),
    (value, out) => {
      if (value.length !== length) throw new ScaleError('scale.value', `${String(value.length)} bytes stand where ${String(length)} belong`);
      out.put(value);
    },
  );

const longest = 0xffff_ffff;

const readCount = (reader: Reader, most: number): number => {
  const count = compactU32.read(reader);
  if (count > most) throw outOf(`a length of at most ${String(most)}`, count);
  if (count > reader.remaining) throw new ScaleError('scale.truncated', `${String(count)} items are due, ${String(reader.remaining)} bytes are left`);
  return count;
};

const writeCount = (count: number, most: number, out: Writer): void => {
  if (count > most) throw outOf(`a length of at most ${String(most)}`, count);
  compactU32.write(count, out);
};

/** Compact length, then so many bytes; `most` bounds the length. */
export const boundedBytes = (most: number): Codec<Uint8Array> =>
  codec(
    (reader) => reader.take(readCount(reader, most)),
    (value, out) => {
      writeCount(value.length, most, out);
      out.put(value);
    },
  );

/** Compact length, then so many bytes. */
export const vecBytes: Codec<Uint8Array> = boundedBytes(longest);

/** Compact length, then UTF-8; other bytes are refused. */
export const text: Codec<string> = codec(
  (reader) => {
    const encoded = vecBytes.read(reader);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(encoded);
    } catch {
      throw new ScaleError('scale.value', `the bytes before ${String(reader.offset)} are not UTF-8`);
    }
  },
  (value, out) => {
    vecBytes.write(new TextEncoder().encode(value), out);
  },
);

/** Compact count, then the items one after the other (of at least a byte each); `most` bounds the count. */
export const vec = <T>(item: Codec<T>, most: number = longest): Codec<readonly T[]> =>
  codec<readonly T[]>(
    (reader) => Array.from({ length: readCount(reader, most) }, () => item.read(reader)),
    (values, out) => {
      writeCount(values.length, most, out);
      for (const value of values) item.write(value, out);
    },
  );

/** 0 for nothing (`null`), or 1 and the value. */
export const option = <T>(inner: Codec<T>): Codec<T | null> =>
  codec<T | null>(
    (reader) => (bool.read(reader) ? inner.read(reader) : null),
    (value, out) => {
      bool.write(value !== null, out);
      if (value !== null) inner.write(value, out);
    },
  );

/** The codecs of a struct's fields, in their order on the wire. */
export type Fields = Readonly<Record<string, Codec<unknown>>>;

/** The value of a struct of these fields. */
export type StructValue<F extends Fields> = { readonly [K in keyof F]: Value<F[K]> };

/** Fields one after the other, in the order they are written down. */
export const struct = <const F extends Fields>(fields: F): Codec<StructValue<F>> => {
  const entries = Object.entries(fields);
  return codec(
    (reader) => Object.fromEntries(entries.map(([key, field]) => [key, field.read(reader)])) as StructValue<F>,
    (value, out) => {
      for (const [key, field] of entries) field.write(value[key], out);
    },
  );
};

/** The values of a tuple of these codecs. */
export type TupleValue<C extends readonly Codec<unknown>[]> = { readonly [K in keyof C]: Value<C[K]> };

/** Items of different types one after the other. */
export const tuple = <const C extends readonly Codec<unknown>[]>(...items: C): Codec<TupleValue<C>> =>
  codec(
    (reader) => items.map((item) => item.read(reader)) as TupleValue<C>,
    (value, out) => {
      for (const [index, item] of items.entries()) item.write(value[index], out);
    },
  );

/** The variants of an enum: their index byte and fields. */
export type Variants = Readonly<Record<string, { readonly index: number; readonly fields: Fields }>>;

/** The value of an enum: the variant's name as `tag`, beside its fields. */
export type EnumValue<V extends Variants> = { readonly [K in keyof V]: { readonly tag: K } & StructValue<V[K]['fields']> }[keyof V];

/** An index byte, then the fields of that variant; unknown indices are refused. */
export const enumOf = <const V extends Variants>(variants: V): Codec<EnumValue<V>> => {
  const byTag = new Map(Object.entries(variants).map(([tag, { index, fields }]) => [tag, { tag, index, body: struct(fields) }]));
  const byIndex = new Map([...byTag.values()].map((variant) => [variant.index, variant]));
  return codec(
    (reader) => {
      const index = reader.byte();
      const variant = byIndex.get(index);
      if (variant === undefined) throw outOf(`one of the variants ${[...byTag.keys()].join(', ')} (byte ${String(reader.offset - 1)})`, index);
      return { tag: variant.tag, ...variant.body.read(reader) } as EnumValue<V>;
    },
    (value, out) => {
      const variant = byTag.get(String(value.tag));
      if (variant === undefined) throw outOf(`one of the variants ${[...byTag.keys()].join(', ')}`, value.tag);
      out.byte(variant.index);
      variant.body.write(value as Readonly<Record<string, unknown>>, out);
    },
  );
};

/** One byte for one of some names. */
export const names = <const N extends Readonly<Record<string, number>>>(indices: N): Codec<keyof N & string> => {
  const byIndex = new Map(Object.entries(indices).map(([name, index]) => [index, name]));
  return codec(
    (reader) => {
      const index = reader.byte();
      const name = byIndex.get(index);
      if (name === undefined) throw outOf(`one of ${Object.keys(indices).join(', ')} (byte ${String(reader.offset - 1)})`, index);
      return name;
    },
    (value, out) => {
      const index = Object.hasOwn(indices, value) ? indices[value] : undefined;
      if (index === undefined) throw outOf(`one of ${Object.keys(indices).join(', ')}`, value);
      out.byte(index);
    },
  );
};
