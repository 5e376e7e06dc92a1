import type { TypeRegistry as Registry } from '@polkadot/types';
import type { PortableType } from '@polkadot/types/interfaces';
import type { Hex } from '../../domain/hex.ts';
import { coinBytes, networkBytes } from '../../domain/serai/networks.ts';
import { Metadata, TypeRegistry } from './polkadot.ts';

const withoutSerai = (bytes: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(bytes).filter(([name]) => name !== 'Serai'));

const flatTypes: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'serai_primitives::networks::NetworkId': networkBytes,
  'serai_primitives::networks::ExternalNetworkId': withoutSerai(networkBytes),
  'serai_primitives::networks::Coin': coinBytes,
  'serai_primitives::networks::ExternalCoin': withoutSerai(coinBytes),
};

const pathOf = ({ type }: PortableType): string => type.path.map((segment) => segment.toString()).join('::');

const flatten = (registry: Registry, portable: PortableType, bytes: Readonly<Record<string, number>>): void => {
  const variants = Object.entries(bytes).map(([name, index]) => ({ name, fields: [], index, docs: [] }));
  portable.set(
    'type',
    registry.createType<PortableType>('PortableTypeV14', {
      id: 0,
      type: { path: portable.type.path, params: [], def: { Variant: { variants } }, docs: [] },
    }).type,
  );
};

/**
 * Serai's metadata with the four network and coin types as they stand on the wire: one flat byte each (serai.md §b.11).
 * The chain's own metadata describes them as derived enums, so that a generic decoder reads a Bitcoin key as an Ethereum one.
 * In an older profile (nothing nested in these types) it is left as it is. Takes and gives the bytes with the `meta` magic.
 */
export const patchMetadata = (metadata: Uint8Array | Hex): Hex => {
  const registry = new TypeRegistry();
  const decoded = new Metadata(registry, metadata);
  const { types } = decoded.version === 14 ? decoded.asV14.lookup : decoded.version === 15 ? decoded.asV15.lookup : decoded.asV16.lookup;
  const wrong = types.filter((portable) => pathOf(portable) in flatTypes);
  const isNested = wrong.some(({ type }) => type.def.isVariant && type.def.asVariant.variants.some(({ fields }) => fields.length > 0));
  if (isNested) for (const portable of wrong) flatten(registry, portable, flatTypes[pathOf(portable)] ?? {});
  return decoded.toHex();
};
