import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/domain/hex.ts';
import { fromHeaders } from '../../../src/domain/record/cloudEvents.ts';
import { publicKeyOf } from '../../../src/domain/record/signRecord.ts';
import { beginProof, type HeldRecord, proveNext, reportOf, type TopicReport } from '../../../src/domain/record/verifyTopic.ts';
import { held, pins, type Run, recordAfter, someRuns, TOPIC, tailOf, topicOf, WRITERS } from './topicOf.ts';

/** Each run signs and checks a topic. */
const FEW = { numRuns: 40 };

const verified = (records: readonly HeldRecord[], topic = TOPIC, midway = false): TopicReport =>
  reportOf(records.reduce(proveNext, beginProof(topic, pins, midway)));

const firstFault = (records: readonly HeldRecord[]): string => {
  const [fault] = verified(records).faults;
  return fault === undefined ? 'none' : `${fault.code}@${String(fault.offset)}`;
};

const offsetOfFault = (records: readonly HeldRecord[]): bigint | undefined => verified(records).faults[0]?.offset;

const at = (records: readonly HeldRecord[], index: number): HeldRecord => {
  const record = records[index];
  if (record === undefined) throw new Error(`there is no record ${String(index)}`);
  return record;
};

const put = (records: readonly HeldRecord[], index: number, record: HeldRecord): HeldRecord[] =>
  records.map((one, place) => (place === index ? record : one));

/** The same records at consecutive offsets. */
const inPlaces = (records: readonly HeldRecord[]): HeldRecord[] => records.map((record, index) => ({ ...record, offset: BigInt(index) }));

const sourceOf = (record: HeldRecord): string => fromHeaders(record.headers).source;

const RUNS: readonly Run[] = [
  { source: '/alice/crypto', data: ['a', 'b', 'c'] },
  { source: '/alice/integrity', data: ['x'] },
  { source: '/alice/crypto', data: ['d', 'e', 'f'] },
];
const whole = inPlaces(topicOf(RUNS));

/** A topic, and the place of one of its records. */
const somewhere = fc.tuple(someRuns, fc.nat()).map(([runs, number]) => {
  const records = inPlaces(topicOf(runs));
  return { records, index: number % records.length };
});

describe('a topic as it was written', () => {
  it('is proven, whatever its runs', () => {
    fc.assert(
      fc.property(someRuns, (runs) => {
        const records = topicOf(runs);
        const report = verified(records);
        expect(report.faults).toEqual([]);
        expect(report.records).toBe(records.length);
        expect(report.sources.every(({ proven, unsigned }) => proven && unsigned === 0)).toBe(true);
      }),
      FEW,
    );
  });

  it('is reported by source: records, sequences, digest and key', () => {
    const last = recordAfter('/alice/integrity', undefined, 'x', true);
    expect(verified(whole).sources).toEqual([
      expect.objectContaining({ source: '/alice/crypto', records: 6, first: 1n, unsigned: 0, proven: true }),
      {
        source: '/alice/integrity',
        key: toHex(publicKeyOf(WRITERS['/alice/integrity'])),
        records: 1,
        first: 1n,
        last: tailOf(last),
        unsigned: 0,
        proven: true,
      },
    ]);
  });

  it('may end before its last run is signed', () => {
    const report = verified(whole.slice(0, -1));
    expect(report.faults).toEqual([]);
    expect(report.sources.map(({ unsigned, proven }) => [unsigned, proven])).toEqual([
      [2, true],
      [0, true],
    ]);
  });

  it('is proven from the middle on, on the word of its first record', () => {
    expect(verified(whole.slice(2), TOPIC, true).faults).toEqual([]);
    expect(firstFault(whole.slice(2))).toBe('record.gap@2');
  });

  it('is that topic and no other: its name is under every digest', () => {
    fc.assert(
      fc.property(someRuns, (runs) => {
        expect(verified(inPlaces(topicOf(runs)), 'bob-reports').faults[0]?.code).toMatch(/^record\.(forged|chain-broken)$/);
      }),
      FEW,
    );
  });

  it('may be empty', () => {
    expect(verified([])).toEqual({ topic: TOPIC, records: 0, malformed: 0, sources: [], faults: [] });
  });
});

