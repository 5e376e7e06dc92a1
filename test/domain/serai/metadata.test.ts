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

    it.each(Object.keys(theirs.pallets))('declares %s whole and as it is', (name) => {
      expect(ours.pallets[name]).toEqual(theirs.pallets[name]);
    });

    it('has the same pallets and interfaces in the same order', () => {
      expect(Object.keys(ours.pallets)).toEqual(Object.keys(theirs.pallets));
      expect(Object.keys(ours.apis)).toEqual(Object.keys(theirs.apis));
    });

    it('describes extrinsics and the enums over all pallets as they are', () => {
      expect({ ...ours, pallets: {}, apis: {} }).toEqual({ ...theirs, pallets: {}, apis: {} });
    });

    it.each(Object.keys(theirs.apis))('declares the interface %s whole and as it is', (name) => {
      expect(ours.apis[name]).toEqual(theirs.apis[name]);
    });
  });
});
