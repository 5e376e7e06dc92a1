import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../src/domain/hex.ts';
import { attemptStream } from '../../../src/domain/party/attemptStream.ts';
import { drawParty } from '../../../src/domain/party/drawParty.ts';
import { explainParty } from '../../../src/domain/party/explainParty.ts';
import { thresholdOf } from '../../../src/domain/party/window.ts';
import type { SignId } from '../../../src/domain/processor/ids.ts';

const validatorOf = (index: number): Hex => `0x${String(index + 10).repeat(32)}`;

const membersOf = (weights: readonly number[]) => {
  let next = 1;
  return weights.map((weight, index) => ({ validator: validatorOf(index), participants: Array.from({ length: weight }, () => next++) }));
};

const idOf = (attempt: number): SignId => ({ set: { network: 'Bitcoin', session: 0 }, kind: 'batch', id: '3', attempt });

const SEED: Hex = `0x${'5a'.repeat(32)}`;

describe('a party explained', () => {
  it('is the draw of its window where that is pure, whatever the weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }), fc.nat(5), (weights, half) => {
        const members = membersOf(weights);
        const n = weights.reduce((sum, weight) => sum + weight, 0);
        const t = thresholdOf(n);
        const id = idOf(64 * 2 * half);
        const explained = explainParty({ id, members, n, t, anchor: 100, seedHash: SEED });
        const drawn = drawParty({ blockHash: Buffer.from(SEED.slice(2), 'hex'), participants: n, threshold: t, stream: attemptStream(id) });
        expect(explained.party).toEqual(drawn.sort((a, b) => a - b));
        expect(explained.seed.number).toBe(100 + 20 * half);
        expect(explained.members.flatMap(({ signs }) => signs)).toHaveLength(t);
        expect(explained.members.flatMap(({ drawn: places }) => places).sort((a, b) => a - b)).toEqual(
          Array.from({ length: n }, (_, index) => index + 1),
        );
        for (const { signs, why } of explained.members)
          expect(why).toContain(signs.length > 0 ? 'drawn among the first' : 'drawn after the party');
      }),
    );
  });

  it('says who convenes an odd window, and who was ready', () => {
    const members = membersOf([1, 1, 1, 1]);
    const ready = [validatorOf(0), validatorOf(1), validatorOf(2)];
    const grounds = { id: idOf(65), members, n: 4, t: 3, anchor: 0, seedHash: SEED };
    const unknown = explainParty(grounds);
    expect(unknown).toMatchObject({ rule: 'convened', window: 1, round: 1 });
    expect(unknown.party).toBeUndefined();
    const known = explainParty({ ...grounds, proposed: { party: [1, 2, 3], ready } });
    expect(known.convener).toBe(unknown.convener);
    expect(known.members.find(({ drawn }) => drawn.includes(1))?.validator).toBe(known.convener);
    expect(known.members.map(({ why }) => why.split(',')[0])).toEqual([
      'ready',
      'ready',
      'ready',
      'no ready of it is in the proposal: it was away',
    ]);
  });
});
