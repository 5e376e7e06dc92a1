import fc from 'fast-check';
import type { FieldShape, Type } from '../../../src/domain/serai/describe.ts';
import { t } from '../../../src/domain/serai/describe.ts';
import { coinBytes, networkBytes } from '../../../src/domain/serai/networks.ts';
import { digestItem } from '../../../src/domain/serai/substrate.ts';

const external = (bytes: Readonly<Record<string, number>>) => fc.constantFrom(...Object.keys(bytes).filter((name) => name !== 'Serai'));

const power = fc.integer({ min: 2, max: 16 });

const byPath: Readonly<Record<string, () => fc.Arbitrary<unknown>>> = {
  'serai_primitives::networks::NetworkId': () => fc.constantFrom(...Object.keys(networkBytes)),
  'serai_primitives::networks::ExternalNetworkId': () => external(networkBytes),
  'serai_primitives::networks::Coin': () => fc.constantFrom(...Object.keys(coinBytes)),
  'serai_primitives::networks::ExternalCoin': () => external(coinBytes),
  'sp_runtime::generic::era::Era': () =>
    fc.oneof(
      fc.constant({ tag: 'Immortal' }),
      fc.tuple(power, fc.nat()).map(([exponent, place]) => {
        const period = 2 ** exponent;
        const step = Math.max(period / 4096, 1);
        return { tag: 'Mortal', period, phase: (place % (period / step)) * step };
      }),
    ),
  'sp_runtime::generic::digest::DigestItem': () => byShape(digestItem).map((item) => digestItem.encode(item as never)),
};

const integers: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  U8: fc.integer({ min: 0, max: 0xff }),
  U16: fc.integer({ min: 0, max: 0xffff }),
  U32: fc.integer({ min: 0, max: 0xffff_ffff }),
  U64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  U128: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  Bool: fc.boolean(),
  Str: fc.string(),
};

const isByte = ({ shape }: Type<unknown>): boolean => shape.kind === 'primitive' && shape.name === 'U8';

const fieldsOf = (fields: readonly FieldShape[]): fc.Arbitrary<unknown> => {
  const [only] = fields;
  if (fields.length === 1 && only?.key === null) return arbitraryOf(only.type);
  return fc.record(Object.fromEntries(fields.map(({ key, type }) => [key ?? '', arbitraryOf(type)])), { noNullPrototype: true });
};

const byShape = (type: Type<unknown>): fc.Arbitrary<unknown> => {
  const { shape } = type;
  switch (shape.kind) {
    case 'primitive':
      return integers[shape.name] ?? fc.constant(null);
    case 'compact':
      return byShape(shape.of);
    case 'sequence':
      return isByte(shape.of) ? fc.uint8Array() : fc.array(arbitraryOf(shape.of), { maxLength: 3 });
    case 'array':
      return fc.uint8Array({ minLength: shape.length, maxLength: shape.length });
    case 'tuple':
      return shape.of.length === 0 ? fc.constant(null) : fc.tuple(...shape.of.map(arbitraryOf));
    case 'composite':
      return fieldsOf(shape.fields);
    case 'variant': {
      if (shape.path === 'Option') return fc.option(arbitraryOf(shape.parameters[0]?.type ?? t.unit));
      const isPlain = shape.variants.every(({ fields }) => fields.length === 0) && shape.variants.length > 0;
      if (isPlain) return fc.constantFrom(...shape.variants.map(({ name }) => name));
      return fc.oneof(
        ...shape.variants.map(({ name, fields }) =>
          fieldsOf(fields).map((values) => ({ tag: name, ...(values as Record<string, unknown>) })),
        ),
      );
    }
  }
};

/** Values of a declared type, made from its description. */
export const arbitraryOf = (type: Type<unknown>): fc.Arbitrary<unknown> =>
  (type.shape.kind === 'variant' ? byPath[type.shape.path]?.() : undefined) ?? byShape(type);
