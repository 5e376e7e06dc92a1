import { Metadata, TypeRegistry } from '@polkadot/types';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/domain/hex.ts';
import { encodeMetadata } from '../../../src/domain/serai/metadata.ts';
import { goldenPresent, goldenText } from '../../support/golden.ts';
import { tables } from './tables.ts';

describe.each([14, 15] as const)('metadata v%i', (version) => {
  const ours = tables(toHex(encodeMetadata(version)));

  it('loads in @polkadot/types', () => {
    const registry = new TypeRegistry();
    registry.setMetadata(new Metadata(registry, toHex(encodeMetadata(version))));
    expect(registry.metadata.pallets.length).toBe(14);
  });

  describe.skipIf(!goldenPresent)('beside that of the real runtime', () => {
    const theirs = goldenPresent ? tables(goldenText(`metadata_v${String(version)}.hex`)) : ours;

    it('has the same pallets', () => {
      expect(Object.keys(ours.pallets)).toEqual(Object.keys(theirs.pallets));
    });

    it.each(Object.keys(ours.pallets))('declares %s as it is', (name) => {
      expect(ours.pallets[name]).toEqual(theirs.pallets[name]);
    });

    it('describes extrinsics as they are', () => {
      expect({ ...ours, pallets: {}, apis: {} }).toEqual({ ...theirs, pallets: {}, apis: {} });
    });

    it.each(Object.keys(ours.apis))('declares the interface %s as it is', (name) => {
      expect(ours.apis[name]).toEqual(theirs.apis[name]);
    });
  });
});
