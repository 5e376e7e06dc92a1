import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FATAL } from '../../../src/domain/crypto/offences.ts';
import { tallySlashes } from '../../../src/domain/crypto/tallySlashes.ts';
import type { Hex } from '../../../src/domain/hex.ts';
import { thresholdOf } from '../../../src/domain/party/window.ts';
import type { PartyMember } from '../../../src/domain/processor/messages.ts';

const keyOf = (at: number): Hex => `0x${at.toString(16).padStart(2, '0').repeat(32)}`;

const membersOf = (weights: readonly number[]): PartyMember[] => {
  let next = 1;
  return weights.map((weight, at) => ({ validator: keyOf(at), participants: Array.from({ length: weight }, () => next++) }));
};

/** Everyone gives the members these points. */
const agreed = (members: readonly PartyMember[], points: readonly number[]): Record<string, Record<string, number>> =>
  Object.fromEntries(
    members.map(({ validator }) => [validator, Object.fromEntries(members.map((other, at) => [other.validator, points[at] ?? 0]))]),
  );

describe('tallySlashes', () => {
  it('reports nobody where nobody failed', () => {
    const members = membersOf([1, 1, 1, 1]);
    expect(tallySlashes(members, 3, agreed(members, []))).toEqual([]);
  });

  it('takes off what the worst among the best t key shares has', () => {
    const members = membersOf([1, 1, 1, 1]);
    expect(tallySlashes(members, 3, agreed(members, [2, 5, 3, 9]))).toEqual([{ validator: keyOf(3), points: 4 }]);
  });

  it('keeps the fatally slashed', () => {
    const members = membersOf([1, 1, 1, 1]);
    expect(tallySlashes(members, 3, agreed(members, [7, FATAL, 0, 0]))).toEqual([{ validator: keyOf(1), points: FATAL }]);
  });

  it('counts a reporter once per key share', () => {
    const members = membersOf([3, 1, 1, 1]);
    const points = agreed(members, []);
    points[keyOf(0)] = { [keyOf(3)]: 8 };
    // Three of six shares give eight, the others and its own give none: the lower median is none.
    expect(tallySlashes(members, 5, points)).toEqual([]);
    points[keyOf(1)] = { [keyOf(3)]: 8 };
    expect(tallySlashes(members, 5, points)).toEqual([{ validator: keyOf(3), points: 8 }]);
  });

  it('lets fewer shares than the half of those who report neither harm nor spare anyone', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 30 });
    fc.assert(
      fc.property(weights, fc.infiniteStream(fc.integer({ min: 0, max: FATAL })), (held, lies) => {
        const members = membersOf(held);
        const n = held.reduce((sum, weight) => sum + weight, 0);
        const t = thresholdOf(n);
        const points = agreed(members, []);
        let liars = 0;
        for (const { validator, participants } of members) {
          if (liars + participants.length > n - t) continue;
          liars += participants.length;
          points[validator] = Object.fromEntries(members.map((other) => [other.validator, lies.next().value ?? 0]));
        }
        expect(tallySlashes(members, t, points)).toEqual([]);
      }),
    );
  });

  it('names at most 50, in the order of the set, whatever is reported', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 50 });
    const any = fc.infiniteStream(fc.constantFrom(0, 1, 2, 5, 100, FATAL - 1));
    fc.assert(
      fc.property(weights, any, (held, draw) => {
        const members = membersOf(held);
        const n = held.reduce((sum, weight) => sum + weight, 0);
        const points = Object.fromEntries(
          members.map(({ validator }) => [
            validator,
            Object.fromEntries(members.map((other) => [other.validator, draw.next().value ?? 0])),
          ]),
        );
        const report = tallySlashes(members, thresholdOf(n), points);
        expect(report.length).toBeLessThanOrEqual(50);
        expect(report.every(({ points: of }) => of > 0 && of <= FATAL)).toBe(true);
        const order = report.map(({ validator }) => members.findIndex((member) => member.validator === validator));
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }),
    );
  });
});
