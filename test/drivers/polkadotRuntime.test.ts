import { describe, expect, it } from 'vitest';
import type { Hex } from '../../src/domain/hex.ts';
import { patchMetadata } from '../../src/drivers/polkadot/patchMetadata.ts';
import { openRuntime } from '../../src/drivers/polkadot/runtime.ts';
import { golden, goldenPresent, goldenText } from '../support/golden.ts';

interface GoldenEvent {
  readonly pallet: string;
  readonly variant: string;
  readonly fields: Record<string, unknown>;
  readonly phase: 'Initialization' | 'Finalization' | { readonly ApplyExtrinsic: number };
  readonly storage_hex: Hex;
}
interface GoldenEvents {
  readonly events: readonly GoldenEvent[];
  readonly groups: Readonly<Record<string, { readonly storage_hex: Hex; readonly events: readonly number[] }>>;
  readonly all: { readonly storage_hex: Hex };
  readonly empty: { readonly storage_hex: Hex };
}

/** The recorder names what the metadata leaves unnamed or writes in snake_case. */
const asInMetadata = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asInMetadata);
  if (typeof value !== 'object' || value === null) return value;
  const renamed: Record<string, string> = {
    ristretto: '0',
    external: '1',
    refTime: 'ref_time',
    proofSize: 'proof_size',
    paysFee: 'pays_fee',
  };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [renamed[key] ?? key, asInMetadata(inner)]));
};

describe.skipIf(!goldenPresent).each(['14', '15'])('the runtime of metadata v%s', (version) => {
  const { events, groups, all, empty } = golden('events.json') as GoldenEvents;
  const original = goldenText(`metadata_v${version}.hex`) as Hex;
  const runtime = openRuntime(patchMetadata(original), 'serai-1');

  it('decodes each of the 78 events as recorded', () => {
    expect(events).toHaveLength(78);
    for (const { pallet, variant, fields, phase, storage_hex } of events) {
      const expectedPhase = typeof phase === 'string' ? phase : phase.ApplyExtrinsic;
      expect(runtime.events(storage_hex)).toEqual([
        { index: 0, phase: expectedPhase, pallet, name: variant, fields: asInMetadata(fields) },
      ]);
    }
  });

  it('decodes them in groups, all at once, and none', () => {
    for (const group of Object.values(groups)) {
      expect(runtime.events(group.storage_hex).map(({ name }) => name)).toEqual(group.events.map((index) => events[index]?.variant));
    }
    expect(runtime.events(all.storage_hex)).toHaveLength(78);
    expect(runtime.events(empty.storage_hex)).toEqual([]);
    expect(runtime.events(null)).toEqual([]);
  });

  it('refuses bytes that end early or go on, with the bytes', () => {
    for (const { storage_hex } of events) {
      for (const raw of [`${storage_hex}00`, storage_hex.slice(0, -2)] as Hex[]) {
        expect(() => runtime.events(raw)).toThrow(expect.objectContaining({ code: 'chain.undecodable', raw }) as Error);
      }
    }
  });

  it('is patched once: patching again changes nothing', () => {
    const patched = patchMetadata(original);
    expect(patched).not.toBe(original);
    expect(patchMetadata(patched)).toBe(patched);
  });
});
