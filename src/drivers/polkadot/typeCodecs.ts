import type { PortableRegistry } from '@polkadot/types';
import type { Si1Field, Si1Variant, SiLookupTypeId } from '@polkadot/types/interfaces';
import { fromHex, toHex } from '../../domain/hex.ts';
import {
  bool,
  bytes,
  type Codec,
  codec,
  compact,
  mapped,
  option,
  ScaleError,
  text,
  u8,
  u16,
  u32,
  u64,
  u128,
  unit,
  vec,
  vecBytes,
} from '../../domain/scale.ts';

/** Names Serai's own JSON has where metadata has none, or others (golden events.json). */
const namesByPath: Readonly<Record<string, readonly string[]>> = {
  'serai_validator_sets_primitives::KeyPair': ['ristretto', 'external'],
  'sp_weights::weight_v2::Weight': ['refTime', 'proofSize'],
  'frame_support::dispatch::DispatchInfo': ['weight', 'class', 'paysFee'],
};

const wide = (inner: Codec<bigint>): Codec<unknown> =>
  mapped(
    inner,
    (value) => value.toString(),
    (value) => BigInt(value),
  );

const inHex = (inner: Codec<Uint8Array>): Codec<unknown> => mapped(inner, toHex, (value) => fromHex(value));

const primitives: Readonly<Record<string, Codec<unknown>>> = {
  Bool: bool,
  Str: text,
  U8: u8,
  U16: u16,
  U32: u32,
  U64: wide(u64),
  U128: wide(u128),
};

/** A variant of an enum: its name, and what its fields are. */
export interface VariantCodec {
  readonly name: string;
  readonly index: number;
  readonly fields: Codec<Readonly<Record<string, unknown>>>;
}

/** Codecs for the types of one runtime's metadata, made once each. */
export interface TypeCodecs {
  /**
   * A type's bytes as JSON: integers to 32 bits as numbers, wider ones as decimal strings, bytes as hex, `null` for none, tuples as arrays,
   * enums as the variant's name or `{ name: fields }`; structs named as in the metadata.
   */
  readonly of: (type: SiLookupTypeId) => Codec<unknown>;
  /** The variants of an enum, each with its fields as an object. */
  readonly variantsOf: (type: SiLookupTypeId) => ReadonlyMap<number, VariantCodec>;
}

type Named = readonly (readonly [name: string, codec: Codec<unknown>])[];

const object = (fields: Named): Codec<Readonly<Record<string, unknown>>> =>
  codec(
    (reader) => {
      const value: Record<string, unknown> = {};
      for (const [name, field] of fields) value[name] = field.read(reader);
      return value;
    },
    (value, out) => {
      for (const [name, field] of fields) field.write(value[name], out);
    },
  );

const list = (items: readonly Codec<unknown>[]): Codec<unknown> =>
  codec(
    (reader) => items.map((item) => item.read(reader)),
    (value, out) => {
      for (const [index, item] of items.entries()) item.write((value as readonly unknown[])[index], out);
    },
  );

const repeated = (item: Codec<unknown>, count: number): Codec<unknown> => list(Array.from({ length: count }, () => item));

