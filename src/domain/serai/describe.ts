import type { Codec, TupleValue, Value } from '../scale.ts';
import * as scale from '../scale.ts';

/** The primitive types of a metadata type registry, by the index they have there. */
export const primitives = { Bool: 0, Str: 2, U8: 3, U16: 4, U32: 5, U64: 6, U128: 7 } as const;

/** A generic parameter of a type; some are named without being described. */
export interface Parameter {
  readonly name: string;
  readonly type: Type<unknown> | null;
}

/**
 * A field as metadata describes it: unnamed in tuple structs, `typeName` as the source spells its type.
 * `key` is its key in our values, `null` where our value is the field's alone.
 */
export interface FieldShape {
  readonly key: string | null;
  readonly name: string | null;
  readonly type: Type<unknown>;
  readonly typeName: string | null;
}

/** A variant as metadata describes it. */
export interface VariantShape {
  readonly name: string;
  readonly index: number;
  readonly fields: readonly FieldShape[];
}

/** What metadata says of a type. */
export type Shape =
  | { readonly kind: 'primitive'; readonly name: keyof typeof primitives }
  | { readonly kind: 'compact'; readonly of: Type<unknown> }
  | { readonly kind: 'sequence'; readonly of: Type<unknown> }
  | { readonly kind: 'array'; readonly of: Type<unknown>; readonly length: number }
  | { readonly kind: 'tuple'; readonly of: readonly Type<unknown>[] }
  | { readonly kind: 'composite'; readonly path: string; readonly parameters: readonly Parameter[]; readonly fields: readonly FieldShape[] }
  | {
      readonly kind: 'variant';
      readonly path: string;
      readonly parameters: readonly Parameter[];
      readonly variants: readonly VariantShape[];
    };

/** A type of the chain: its codec, and what metadata says of it. Declared once, both follow. */
export interface Type<T> extends Codec<T> {
  readonly shape: Shape;
}

const described = <T>(inner: Codec<T>, shape: Shape): Type<T> => ({ ...inner, shape });

/** A field of a struct or variant: its key in our values is its name on the chain, unless it has none there. */
export interface Field<T> {
  readonly type: Type<T>;
  readonly typeName: string | null;
  readonly named: boolean;
}

/** A named field; `typeName` as the chain's source spells its type. */
export const field = <T>(type: Type<T>, typeName: string | null = null): Field<T> => ({ type, typeName, named: true });

/** A field known by its position on the chain; only our values give it a name. */
export const unnamed = <T>(type: Type<T>, typeName: string | null = null): Field<T> => ({ type, typeName, named: false });

/** Fields by their key in our values, in the order they have on the wire. */
export type FieldTable = Readonly<Record<string, Field<unknown>>>;

type CodecsOf<F extends FieldTable> = { readonly [K in keyof F]: F[K]['type'] };

/** The value of a struct of these fields. */
export type FieldValues<F extends FieldTable> = { readonly [K in keyof F]: Value<F[K]['type']> };

const codecsOf = <F extends FieldTable>(fields: F): CodecsOf<F> =>
  Object.fromEntries(Object.entries(fields).map(([key, { type }]) => [key, type])) as CodecsOf<F>;

const shapesOf = (fields: FieldTable): FieldShape[] =>
  Object.entries(fields).map(([key, { type, typeName, named }]) => ({ key, name: named ? key : null, type, typeName }));

/** Variants by name: their index byte and fields. */
export type VariantTable = Readonly<Record<string, { readonly index: number; readonly fields: FieldTable }>>;

/** The value of an enum: its variant's name as `tag`, beside the fields. */
export type VariantValues<V extends VariantTable> = { readonly [K in keyof V]: { readonly tag: K } & FieldValues<V[K]['fields']> }[keyof V];

/** Variants numbered in the order given, each by its fields. */
export const inOrder = <const T extends Readonly<Record<string, FieldTable>>>(
  table: T,
): { readonly [K in keyof T]: { readonly index: number; readonly fields: T[K] } } =>
  Object.fromEntries(Object.entries(table).map(([name, fields], index) => [name, { index, fields }])) as {
    readonly [K in keyof T]: { readonly index: number; readonly fields: T[K] };
  };

const primitive = <T>(name: keyof typeof primitives, inner: Codec<T>): Type<T> => described(inner, { kind: 'primitive', name });