describe('a record that was tampered with is named at its offset', () => {
  it('when a byte of its data is changed', () => {
    fc.assert(
      fc.property(somewhere, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ records, index }, place, flip) => {
        const { value } = at(records, index);
        const changed = value.map((byte, position) => (position === place % value.length ? byte ^ flip : byte));
        expect(offsetOfFault(put(records, index, { ...at(records, index), value: changed }))).toBe(BigInt(index));
      }),
      FEW,
    );
  });

  it('when a byte of a header is changed', () => {
    fc.assert(
      fc.property(somewhere, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 127 }), ({ records, index }, which, place, flip) => {
        const { headers } = at(records, index);
        const names = Object.keys(headers);
        const name = names[which % names.length] ?? '';
        const bytes = new TextEncoder().encode(headers[name]);
        const changed = bytes.map((byte, position) => (position === place % bytes.length ? byte ^ flip : byte));
        const tampered = { ...headers, [name]: new TextDecoder().decode(changed) };
        expect(offsetOfFault(put(records, index, { ...at(records, index), headers: tampered }))).toBe(BigInt(index));
      }),
      FEW,
    );
  });

  it('when a byte of a header name is changed', () => {
    fc.assert(
      fc.property(somewhere, fc.nat(), ({ records, index }, which) => {
        const { headers } = at(records, index);
        const names = Object.keys(headers);
        const name = names[which % names.length] ?? '';
        const tampered = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key === name ? `${key}x` : key, value]));
        expect(offsetOfFault(put(records, index, { ...at(records, index), headers: tampered }))).toBe(BigInt(index));
      }),
      FEW,
    );
  });

  it('when it stands twice, at its second place', () => {
    fc.assert(
      fc.property(somewhere, fc.nat(), ({ records, index }, distance) => {
        const again = index + 1 + (distance % (records.length - index));
        const doubled = inPlaces(records.toSpliced(again, 0, at(records, index)));
        expect(offsetOfFault(doubled)).toBe(BigInt(again));
      }),
      FEW,
    );
  });

  it('when it changed places with the next of its source', () => {
    fc.assert(
      fc.property(somewhere, ({ records, index }) => {
        const [one, other] = [records[index], records[index + 1]];
        if (one === undefined || other === undefined) return;
        fc.pre(sourceOf(one) === sourceOf(other));
        expect(offsetOfFault(inPlaces(records.toSpliced(index, 2, other, one)))).toBe(BigInt(index));
      }),
      FEW,
    );
  });

  it('when it was put in by somebody without the key, even if it goes on where its source is', () => {
    fc.assert(
      fc.property(somewhere, fc.string(), fc.boolean(), ({ records, index }, data, signed) => {
        const source = sourceOf(at(records, index)) as keyof typeof WRITERS;
        const before = records.slice(0, index).findLast((record) => sourceOf(record) === source);
        const tail = before === undefined ? undefined : tailOf({ attributes: fromHeaders(before.headers), data: before.value });
        const forged = held(0n, recordAfter(source, tail, `${data}!`, signed, new Uint8Array(32).fill(9)));
        expect(offsetOfFault(inPlaces(records.toSpliced(index, 0, forged)))).toBe(BigInt(index));
      }),
      FEW,
    );
  });
});

describe('a record that is gone', () => {
  it('is named at the next of its source, or where its run is cut', () => {
    fc.assert(
      fc.property(somewhere, ({ records, index }) => {
        const left = inPlaces(records.toSpliced(index, 1));
        const gone = at(records, index);
        const signed = gone.headers['ce_signature'] !== undefined;
        const begins = fromHeaders(gone.headers).sequence === 1n || records[index - 1]?.headers['ce_signature'] !== undefined;
        const next = records.slice(index + 1).findIndex((record) => sourceOf(record) === sourceOf(gone));
        const fault = offsetOfFault(left);
        // The end of a run of several: whatever comes next shows it. Otherwise the next record of that source does.
        if (signed && !begins) expect(fault).toBe(index < left.length ? BigInt(index) : undefined);
        else expect(fault).toBe(next === -1 ? undefined : BigInt(index + next));
      }),
      FEW,
    );
  });
});

describe('what is wrong is named', () => {
  const changed = (index: number, headers: Readonly<Record<string, string>>): HeldRecord[] =>
    put(whole, index, { ...at(whole, index), headers: { ...at(whole, index).headers, ...headers } });

  it('by kind', () => {
    expect(firstFault(whole.toSpliced(1, 1))).toBe('record.gap@2');
    expect(firstFault(inPlaces(whole.toSpliced(2, 0, at(whole, 1))))).toBe('record.duplicate@2');
    expect(firstFault(put(whole, 1, { ...at(whole, 1), value: new Uint8Array(1) }))).toBe('record.chain-broken@1');
    expect(firstFault(put(whole, 2, { ...at(whole, 2), value: new Uint8Array(1) }))).toBe('record.forged@2');
    expect(firstFault(inPlaces(whole.toSpliced(1, 0, at(whole, 3))))).toBe('record.run-broken@1');
    expect(firstFault(changed(3, { 'x-trace': 'b' }))).toBe('record.malformed@3');
    expect(firstFault(changed(3, { ce_source: '/mallory' }))).toBe('record.unknown-source@3');
  });

  it('for each source once, in order', () => {
    const records = put(
      put(put(whole, 4, { ...at(whole, 4), value: new Uint8Array(1) }), 3, { ...at(whole, 3), value: new Uint8Array(2) }),
      6,
      {
        ...at(whole, 6),
        value: new Uint8Array(3),
      },
    );
    const { faults, sources } = verified(records);
    expect(faults.map(({ source, offset }) => [source, offset])).toEqual([
      ['/alice/integrity', 3n],
      ['/alice/crypto', 5n],
    ]);
    expect(sources.every(({ proven }) => !proven)).toBe(true);
  });

  it('whatever a record says of itself', () => {
    for (const source of ['__proto__', 'constructor', 'toString']) {
      expect(firstFault(changed(3, { ce_source: source }))).toBe('record.unknown-source@3');
      expect(verified(changed(3, { ce_source: source })).sources.find((one) => one.source === source)).toMatchObject({
        records: 1,
        key: undefined,
      });
    }
  });
});