/** Makes codecs out of (patched) metadata: strict ones, where @polkadot/types fills missing bytes with zeros and passes over surplus ones. */
export const typeCodecs = (lookup: PortableRegistry): TypeCodecs => {
  const known = new Map<number, Codec<unknown>>();

  const of = (type: SiLookupTypeId): Codec<unknown> => {
    const id = type.toNumber();
    const before = known.get(id);
    if (before !== undefined) return before;
    // A type may hold itself: what refers to it meanwhile looks it up when used.
    known.set(
      id,
      codec(
        (reader) => known.get(id)?.read(reader),
        (value, out) => known.get(id)?.write(value, out),
      ),
    );
    const made = make(type);
    known.set(id, made);
    return made;
  };

  const isByte = (type: SiLookupTypeId): boolean => {
    const { def } = lookup.getSiType(type);
    return def.isPrimitive && def.asPrimitive.isU8;
  };

  const named = (fields: readonly Si1Field[], names: readonly string[] = []): Named =>
    fields.map(({ name, type }, index) => [names[index] ?? (name.isSome ? name.unwrap().toString() : String(index)), of(type)]);

  const composite = (fields: readonly Si1Field[], path: string): Codec<unknown> => {
    const [first] = fields;
    const names = namesByPath[path];
    if (first === undefined) return unit;
    if (names !== undefined || first.name.isSome) return object(named(fields, names));
    return fields.length === 1 ? of(first.type) : list(fields.map(({ type }) => of(type)));
  };

  const plainVariant = (variants: readonly Si1Variant[], path: string): Codec<unknown> => {
    const made = variants.map(({ name, index, fields }) => ({
      name: name.toString(),
      index: index.toNumber(),
      isEmpty: fields.length === 0,
      content: composite(fields, ''),
    }));
    const byIndex = new Map(made.map((variant) => [variant.index, variant]));
    const byName = new Map(made.map((variant) => [variant.name, variant]));
    return codec(
      (reader) => {
        const index = reader.byte();
        const variant = byIndex.get(index);
        if (variant === undefined) throw new ScaleError('scale.value', `${path} has no variant ${String(index)}`);
        return variant.isEmpty ? variant.name : { [variant.name]: variant.content.read(reader) };
      },
      (value, out) => {
        const [name, content] =
          typeof value === 'string' ? [value, null] : (Object.entries(value as Record<string, unknown>)[0] ?? ['', null]);
        const variant = byName.get(name);
        if (variant === undefined) throw new ScaleError('scale.value', `${path} has no variant ${name}`);
        out.byte(variant.index);
        variant.content.write(content, out);
      },
    );
  };

  const compactOf = (type: SiLookupTypeId): Codec<unknown> => {
    const { def } = lookup.getSiType(type);
    const inner = def.isComposite ? def.asComposite.fields[0] : undefined;
    if (inner !== undefined) return compactOf(inner.type);
    if (def.isPrimitive && (def.asPrimitive.isU64 || def.asPrimitive.isU128)) return wide(compact);
    return mapped(compact, Number, (value: unknown) => BigInt(value as number));
  };

  const make = (type: SiLookupTypeId): Codec<unknown> => {
    const { def, path, params } = lookup.getSiType(type);
    const name = path.map((segment) => segment.toString()).join('::');
    if (def.isComposite) return composite(def.asComposite.fields, name);
    if (def.isVariant) {
      const inner = name === 'Option' ? params[0]?.type.unwrap() : undefined;
      return inner === undefined ? plainVariant(def.asVariant.variants, name) : option<unknown>(of(inner));
    }
    if (def.isSequence) return isByte(def.asSequence.type) ? inHex(vecBytes) : vec(of(def.asSequence.type));
    if (def.isArray) {
      const length = def.asArray.len.toNumber();
      return isByte(def.asArray.type) ? inHex(bytes(length)) : repeated(of(def.asArray.type), length);
    }
    if (def.isTuple) return def.asTuple.length === 0 ? unit : list(def.asTuple.map((part) => of(part)));
    if (def.isCompact) return compactOf(def.asCompact.type);
    const primitive = def.isPrimitive ? primitives[def.asPrimitive.type] : undefined;
    if (primitive !== undefined) return primitive;
    // Refused when it is met, not before: types nobody stores or emits do no harm.
    const refuse = (): never => {
      throw new ScaleError('scale.value', `${name || def.type} is not a kind of type we read`);
    };
    return codec(refuse, refuse);
  };

  const variantsOf = (type: SiLookupTypeId): ReadonlyMap<number, VariantCodec> =>
    new Map(
      lookup
        .getSiType(type)
        .def.asVariant.variants.map(({ name, index, fields }) => [
          index.toNumber(),
          { name: name.toString(), index: index.toNumber(), fields: object(named(fields)) },
        ]),
    );

  return { of, variantsOf };
};
