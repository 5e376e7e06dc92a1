import type { Value } from '../scale.ts';
import { compactU32, enumOf, option, struct, text, u8, u32, vec } from '../scale.ts';
import type { FieldShape, Shape, Type } from './describe.ts';
import { primitives } from './describe.ts';

const docs = vec(text);

const fields = vec(struct({ name: option(text), type: compactU32, typeName: option(text), docs }));

const definition = enumOf({
  composite: { index: 0, fields: { fields } },
  variant: { index: 1, fields: { variants: vec(struct({ name: text, fields, index: u8, docs })) } },
  sequence: { index: 2, fields: { type: compactU32 } },
  array: { index: 3, fields: { length: u32, type: compactU32 } },
  tuple: { index: 4, fields: { types: vec(compactU32) } },
  primitive: { index: 5, fields: { primitive: u8 } },
  compact: { index: 6, fields: { type: compactU32 } },
});

const entry = struct({
  id: compactU32,
  path: vec(text),
  parameters: vec(struct({ name: text, type: option(compactU32) })),
  definition,
  docs,
});

/** A portable type registry as metadata carries it: each type's id, path, generic parameters, definition; no documentation. */
export const typeRegistry = vec(entry);

type Entry = Value<typeof entry>;

/** Numbers types as they are asked for; equal descriptions are one type. */
export interface TypeTable {
  idOf(type: Type<unknown>): number;
  entries(): readonly Entry[];
}

const describe = (shape: Shape, idOf: (type: Type<unknown>) => number): Omit<Entry, 'id' | 'docs'> => {
  const fieldsOf = (list: readonly FieldShape[]) =>
    list.map(({ name, type, typeName }) => ({ name, type: idOf(type), typeName, docs: [] }));
  const bare = { path: [], parameters: [] };
  switch (shape.kind) {
    case 'primitive':
      return { ...bare, definition: { tag: 'primitive', primitive: primitives[shape.name] } };
    case 'compact':
    case 'sequence':
      return { ...bare, definition: { tag: shape.kind, type: idOf(shape.of) } };
    case 'array':
      return { ...bare, definition: { tag: 'array', length: shape.length, type: idOf(shape.of) } };
    case 'tuple':
      return { ...bare, definition: { tag: 'tuple', types: shape.of.map(idOf) } };
    case 'composite':
    case 'variant': {
      const path = shape.path.split('::');
      const parameters = shape.parameters.map(({ name, type }) => ({ name, type: type === null ? null : idOf(type) }));
      if (shape.kind === 'composite') return { path, parameters, definition: { tag: 'composite', fields: fieldsOf(shape.fields) } };
      const variants = shape.variants.map(({ name, index, fields: list }) => ({ name, fields: fieldsOf(list), index, docs: [] }));
      return { path, parameters, definition: { tag: 'variant', variants } };
    }
  }
};

/** An empty table; a type's parts get their numbers before it. */
export const typeTable = (): TypeTable => {
  const byShape = new Map<Shape, number>();
  const byDescription = new Map<string, number>();
  const entries: Entry[] = [];

  const idOf = ({ shape }: Type<unknown>): number => {
    const known = byShape.get(shape);
    if (known !== undefined) return known;
    const description = describe(shape, idOf);
    const text = JSON.stringify(description);
    const id = byDescription.get(text) ?? entries.push({ ...description, id: entries.length, docs: [] }) - 1;
    byShape.set(shape, id);
    byDescription.set(text, id);
    return id;
  };

  return { idOf, entries: () => entries };
};
