import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, type Hex, toHex } from '../../../src/domain/hex.ts';
import { blockToRecords } from '../../../src/domain/observation/blockToRecords.ts';
import { type EventRecord, eventRecords } from '../../../src/domain/serai/events.ts';
import { type Layout, movedBy, seraiDev, seraiT2 } from '../../../src/domain/serai/layouts.ts';
import { encodeMetadata } from '../../../src/domain/serai/metadata.ts';
import { patchMetadata } from '../../../src/drivers/polkadot/patchMetadata.ts';
import { openRuntime } from '../../../src/drivers/polkadot/runtime.ts';
import { golden, goldenPresent } from '../../support/golden.ts';
import { arbitraryOf } from './arbitraryOf.ts';

const moved = movedBy(20);
const layouts = { 'serai-dev': seraiDev, 'serai-t2': seraiT2, moved } as const;
const all = Object.entries(layouts);

const eventHex = (layout: Layout, pallet: string, name: string, fields: Record<string, unknown>): Hex =>
  toHex(layout.event.encode({ pallet, name, fields }));

const runtimeOf = (layout: Layout, version: 14 | 15) => openRuntime(patchMetadata(toHex(encodeMetadata(version, layout))), 'serai-2');

const newSet = { set: { session: 5, network: 'Bitcoin' } };
const mint = { to: new Uint8Array(32), balance: { coin: 'Dai', amount: 1n } };
const halt = { network: 'Monero' };

describe('the byte layouts of the chain profiles', () => {
  it('agree where networks are concerned', () => {
    for (const layout of [seraiDev, seraiT2]) expect(eventHex(layout, 'ValidatorSets', 'NewSet', newSet)).toBe('0x06000500000001');
  });

  it('differ in coins and in the indices of pallets', () => {
    const account = '00'.repeat(32);
    expect(eventHex(seraiDev, 'Coins', 'Mint', mint)).toBe(`0x0300${account}060100000000000000`);
    expect(eventHex(seraiT2, 'Coins', 'Mint', mint)).toBe(`0x0300${account}030100000000000000`);
    expect(eventHex(seraiDev, 'InInstructions', 'Halt', halt)).toBe('0x0a0203');
    expect(eventHex(seraiT2, 'InInstructions', 'Halt', halt)).toBe('0x070203');
    expect(eventHex(moved, 'InInstructions', 'Halt', halt)).toBe('0x1e0203');
  });

  it('differ in what calls are numbered by', () => {
    const call = { call: { pallet: 'Timestamp', call: 'set', fields: { now: 6000n } } };
    expect(toHex(seraiDev.extrinsic.encode(call))).toBe('0x0000c15d00');
    expect(toHex(seraiT2.extrinsic.encode(call))).toBe('0x0100c15d00');
  });

  it('know of different pallets', () => {
    expect(Object.keys(seraiDev.pallets).filter((name) => !(name in seraiT2.pallets))).toEqual([
      'GenesisLiquidity',
      'Emissions',
      'EconomicSecurity',
    ]);
    expect(() => seraiT2.event.encode({ pallet: 'EconomicSecurity', name: 'EconomicSecurityReached', fields: halt })).toThrow();
  });

  it.each(all)('are told apart by their metadata: %s', (name, layout) => {
    for (const version of [14, 15] as const) expect(runtimeOf(layout, version).profile).toBe(name === 'moved' ? 'serai-dev' : name);
  });

  it('need no patch where nothing is described wrongly', () => {
    const metadata = toHex(encodeMetadata(15, seraiT2));
    expect(patchMetadata(metadata)).toBe(metadata);
  });
});

describe.each(all)('events of %s', (_name, layout) => {
  const declared = Object.entries(layout.pallets).filter(([name, { events }]) => events !== null && name !== 'Emissions');
  const runtime = runtimeOf(layout, 15);

  it.each(declared.map(([name]) => name))('of %s are read by the metadata as they were written by the table', (pallet) => {
    const event = layout.pallets[pallet]?.events;
    if (event == null) throw new Error(`${pallet} has no events`);
    fc.assert(
      fc.property(arbitraryOf(event.type), (value) => {
        const { tag, ...fields } = value as { tag: string };
        const name = typeof value === 'string' ? value : tag;
        const record: EventRecord = {
          phase: { tag: 'Finalization' },
          pallet,
          name,
          fields: typeof value === 'string' ? {} : fields,
          topics: [],
        };
        const bytes = layout.eventRecords.encode([record]);
        expect(layout.eventRecords.decode(bytes)).toEqual([record]);
        const [read] = runtime.events(toHex(bytes));
        expect(read).toMatchObject({ pallet, name, phase: 'Finalization' });
        expect(runtime.encodeEvents(read === undefined ? [] : [read])).toBe(toHex(bytes));
      }),
      { numRuns: 20 },
    );
  });

  it.skipIf(!goldenPresent)('say what those of the real runtime say, whatever the layout', () => {
    const { events } = golden('events.json') as {
      events: readonly { readonly pallet: string; readonly variant: string; readonly fields: unknown; readonly storage_hex: string }[];
    };
    const known = events.filter(({ pallet }) => pallet in layout.pallets);
    const records = known.flatMap(({ storage_hex }) => eventRecords.decode(fromHex(storage_hex)));
    const read = runtime.events(toHex(layout.eventRecords.encode(records)));
    expect(read.map(({ pallet, name, fields }) => ({ pallet, name, fields }))).toEqual(
      known.map(({ pallet, variant, fields }) => ({ pallet, name: variant, fields })),
    );
    const hash: Hex = `0x${'01'.repeat(32)}`;
    const block = {
      number: 1,
      hash,
      parentHash: hash,
      stateRoot: hash,
      extrinsicsRoot: hash,
      time: 0,
      events: read,
      state: [],
      batches: [],
    };
    expect(blockToRecords(block).records).toHaveLength(known.length + 1);
  });

  it('are misread, or not read at all, by another runtime', () => {
    const bytes = toHex(
      layout.eventRecords.encode([{ phase: { tag: 'Finalization' }, pallet: 'InInstructions', name: 'Halt', fields: halt, topics: [] }]),
    );
    for (const [, other] of all) {
      if (other === layout) continue;
      expect(() => runtimeOf(other, 15).events(bytes)).toThrow(expect.objectContaining({ code: 'chain.undecodable', raw: bytes }) as Error);
    }
  });
});

describe.each(all)('extrinsics of %s', (_name, layout) => {
  const runtime = runtimeOf(layout, 15);
  const callable = Object.entries(layout.pallets).filter(([, { calls }]) => calls !== null);

  it.each(callable.map(([name]) => name))('of %s are read by the metadata as they were written by the table', (pallet) => {
    const calls = layout.pallets[pallet]?.calls;
    if (calls == null) throw new Error(`${pallet} has no calls`);
    fc.assert(
      fc.property(arbitraryOf(calls.abi.type), (value) => {
        const { tag, ...fields } = value as { tag: string };
        const bytes = layout.extrinsic.encode({ call: { pallet, call: tag, fields } });
        expect(layout.extrinsic.decode(bytes)).toEqual({ call: { pallet, call: tag, fields } });
        expect(runtime.extrinsic(toHex(bytes))).toMatchObject({ pallet, call: tag, signed: null });
      }),
      { numRuns: 20 },
    );
  });
});
