import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { notKept } from '../../../src/domain/backup/keepRule.ts';
import { backupIdAt, timeOfBackup } from '../../../src/domain/backup/manifest.ts';

const HOUR = 3_600_000;
const ids = (count: number, every: number): string[] =>
  Array.from({ length: count }, (_, index) => backupIdAt(Date.UTC(2026, 0, 1) + index * every));

describe('the keep rule', () => {
  it('keeps the latest, and the last one of so many days, weeks and months', () => {
    const there = ids(4 * 100, 6 * HOUR);
    const gone = new Set(notKept(there, { last: 3, daily: 3, weekly: 2, monthly: 2 }));
    // 100 days from the first of January end on the tenth of April 2026, a Friday.
    expect(there.filter((id) => !gone.has(id))).toEqual([
      '20260331T180000Z',
      '20260405T180000Z',
      '20260408T180000Z',
      '20260409T180000Z',
      '20260410T060000Z',
      '20260410T120000Z',
      '20260410T180000Z',
    ]);
  });

  it('never lets the latest go, and keeps no less for a more generous rule', () => {
    const rule = fc.record({ last: fc.nat(20), daily: fc.nat(20), weekly: fc.nat(10), monthly: fc.nat(5) });
    const times = fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(rule, times, (one, hours) => {
        const there = hours.map((hour) => backupIdAt(hour * HOUR)).sort();
        const gone = notKept(there, one);
        expect(gone).not.toContain(there.at(-1));
        const more = notKept(there, { ...one, last: one.last + 1, weekly: one.weekly + 1 });
        for (const id of more) expect(gone).toContain(id);
      }),
    );
  });

  it('reads the time out of an id', () => {
    expect(timeOfBackup('20260102T030405Z')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
  });
});
