import type { PortableRegistry } from '@polkadot/types';
import type { Si1Field, SiField, SiLookupTypeId } from '@polkadot/types/interfaces';
import type { Codec } from '@polkadot/types-codec/types';
import { toHex } from '../../domain/hex.ts';

type Field = Si1Field | SiField;

// What is needed of @polkadot/types' classes: which one a value is of follows from its type's definition in the metadata.
interface Integer {
  readonly bitLength: () => number;
  readonly toNumber: () => number;
  readonly toString: () => string;
}
interface Optional {
  readonly isNone: boolean;
  readonly unwrap: () => Codec;
}
interface Chosen {
  readonly index: number;
  readonly inner: Codec;
}

const partsOf = (value: Codec): Codec[] => [...(value as unknown as { readonly values: () => Iterable<Codec> }).values()];

const nameOf = ({ name }: Field): string | undefined => (name.isSome ? name.unwrap().toString() : undefined);

const integer = (value: Integer): number | string => (value.bitLength() <= 32 ? value.toNumber() : value.toString());

/** Fields of a struct, variant or event as an object: named as in the metadata, unnamed ones by their index. */
export const plainFields = (lookup: PortableRegistry, fields: readonly Field[], values: readonly Codec[]): Record<string, unknown> =>
  Object.fromEntries(
    fields.map((field, index) => {
      const value = values[index];
      if (value === undefined) throw new Error(`field ${String(index)} of ${String(fields.length)} is missing`);
      return [nameOf(field) ?? String(index), plainValue(lookup, field.type, value)];
    }),
  );

const isNewtype = (fields: readonly Field[]): boolean => fields.length === 1 && fields[0]?.name.isNone === true;

const plainVariant = (lookup: PortableRegistry, id: SiLookupTypeId, value: Codec): unknown => {
  const { def, params, path } = lookup.getSiType(id);
  if (path.length === 1 && path[0]?.toString() === 'Option') {
    const option = value as Codec & Optional;
    const inner = params[0]?.type.unwrap();
    return option.isNone || inner === undefined ? null : plainValue(lookup, inner, option.unwrap());
  }
  const chosen = value as Codec & Chosen;
  const variant = def.asVariant.variants.find(({ index }) => index.toNumber() === chosen.index);
  if (variant === undefined) throw new Error(`${path.join('::')} has no variant ${String(chosen.index)}`);
  const name = variant.name.toString();
  const [first] = variant.fields;
  if (first === undefined) return name;
  if (isNewtype(variant.fields)) return { [name]: plainValue(lookup, first.type, chosen.inner) };
  return { [name]: plainFields(lookup, variant.fields, partsOf(chosen.inner)) };
};

/**
 * A decoded value as plain JSON: integers to 32 bits as numbers, wider ones as decimal strings, bytes as hex, `null` for none,
 * variants as their name or `{ name: fields }`; names are the metadata's, not @polkadot's camelCase ones.
 */
export const plainValue = (lookup: PortableRegistry, id: SiLookupTypeId, value: Codec): unknown => {
  if (value instanceof Uint8Array) return toHex(value);
  const { def } = lookup.getSiType(id);
  if (def.isComposite) {
    const { fields } = def.asComposite;
    const [first] = fields;
    if (first !== undefined && isNewtype(fields)) return plainValue(lookup, first.type, value);
    return plainFields(lookup, fields, partsOf(value));
  }
  if (def.isVariant) return plainVariant(lookup, id, value);
  if (def.isSequence) return partsOf(value).map((item) => plainValue(lookup, def.asSequence.type, item));
  if (def.isArray) return partsOf(value).map((item) => plainValue(lookup, def.asArray.type, item));
  if (def.isTuple) {
    const parts = partsOf(value);
    return def.asTuple.map((part, index) => {
      const item = parts[index];
      if (item === undefined) throw new Error(`part ${String(index)} of a tuple is missing`);
      return plainValue(lookup, part, item);
    });
  }
  if (def.isCompact) return integer((value as Codec & { readonly unwrap: () => Integer }).unwrap());
  if (def.isPrimitive) {
    if (def.asPrimitive.isBool) return value.toPrimitive();
    if (def.asPrimitive.isStr || def.asPrimitive.isChar) return value.toString();
    return integer(value as Codec & Integer);
  }
  throw new Error(`${def.type} is not a kind of type events have`);
};
