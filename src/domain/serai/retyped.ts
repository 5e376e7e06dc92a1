import type { FieldShape, FieldTable, Parameter, Type } from './describe.ts';
import { t } from './describe.ts';

/** Types by the path metadata has for them. */
export type Replacements = Readonly<Record<string, Type<unknown>>>;

/** Turns a type into the same one with some of the types in it replaced, wherever they stand. */
export const retyped = (replacements: Replacements): ((type: Type<unknown>) => Type<unknown>) => {
  const made = new Map<Type<unknown>, Type<unknown>>();

  const of = (type: Type<unknown>): Type<unknown> => {
    const known = made.get(type);
    if (known !== undefined) return known;
    const result = ('path' in type.shape ? replacements[type.shape.path] : undefined) ?? rebuilt(type);
    made.set(type, result);
    return result;
  };

  const parametersOf = (parameters: readonly Parameter[]): Parameter[] =>
    parameters.map(({ name, type }) => ({ name, type: type === null ? null : of(type) }));

  const tableOf = (fields: readonly FieldShape[]): FieldTable =>
    Object.fromEntries(fields.map(({ key, name, type, typeName }) => [key ?? 'value', { type: of(type), typeName, named: name !== null }]));

  const isSame = (fields: readonly FieldShape[]): boolean => fields.every(({ type }) => of(type) === type);

  /** Made anew only where something in it is another type: what stays keeps its own codec. */
  const rebuilt = (type: Type<unknown>): Type<unknown> => {
    const { shape } = type;
    switch (shape.kind) {
      case 'primitive':
      case 'compact':
        return type;
      case 'sequence':
        return of(shape.of) === shape.of ? type : t.sequence(of(shape.of));
      case 'array':
        if (of(shape.of) !== shape.of) throw new Error('an array of a replaced type is not foreseen');
        return type;
      case 'tuple':
        return shape.of.every((part) => of(part) === part) ? type : t.tuple(...shape.of.map(of));
      case 'composite': {
        const [only] = shape.fields;
        if (isSame(shape.fields)) return type;
        if (only?.key === null) return t.newtype(shape.path, of(only.type), only.typeName, parametersOf(shape.parameters));
        return t.struct(shape.path, tableOf(shape.fields), parametersOf(shape.parameters));
      }
      case 'variant': {
        if (shape.variants.every(({ fields }) => isSame(fields))) return type;
        if (shape.path === 'Option') return t.option(of(shape.parameters[0]?.type ?? t.unit));
        const variants = shape.variants.map(({ name, index, fields }) => [name, { index, fields: tableOf(fields) }] as const);
        return t.variant(shape.path, Object.fromEntries(variants), parametersOf(shape.parameters));
      }
    }
  };

  return of;
};
