import { beforeAll, describe, expect, it } from 'vitest';
import type { Hex } from '../../src/domain/hex.ts';
import { patchMetadata } from '../../src/drivers/polkadot/patchMetadata.ts';
import { openRuntime, type Runtime } from '../../src/drivers/polkadot/runtime.ts';
import { golden, goldenPresent, goldenText } from '../support/golden.ts';

interface GoldenEvent {
  readonly pallet: string;
  readonly variant: string;
  readonly fields: Record<string, unknown>;
  readonly phase: 'Initialization' | 'Finalization' | { readonly ApplyExtrinsic: number };
  readonly topics: readonly Hex[];
  readonly pallet_index: number;
  readonly variant_index: number;
  readonly event_hex: Hex;
  readonly record_hex: Hex;
  readonly storage_hex: Hex;
}
interface GoldenCall {
  readonly pallet: string;
  readonly call: string;
  readonly fields: Record<string, unknown>;
  readonly abi_call_hex: Hex;
  readonly abi_pallet_index: number;
  readonly abi_call_index: number;
  readonly unsigned_extrinsic_hex: Hex;
  readonly signed: { readonly signer: Hex; readonly nonce: number; readonly tip: string; readonly extrinsic_hex: Hex } | null;
}
interface GoldenEvents {
  readonly events: readonly GoldenEvent[];
  readonly groups: Readonly<Record<string, { readonly storage_hex: Hex; readonly events: readonly number[] }>>;
  readonly all: { readonly storage_hex: Hex };
  readonly empty: { readonly storage_hex: Hex };
}

describe.skipIf(!goldenPresent).each(['14', '15'])('the runtime of metadata v%s', (version) => {
  let recorded: GoldenEvents;
  let original: Hex;
  let runtime: Runtime;
  beforeAll(() => {
    recorded = golden('events.json') as GoldenEvents;
    original = goldenText(`metadata_v${version}.hex`) as Hex;
    runtime = openRuntime(patchMetadata(original), 'serai-1');
  });

  it('decodes each of the 78 events as recorded, and encodes it back', () => {
    expect(recorded.events).toHaveLength(78);
    for (const { phase, storage_hex, ...one } of recorded.events) {
      const decoded = runtime.events(storage_hex);
      expect(decoded).toEqual([
        {
          index: 0,
          phase: typeof phase === 'string' ? phase : phase.ApplyExtrinsic,
          pallet: one.pallet,
          name: one.variant,
          fields: one.fields,
          palletIndex: one.pallet_index,
          variantIndex: one.variant_index,
          topics: one.topics,
          event: one.event_hex,
          record: one.record_hex,
        },
      ]);
      expect(runtime.encodeEvents(decoded)).toBe(storage_hex);
    }
  });

  it('decodes them in groups, all at once, and none', () => {
    const { events, groups, all, empty } = recorded;
    for (const group of Object.values(groups)) {
      expect(runtime.events(group.storage_hex).map(({ name }) => name)).toEqual(group.events.map((index) => events[index]?.variant));
    }
    expect(runtime.events(all.storage_hex)).toHaveLength(78);
    expect(runtime.encodeEvents(runtime.events(all.storage_hex))).toBe(all.storage_hex);
    expect(runtime.events(empty.storage_hex)).toEqual([]);
    expect(runtime.events(null)).toEqual([]);
  });

  it('decodes each of the 30 calls as recorded, unsigned and signed', () => {
    const { calls } = golden('calls.json') as { readonly calls: readonly GoldenCall[] };
    expect(calls).toHaveLength(30);
    for (const { signed, ...one } of calls) {
      const call = {
        pallet: one.pallet,
        call: one.call,
        fields: one.fields,
        palletIndex: one.abi_pallet_index,
        callIndex: one.abi_call_index,
        abi: one.abi_call_hex,
      };
      expect(runtime.extrinsic(one.unsigned_extrinsic_hex)).toEqual({ ...call, signed: null });
      if (signed === null) continue;
      const { signer, nonce, tip, extrinsic_hex } = signed;
      expect(runtime.extrinsic(extrinsic_hex)).toMatchObject({
        ...call,
        signed: { signer, nonce, tip: BigInt(tip), era: { tag: 'Immortal' } },
      });
    }
  });

  it('refuses extrinsics that end early, go on, or are of no call', () => {
    for (const raw of ['0x00000b0068e5cf8b01', '0x00000b0068e5cf8b010000', '0x63000b0068e5cf8b0100', '0x'] as Hex[])
      expect(() => runtime.extrinsic(raw)).toThrow(expect.objectContaining({ code: 'chain.undecodable', raw }) as Error);
  });

  it('reads the extrinsics of recorded blocks', () => {
    const { blocks } = golden('node/blocks.json') as { readonly blocks: readonly { readonly blockBin: Hex }[] };
    expect(blocks.slice(1).map(({ blockBin }) => runtime.extrinsicsOf(blockBin).map(({ pallet, call }) => `${pallet}.${call}`))).toEqual(
      blocks.slice(1).map(() => ['Timestamp.set']),
    );
  });

  it('is told to be of the profile serai-dev', () => {
    expect(runtime.profile).toBe('serai-dev');
  });

  it('refuses bytes that end early or go on, with the bytes', () => {
    for (const { storage_hex } of recorded.events) {
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