const u8 = primitive('U8', scale.u8);
const u32 = primitive('U32', scale.u32);
const u64 = primitive('U64', scale.u64);

const sequence = <T>(of: Type<T>): Type<readonly T[]> => described(scale.vec(of), { kind: 'sequence', of });
const bytes: Type<Uint8Array> = described(scale.vecBytes, { kind: 'sequence', of: u8 });

const struct = <const F extends FieldTable>(path: string, fields: F, parameters: readonly Parameter[] = []): Type<FieldValues<F>> =>
  described(scale.struct(codecsOf(fields)), {
    kind: 'composite',
    path,
    parameters,
    fields: shapesOf(fields),
  });

const newtype = <T>(path: string, inner: Type<T>, typeName: string | null = null, parameters: readonly Parameter[] = []): Type<T> =>
  described(inner, { kind: 'composite', path, parameters, fields: [{ key: null, name: null, type: inner, typeName }] });

const boundedVec = 'bounded_collections::bounded_vec::BoundedVec';

const bounded = <T>(item: Type<T>, most: number, path: string = boundedVec): Type<readonly T[]> =>
  newtype(path, described(scale.vec(item, most), { kind: 'sequence', of: item }), 'Vec<T>', [
    { name: 'T', type: item },
    { name: 'S', type: null },
  ]);

const boundedBytes = (most: number): Type<Uint8Array> =>
  newtype(boundedVec, described(scale.boundedBytes(most), { kind: 'sequence', of: u8 }), 'Vec<T>', [
    { name: 'T', type: u8 },
    { name: 'S', type: null },
  ]);

const variant = <const V extends VariantTable>(
  path: string,
  variants: V,
  parameters: readonly Parameter[] = [],
): Type<VariantValues<V>> => {
  const codecs = Object.fromEntries(
    Object.entries(variants).map(([name, { index, fields }]) => [name, { index, fields: codecsOf(fields) }]),
  );
  const inner = scale.enumOf(codecs) as unknown as Codec<VariantValues<V>>;
  const shapes = Object.entries(variants).map(([name, { index, fields }]) => ({ name, index, fields: shapesOf(fields) }));
  return described(inner, { kind: 'variant', path, parameters, variants: shapes });
};

const names = <const N extends readonly string[]>(path: string, list: N, parameters: readonly Parameter[] = []): Type<N[number]> =>
  described(scale.names(Object.fromEntries(list.map((name, index) => [name, index]))) as Codec<N[number]>, {
    kind: 'variant',
    path,
    parameters,
    variants: list.map((name, index) => ({ name, index, fields: [] })),
  });

const option = <T>(inner: Type<T>): Type<T | null> =>
  described(scale.option(inner), {
    kind: 'variant',
    path: 'Option',
    parameters: [{ name: 'T', type: inner }],
    variants: [
      { name: 'None', index: 0, fields: [] },
      { name: 'Some', index: 1, fields: [{ key: null, name: null, type: inner, typeName: null }] },
    ],
  });

const tuple = <const C extends readonly Type<unknown>[]>(...of: C): Type<TupleValue<C>> =>
  described(scale.tuple(...of) as Codec<TupleValue<C>>, { kind: 'tuple', of });

/** The language types of the chain are declared in. */
export const t = {
  bool: primitive('Bool', scale.bool),
  str: primitive('Str', scale.text),
  u8,
  u16: primitive('U16', scale.u16),
  u32,
  u64,
  u128: primitive('U128', scale.u128),
  compactU32: described(scale.compactU32, { kind: 'compact', of: u32 }),
  compactU64: described(scale.compactU64, { kind: 'compact', of: u64 }),
  unit: described(scale.unit, { kind: 'tuple', of: [] }),
  /** Any number of bytes. */
  bytes,
  /** So many bytes. */
  bytesOf: (length: number): Type<Uint8Array> => described(scale.bytes(length), { kind: 'array', of: u8, length }),
  sequence,
  /** A sequence of at most so many items (`BoundedVec`, or the container named). */
  bounded,
  /** At most so many bytes. */
  boundedBytes,
  option,
  tuple,
  struct,
  /** A tuple struct of one field, which our values leave out. */
  newtype,
  variant,
  /** An enum without fields: our value is the variant's name. */
  names,
  /** Bytes as one codec writes them, described as the chain (rightly or not) describes them. */
  describedAs: <T>(inner: Codec<T>, { shape }: Type<unknown>): Type<T> => described(inner, shape),
};
