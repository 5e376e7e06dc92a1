import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takesOver } from '../../../src/domain/peers/arbitration.ts';
import { FairTurns } from '../../../src/domain/peers/fairTurns.ts';
import { Quota } from '../../../src/domain/peers/quota.ts';
import { REDIAL, waitAfter } from '../../../src/domain/peers/redial.ts';

const always = (): boolean => true;

describe('turns', () => {
  it('keep the order of each queue, and lose and double nothing', () => {
    const item = fc.record({ key: fc.integer({ min: 0, max: 4 }), weight: fc.integer({ min: 1, max: 5_000 }) });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), (items) => {
        const turns = new FairTurns<number, number>(1_000);
        items.forEach(({ key, weight }, index) => {
          turns.add(key, index, weight);
        });
        const out: number[] = [];
        for (let next = turns.next(always); next !== undefined; next = turns.next(always)) out.push(next);
        expect([...out].sort((a, b) => a - b)).toEqual(items.map((_, index) => index));
        for (const key of [0, 1, 2, 3, 4]) {
          const own = out.filter((index) => items[index]?.key === key);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
        expect(turns.weight).toBe(0);
      }),
    );
  });

  it('let one who brings little wait for a few turns of the others, however much those bring', () => {
    const turns = new FairTurns<string, string>(4_096);
    for (let count = 0; count < 1_000; count += 1) for (const flood of ['a', 'b', 'c']) turns.add(flood, flood, 4_200);
    for (let count = 0; count < 5; count += 1) turns.next(always);
    turns.add('quiet', 'quiet', 4_200);
    const before: string[] = [];
    for (let next = turns.next(always); next !== 'quiet'; next = turns.next(always)) before.push(next ?? '');
    expect(before.length).toBeLessThanOrEqual(9);
  });

  it('share by weight, not by number', () => {
    const turns = new FairTurns<string, string>(1_000);
    for (let count = 0; count < 100; count += 1) turns.add('heavy', 'heavy', 10_000);
    for (let count = 0; count < 1_000; count += 1) turns.add('light', 'light', 1_000);
    const out = Array.from({ length: 110 }, () => turns.next(always));
    expect(out.filter((one) => one === 'heavy').length).toBeGreaterThanOrEqual(9);
    expect(out.filter((one) => one === 'heavy').length).toBeLessThanOrEqual(11);
  });

  it('pass by those who may not go on, and forget those who left', () => {
    const turns = new FairTurns<string, string>(1);
    turns.add('a', 'a', 5);
    turns.add('b', 'b', 5);
    expect(turns.next((key) => key === 'b')).toBe('b');
    expect(turns.next((key) => key === 'b')).toBeUndefined();
    turns.clear('a');
    expect(turns.next(always)).toBeUndefined();
    expect(turns.weight).toBe(0);
  });
});

describe('a quota', () => {
  it('gives what is left at once, and fills by the clock', () => {
    const quota = new Quota({ perSecond: 10, atOnce: 5 }, 0);
    quota.take(5, 0);
    expect(quota.isOpen(0)).toBe(true);
    quota.take(3, 0);
    expect(quota.isOpen(0)).toBe(false);
    expect(quota.isOpen(299)).toBe(false);
    expect(quota.isOpen(301)).toBe(true);
    quota.take(6, 100_000);
    expect(quota.isOpen(100_000)).toBe(false);
  });
});

describe('of two links', () => {
  const old = { openedBy: '0xaa', epoch: 1, silent: 0 } as const;

  it('both sides keep the same one where both dialled at once', () => {
    const byA = { openedBy: '0xaa', epoch: 1, silent: 0 } as const;
    const byB = { openedBy: '0xbb', epoch: 1, silent: 0 } as const;
    // Whichever of the two a side sees first: the link of the smaller key is the one it has in the end.
    expect(takesOver(byA, byB, '0xaa')).toBe(false);
    expect(takesOver(byB, byA, '0xaa')).toBe(true);
  });

  it('the newer one counts where its side has given up the old one, has begun anew, or the old one is silent', () => {
    expect(takesOver(old, { ...old, openedBy: '0xaa' }, '0xaa')).toBe(true);
    expect(takesOver(old, { ...old, openedBy: '0xbb', epoch: 2 }, '0xaa')).toBe(true);
    expect(takesOver({ ...old, silent: 60_000 }, { ...old, openedBy: '0xbb' }, '0xaa')).toBe(true);
  });
});

describe('the wait before a dial', () => {
  it('doubles up to the most, and is spread', () => {
    expect(waitAfter(0, REDIAL, 1)).toBe(REDIAL.first);
    expect(waitAfter(3, REDIAL, 1)).toBe(REDIAL.first * 8);
    expect(waitAfter(1_000, REDIAL, 1)).toBe(REDIAL.most);
    expect(waitAfter(3, REDIAL, 0)).toBe(REDIAL.first * 4);
  });
});
