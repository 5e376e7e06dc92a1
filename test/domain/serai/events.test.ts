import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/domain/hex.ts';
import { eventRecords, isEvent, runtimeEvent } from '../../../src/domain/serai/events.ts';
import { phase } from '../../../src/domain/serai/substrate.ts';
import { golden, goldenPresent } from '../../support/golden.ts';
import { fromGolden, variantFromGolden } from './fromGolden.ts';

interface Recorded {
  readonly pallet: string;
  readonly variant: string;
  readonly fields: unknown;
  readonly phase: unknown;
  readonly topics: readonly string[];
  readonly event_hex: string;
  readonly storage_hex: string;
}

interface Recording {
  readonly events: readonly Recorded[];
  readonly groups: Readonly<Record<string, { readonly events: readonly number[]; readonly storage_hex: string }>>;
  readonly all: { readonly storage_hex: string };
  readonly empty: { readonly storage_hex: string };
}

const recordOf = (recorded: Recorded) => ({
  phase: fromGolden(phase, recorded.phase),
  pallet: recorded.pallet,
  name: recorded.variant,
  fields: variantFromGolden(runtimeEvent, recorded.pallet, recorded.variant, recorded.fields),
  topics: recorded.topics.map(fromHex),
});

describe.skipIf(!goldenPresent)('the events of the real runtime', () => {
  const recording = goldenPresent
    ? (golden('events.json') as Recording)
    : { events: [], groups: {}, all: { storage_hex: '' }, empty: { storage_hex: '' } };

  it.each(recording.events.map((event, index) => [index, event.pallet, event.variant, event] as const))(
    'decodes and re-encodes %i: %s.%s',
    (_index, _pallet, _variant, event) => {
      const decoded = eventRecords.decode(fromHex(event.storage_hex));
      expect(decoded).toEqual([recordOf(event)]);
      expect(toHex(eventRecords.encode(decoded))).toBe(event.storage_hex);
      expect(toHex(runtimeEvent.encode({ pallet: event.pallet, name: event.variant, fields: recordOf(event).fields }))).toBe(
        event.event_hex,
      );
    },
  );

  it('decodes and re-encodes all of them at once, by group, and none', () => {
    expect(eventRecords.decode(fromHex(recording.all.storage_hex))).toEqual(recording.events.map(recordOf));
    expect(eventRecords.decode(fromHex(recording.empty.storage_hex))).toEqual([]);
    for (const { events, storage_hex } of Object.values(recording.groups)) {
      const decoded = eventRecords.decode(fromHex(storage_hex));
      expect(decoded).toEqual(recording.events.filter((_event, index) => events.includes(index)).map(recordOf));
      expect(toHex(eventRecords.encode(decoded))).toBe(storage_hex);
    }
  });

  it('has seen every variant that is declared', () => {
    const declared = runtimeEvent.shape.kind === 'variant' ? runtimeEvent.shape.variants : [];
    const variants = declared.flatMap(({ name, fields }) => {
      const shape = fields[0]?.type.shape;
      return shape?.kind === 'variant' ? shape.variants.map((variant) => `${name}.${variant.name}`) : [];
    });
    const seen = new Set(recording.events.map((event) => `${event.pallet}.${event.variant}`));
    expect(variants.filter((variant) => !seen.has(variant))).toEqual(['LiquidityTokens.BurnWithInstruction']);
  });
});

describe('eventRecords', () => {
  it('refuses an event that is not declared', () => {
    expect(() => eventRecords.decode(fromHex('0x0402ff00'))).toThrow(expect.objectContaining({ code: 'scale.value' }));
  });

  it('types the fields of a certain event', () => {
    const [record] = eventRecords.decode(fromHex('0x040206000500000001' + '00'));
    if (record === undefined || !isEvent(record, 'ValidatorSets', 'NewSet')) throw new Error('not a NewSet');
    expect(record.fields.set).toEqual({ session: 5, network: 'Bitcoin' });
    expect(isEvent(record, 'ValidatorSets', 'KeyGen')).toBe(false);
  });
});
