import { fromHex } from '../../../src/domain/hex.ts';
import type { FieldShape, Type } from '../../../src/domain/serai/describe.ts';
import { t } from '../../../src/domain/serai/describe.ts';

type Json = Readonly<Record<string, unknown>>;

const camel = (name: string): string => name.replaceAll(/_[a-z]/g, (found) => found.slice(1).toUpperCase());

const fieldsFrom = (fields: readonly FieldShape[], json: unknown): unknown => {
  const [only] = fields;
  if (fields.length === 1 && only?.key === null) return fromGolden(only.type, json);
  return Object.fromEntries(
    fields.map(({ key, type }) => {
      if (key === null) throw new Error('a field without key among others');
      return [key, fromGolden(type, (json as Json)[key] ?? (json as Json)[camel(key)] ?? null)];
    }),
  );
};

/** A value of a type as the recorded JSON files write it: u64 as decimal strings, bytes as hex, enums as name or `{name: value}`. */
export const fromGolden = (type: Type<unknown>, json: unknown): unknown => {
  const { shape } = type;
  switch (shape.kind) {
    case 'primitive':
      return shape.name === 'U64' || shape.name === 'U128' ? BigInt(json as string) : json;
    case 'compact':
      return fromGolden(shape.of, json);
    case 'sequence':
    case 'array':
      if (typeof json === 'string') return fromHex(json);
      return (json as unknown[]).map((item) => fromGolden(shape.of, item));
    case 'tuple':
      return shape.of.length === 0 ? null : shape.of.map((item, index) => fromGolden(item, (json as unknown[])[index]));
    case 'composite':
      return fieldsFrom(shape.fields, json);
    case 'variant': {
      if (shape.path.includes('::networks::')) return json;
      if (shape.path === 'Option') return json === null ? null : fromGolden(shape.parameters[0]?.type ?? t.unit, json);
      if (typeof json === 'string') return shape.variants.every(({ fields }) => fields.length === 0) ? json : { tag: json };
      const [[tag, content]] = Object.entries(json as Json) as [[string, unknown]];
      const fields = shape.variants.find(({ name }) => name === tag)?.fields ?? [];
      const list = fields.length === 1 ? [content] : (content as unknown[]);
      return { tag, ...Object.fromEntries(fields.map(({ key, type: of }, index) => [key, fromGolden(of, list[index])])) };
    }
  }
};

/** The fields of a variant of a pallet, in an enum over pallets, as the recorded files write them. */
export const variantFromGolden = (outer: Type<unknown>, pallet: string, variant: string, json: unknown): Record<string, unknown> => {
  const part = outer.shape.kind === 'variant' ? outer.shape.variants.find(({ name }) => name === pallet)?.fields[0]?.type.shape : undefined;
  const fields = part?.kind === 'variant' ? part.variants.find(({ name }) => name === variant)?.fields : undefined;
  if (fields === undefined) throw new Error(`${pallet}.${variant} is not declared`);
  return fieldsFrom(fields, json) as Record<string, unknown>;
};
