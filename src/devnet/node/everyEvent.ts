import type { FieldShape, Type } from '../../domain/serai/describe.ts';
import type { EventRecord } from '../../domain/serai/events.ts';
import { pallets } from '../../domain/serai/pallets.ts';

/** A network nothing happens on in the simulation, so nobody acts on what is made up. */
const UNUSED = 'Monero';

const INTEGERS: Readonly<Record<string, unknown>> = { U8: 1, U16: 1, U32: 1, U64: 1n, U128: 1n, Bool: false, Str: '' };

const exampleOfFields = (fields: readonly FieldShape[]): unknown => {
  const [only] = fields;
  if (only?.key === null) return exampleOf(only.type);
  return Object.fromEntries(fields.map(({ key, type }) => [key ?? '', exampleOf(type)]));
};

/** The least value of a declared type; of a network or coin, the unused one. */
const exampleOf = ({ shape }: Type<unknown>): unknown => {
  switch (shape.kind) {
    case 'primitive':
      return INTEGERS[shape.name];
    case 'compact':
      return exampleOf(shape.of);
    case 'sequence':
      return shape.of.shape.kind === 'primitive' ? new Uint8Array(0) : [];
    case 'array':
      return new Uint8Array(shape.length);
    case 'tuple':
      return shape.of.length === 0 ? null : shape.of.map(exampleOf);
    case 'composite':
      return exampleOfFields(shape.fields);
    case 'variant': {
      if (shape.path === 'Option') return null;
      // Networks and coins are described otherwise than they are: as enums in enums.
      if (shape.path.startsWith('serai_primitives::networks::')) return UNUSED;
      const [variant] = shape.variants;
      if (shape.variants.every(({ fields }) => fields.length === 0)) return variant?.name;
      return { tag: variant?.name, ...(exampleOfFields(variant?.fields ?? []) as Record<string, unknown>) };
    }
  }
};

/** One event of every kind the runtime declares, made up: for a block that holds everything an observer may have to tell. */
export const everyEvent = (): EventRecord[] =>
  Object.entries(pallets).flatMap(([pallet, { events }]) => {
    const shape = events?.type.shape;
    if (shape?.kind !== 'variant') return [];
    return shape.variants.map(({ name, fields }) => ({
      phase: { tag: 'Finalization' } as const,
      pallet,
      name,
      fields: exampleOfFields(fields) as Record<string, unknown>,
      topics: [],
    }));
  });
