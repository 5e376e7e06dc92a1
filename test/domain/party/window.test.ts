import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptOf, seedHeight, thresholdOf, WINDOW, windowAt, windowOf } from '../../../src/domain/party/window.ts';

describe('windows', () => {
  it('begin at the anchor, pure, and can be joined in their first half only', () => {
    expect(windowAt(100, 99)).toBeUndefined();
    expect(windowAt(100, 100)).toEqual({ index: 0, seedHeight: 100, joinable: true, rule: 'pure' });
    expect(windowAt(100, 104)?.joinable).toBe(true);
    expect(windowAt(100, 105)?.joinable).toBe(false);
    expect(windowAt(100, 110)).toEqual({ index: 1, seedHeight: 110, joinable: true, rule: 'convened' });
  });

  it('give every attempt a number that names its window and seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 0, max: 63 }),
        (anchor, age, round) => {
          const window = windowAt(anchor, anchor + age);
          if (window === undefined) throw new Error('a height at or after the anchor has a window');
          const attempt = attemptOf(window.index, round);
          expect(windowOf(attempt)).toBe(window.index);
          expect(seedHeight(anchor, attempt)).toBe(window.seedHeight);
          expect(anchor + age - window.seedHeight).toBeLessThan(WINDOW);
        },
      ),
    );
  });

  it('need two thirds of the key shares and one more', () => {
    expect([1, 3, 4, 7, 100, 150].map(thresholdOf)).toEqual([1, 3, 3, 5, 67, 101]);
  });
});
