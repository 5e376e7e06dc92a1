import { expandMetadata, Metadata, TypeRegistry } from '@polkadot/types';
import { u8aToHex } from '@polkadot/util';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/domain/hex.ts';
import { eventRecords } from '../../../src/domain/serai/events.ts';
import { decodeExtrinsic, extrinsic } from '../../../src/domain/serai/extrinsic.ts';
import { encodeMetadata } from '../../../src/domain/serai/metadata.ts';
import { pallets } from '../../../src/domain/serai/pallets.ts';
import { storageKey } from '../../../src/domain/serai/storageKey.ts';
import { patchMetadata } from '../../../src/drivers/polkadot/patchMetadata.ts';
import { golden, goldenPresent } from '../../support/golden.ts';

const load = (version: 14 | 15) => {
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, patchMetadata(encodeMetadata(version)));
  registry.setMetadata(metadata);
  return { registry, metadata };
};

const idOf = (registry: TypeRegistry, path: string): number =>
  registry.lookup.types.find(({ type }) => type.path.map(String).join('::') === path)?.id.toNumber() ?? -1;

describe.each([14, 15] as const)('@polkadot/types with our metadata v%i, patched', (version) => {
  const { registry, metadata } = load(version);

  it('decorates every declared storage item, event, error and constant', () => {
    const { consts, errors, events, query } = expandMetadata(registry, metadata);
    for (const [name, pallet] of Object.entries(pallets)) {
      const key = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
      const items = Object.values(query[key] ?? {}).map(({ meta }) => meta.name.toString());
      expect(items).toEqual(expect.arrayContaining(Object.keys(pallet.storage)));
      expect(Object.keys(consts[key] ?? {}).length).toBe(Object.keys(pallet.constants).length);
      expect(Object.keys(events[key] ?? {}).length > 0).toBe(pallet.events !== null && name !== 'Emissions');
      expect(errors[key] !== undefined).toBe(pallet.errors !== null);
    }
  });

  it('computes the storage keys we compute', () => {
    const { query } = expandMetadata(registry, metadata);
    const key = query['validatorSets']?.['keys'];
    if (key === undefined) throw new Error('ValidatorSets.Keys is missing');
    const theirs = registry.createType('StorageKey', [key, [{ session: 300, network: 'Monero' }]]).toHex();
    expect(theirs).toBe(toHex(storageKey('ValidatorSets', 'Keys', { session: 300, network: 'Monero' })));
  });

  it.skipIf(!goldenPresent)('decodes and re-encodes the events of the real runtime', () => {
    const { events } = golden('events.json') as { events: readonly { readonly storage_hex: string }[] };
    const type = `Vec<Lookup${String(idOf(registry, 'frame_system::EventRecord'))}>`;
    for (const { storage_hex } of events) {
      expect(u8aToHex(registry.createType(type, fromHex(storage_hex)).toU8a())).toBe(storage_hex);
      expect(toHex(eventRecords.encode(eventRecords.decode(fromHex(storage_hex))))).toBe(storage_hex);
    }
  });

  it.skipIf(!goldenPresent)('decodes and re-encodes the calls of the real runtime', () => {
    const { calls } = golden('calls.json') as {
      calls: readonly { readonly abi_call_hex: string; readonly unsigned_extrinsic_hex: string }[];
    };
    const type = `Lookup${String(idOf(registry, 'serai_abi::Call'))}`;
    for (const { abi_call_hex, unsigned_extrinsic_hex } of calls) {
      expect(u8aToHex(registry.createType(type, fromHex(abi_call_hex)).toU8a())).toBe(abi_call_hex);
      expect(toHex(extrinsic.encode(decodeExtrinsic(fromHex(unsigned_extrinsic_hex))))).toBe(unsigned_extrinsic_hex);
    }
  });
});
