import { mapped } from '../scale.ts';
import type { Field, Type } from './describe.ts';
import { t, unnamed } from './describe.ts';

/** A variant of a pallet's event or call enum: pallet, variant, fields. */
export interface Named {
  readonly pallet: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a pallet puts into an enum over all pallets, and its index there. */
export interface Part {
  readonly index: number;
  readonly part: Field<unknown> | null;
}

interface Tagged {
  readonly tag: string;
  readonly part: Readonly<Record<string, unknown>>;
}

/** An enum over pallets: pallet index, variant index, fields. Pallets without a part have no variant. */
export const outer = (path: string, parts: Readonly<Record<string, Part>>): Type<Named> => {
  const variants = Object.entries(parts).flatMap(([pallet, { index, part }]) =>
    part === null ? [] : [[pallet, { index, fields: { part: unnamed(part.type, part.typeName) } }] as const],
  );
  const inner = t.variant(path, Object.fromEntries(variants)) as Type<Tagged>;
  return t.describedAs(
    mapped(
      inner,
      ({ tag: pallet, part: { tag, ...fields } }): Named => ({ pallet, name: String(tag), fields }),
      ({ pallet, name, fields }) => ({ tag: pallet, part: { ...fields, tag: name } }),
    ),
    inner,
  );
};
