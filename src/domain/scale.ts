import type { Reader, Writer } from './scaleBytes.ts';
import { ScaleError } from './scaleBytes.ts';
import type { Codec, Value } from './scaleCodec.ts';
import { codec } from './scaleCodec.ts';
import { compactU32, outOf } from './scaleIntegers.ts';

export { ScaleError } from './scaleBytes.ts';
export type { Codec, Value } from './scaleCodec.ts';
export { codec, mapped } from './scaleCodec.ts';
export { compact, compactU32, compactU64, u8, u16, u32, u64, u128 } from './scaleIntegers.ts';

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
      if (value.length !== length)
        throw new ScaleError('scale.value', `${String(value.length)} bytes stand where ${String(length)} belong`);
      out.put(value);
    },
  );

const longest = 0xffff_ffff;

const readCount = (reader: Reader, most: number): number => {
  const count = compactU32.read(reader);
  if (count > most) throw outOf(`a length of at most ${String(most)}`, count);
  if (count > reader.remaining)
    throw new ScaleError('scale.truncated', `${String(count)} items are due, ${String(reader.remaining)} bytes are left`);
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
    if (!value.isWellFormed()) throw new ScaleError('scale.value', 'the text has half a surrogate pair: it has no UTF-8');
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
      if (variant === undefined)
        throw outOf(`one of the variants ${[...byTag.keys()].join(', ')} (byte ${String(reader.offset - 1)})`, index);
      return { tag: variant.tag, ...variant.body.read(reader) } as EnumValue<V>;
    },
    (value, out) => {
      const variant = byTag.get(String(value.tag));
      if (variant === undefined) throw outOf(`one of the variants ${[...byTag.keys()].join(', ')}`, value.tag);
      out.byte(variant.index);
      variant.body.write(value, out);
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
