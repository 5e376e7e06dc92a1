import { describe, expect, it } from 'vitest';
import { KEY_GEN_DEADLINE, keyGenAttemptAt, keyGenStart } from '../../../src/domain/crypto/keyGenClock.ts';
import { convenerOf, partyWithout } from '../../../src/domain/crypto/keyGenParty.ts';
import type { Hex } from '../../../src/domain/hex.ts';
import { type Fault, KeyGenNetwork } from '../../support/keyGenNetwork.ts';
import { checkSaidOnce } from '../../support/neverTwice.ts';
import { seeded } from '../../support/seeded.ts';

const SEEDS = process.env['SEED'] === undefined ? [1, 2, 3, 4, 5, 6, 7, 8] : [Number(process.env['SEED'])];
const SEVEN = [1, 1, 1, 1, 1, 1, 1];

const silent: Fault = () => [];

/** Whom a liar must remove to convene an attempt itself, and as many more as the chain allows; undefined where they are too many. */
const removable = (network: KeyGenNetwork, attempt: number, liar: Hex): Hex[] | undefined => {
  const row = network.row();
  const most = row.n - row.t;
  const removed: Hex[] = [];
  for (let next = convenerOf(row, attempt, removed); next !== liar; next = convenerOf(row, attempt, removed)) {
    if (next === undefined || removed.length >= most) return undefined;
    removed.push(next);
  }
  const more = row.members.map(({ validator }) => validator).filter((key) => key !== liar && !removed.includes(key));
  return [...removed, ...more].slice(0, most);
};

/** Runs while a liar proposes, in every attempt that it can, a party without as many others as the chain allows; returns how often. */
const lieOn = (network: KeyGenNetwork, at: number, blocks: number): number => {
  const liar = network.member(at);
  liar.fault = (said) => (said.kind === 'certificate.proposal' ? [] : [said]);
  let [lied, lies] = [0, 0];
  while (network.height < blocks && network.taken === undefined) {
    const attempt = keyGenAttemptAt(0, Math.max(0, network.height));
    const removed = attempt > lied ? removable(network, attempt, liar.key) : undefined;
    lied = attempt;
    network.step();
    if (removed === undefined) continue;
    lies += 1;
    const body = partyWithout(network.row(), attempt, removed);
    for (const member of network.members) network.say(liar.key, member, { kind: 'certificate.proposal', body });
  }
  network.run(network.height + 2 * KEY_GEN_DEADLINE);
  return lies;
};

/** Whom the chain took the keys without, by place. */
const removedBy = (network: KeyGenNetwork): number[] =>
  (network.taken?.removed ?? []).map((key) => network.members.findIndex((member) => member.key === key));

describe('a convener that lies', () => {
  it.each(SEEDS)('gets no honest member removed, though it proposes it in every attempt that it can (SEED=%i)', (seed) => {
    const network = new KeyGenNetwork({ seed, weights: SEVEN, model: true });
    const [liar, other] = [seed % 7, (seed + 2) % 7];
    network.member(other).fault = silent;
    lieOn(network, liar, 3_000);
    expect(network.taken).toBeDefined();
    expect([liar, other]).toEqual(expect.arrayContaining(removedBy(network)));
    checkSaidOnce(network);
  });

  it('has its chance in some of them', () => {
    const lies = SEEDS.map((seed) => {
      const network = new KeyGenNetwork({ seed, weights: SEVEN, model: true });
      network.member((seed + 2) % 7).fault = silent;
      return lieOn(network, seed % 7, 3_000);
    });
    expect(Math.max(...lies)).toBeGreaterThan(0);
  });

  it.each(SEEDS)('may get honest ones removed only where more have failed than can be at fault (SEED=%i)', (seed) => {
    const network = new KeyGenNetwork({ seed, weights: SEVEN, model: true });
    const [liar, other] = [seed % 7, (seed + 3) % 7];
    const victims = new Set([1, 2, 4].map((after) => network.member((other + after) % 7).key));
    network.member(other).fault = (said, to) => (said.kind === 'keygen.commitments' && victims.has(to) ? [] : [said]);
    lieOn(network, liar, 6_000);
    expect(network.taken).toBeDefined();
    // At most as many as the chain allows, whatever two of seven do.
    expect(removedBy(network).length).toBeLessThanOrEqual(2);
    checkSaidOnce(network);
  });
});

describe.each(SEEDS)('views that differ (SEED=%i)', (seed) => {
  it('come to keys with all members where one withholds its commitments from half of the others, who get them from the rest', () => {
    const network = new KeyGenNetwork({ seed, weights: SEVEN, model: true });
    const victims = new Set([1, 2, 3].map((after) => network.member((seed + after) % 7).key));
    network.member(seed % 7).fault = (said, to) => (said.kind === 'keygen.commitments' && victims.has(to) ? [] : [said]);
    network.run(6_000);
    expect(network.taken?.removed).toEqual([]);
    checkSaidOnce(network);
  });

  it('come to keys soon after a time in which a third of all messages was lost', () => {
    const network = new KeyGenNetwork({ seed, weights: SEVEN, model: true });
    const draw = seeded(seed);
    for (const member of network.members) member.fault = (said) => (draw() < 0.3 ? [] : [said]);
    while (network.height < keyGenStart(0, 3)) network.step();
    for (const member of network.members) member.fault = undefined;
    network.run(keyGenStart(0, 8));
    expect(network.taken).toBeDefined();
    checkSaidOnce(network);
  });
});
