import { describe, expect, it } from 'vitest';
import { KEY_GEN_DEADLINE, keyGenAttemptAt, keyGenStart } from '../../../src/domain/crypto/keyGenClock.ts';
import { convenerOf, mayBeProposed, partyWithout } from '../../../src/domain/crypto/keyGenParty.ts';
import { KEPT_ATTEMPTS } from '../../../src/domain/crypto/keyGenRows.ts';
import { report } from '../../../src/domain/crypto/reports.ts';
import type { SetRow } from '../../../src/domain/crypto/rows.ts';
import type { Hex } from '../../../src/domain/hex.ts';
import { type Fault, KeyGenNetwork } from '../../support/keyGenNetwork.ts';
import { checkKeys, checkSaidOnce } from '../../support/neverTwice.ts';

const SEEDS = process.env['SEED'] === undefined ? [1, 2] : [Number(process.env['SEED'])];
const FOUR = [1, 1, 1, 1];

const silent: Fault = () => [];

const silentAt =
  (...kinds: readonly string[]): Fault =>
  (said) =>
    kinds.includes(said.kind) ? [] : [said];

const keysOf = (network: KeyGenNetwork, ...at: readonly number[]): Hex[] => at.map((place) => network.member(place).key);

describe('the clock of key generation attempts', () => {
  it('gives an attempt its deadline, and later ones up to three times as much', () => {
    expect([0, 1, 2, 3, 4].map((attempt) => (keyGenStart(7, attempt) - 7) / KEY_GEN_DEADLINE)).toEqual([0, 1, 2, 3, 5]);
    expect(keyGenStart(0, 9) - keyGenStart(0, 8)).toBe(3 * KEY_GEN_DEADLINE);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      expect(keyGenAttemptAt(7, keyGenStart(7, attempt))).toBe(attempt);
      expect(keyGenAttemptAt(7, keyGenStart(7, attempt + 1) - 1)).toBe(attempt);
    }
  });
});

describe.each(SEEDS)('a set of four, whatever comes first (SEED=%i)', (seed) => {
  it('has its keys in the first attempt where all are there', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR });
    network.run();
    checkKeys(network, []);
    expect(network.height).toBeLessThan(KEY_GEN_DEADLINE);
    expect(network.evidence()).toEqual([]);
  });

  it('goes on without a member that never says anything', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR, model: true });
    network.member(seed % 4).fault = silent;
    network.run();
    checkKeys(network, keysOf(network, seed % 4));
  });

  it.each(['certificate.vote', 'keygen.commitments', 'keygen.shares', 'musig.commitment', 'musig.share'])(
    'goes on without a member that keeps its %s to itself',
    (kind) => {
      const network = new KeyGenNetwork({ seed, weights: FOUR, model: true });
      network.member(seed % 4).fault = silentAt(kind);
      network.run();
      // Three of four sign the party without the fourth: a vote of its own is not needed.
      checkKeys(network, kind === 'certificate.vote' ? [] : keysOf(network, seed % 4));
    },
  );

  it('goes on without a member whose commitments no processor takes', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR, model: true });
    network.member(seed % 4).fault = (said) =>
      said.kind === 'keygen.commitments' ? [{ ...said, body: { ...said.body, commitments: '0x01' } }] : [said];
    network.run();
    checkKeys(network, keysOf(network, seed % 4));
    const { key } = network.member(seed % 4);
    const blamed = network.reports.flatMap(({ type, data }) => {
      const read = report.safeParse({ type, data });
      return read.success && read.data.type === 'serai.report.blame.v1' ? [read.data.data] : [];
    });
    expect(new Set(blamed.map(({ validator }) => validator))).toEqual(new Set([key]));
    for (const { messages } of blamed) expect(messages.map(({ kind, from }) => [kind, from])).toContainEqual(['keygen.commitments', key]);
  });

  it('gives no shares to a processor that blamed commitments, which no other processor was given', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR, model: true });
    const [victim] = keysOf(network, (seed + 1) % 4);
    network.member(seed % 4).fault = (said, to) =>
      said.kind === 'keygen.commitments' && to === victim ? [{ ...said, body: { ...said.body, commitments: '0x01' } }] : [said];
    // The processor would throw.
    network.run(20_000);
    expect(network.taken).toBeDefined();
    checkSaidOnce(network);
  });

  it('goes on without a member whose MuSig share is wrong', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR });
    network.member(seed % 4).fault = (said) =>
      said.kind === 'musig.share' ? [{ ...said, body: { ...said.body, share: `0x${'01'.repeat(32)}` } }] : [said];
    network.run();
    expect(network.evidence()).toContain('musig.invalid');
    checkKeys(network, keysOf(network, seed % 4));
  });

  it('has its keys in the end though one member withholds from one other', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR, model: true });
    const [victim] = keysOf(network, (seed + 1) % 4);
    network.member(seed % 4).fault = (said, to) => (said.kind === 'keygen.shares' && to === victim ? [] : [said]);
    network.run(20_000);
    expect(network.taken).toBeDefined();
    checkSaidOnce(network);
  });

  it('never goes on with fewer than the threshold', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR, model: true });
    for (const at of [0, 1]) network.member(at).fault = silent;
    network.run(2000);
    expect(network.taken).toBeUndefined();
    for (const at of [2, 3]) for (const { members } of network.partiesOf(at)) expect(members.length).toBeGreaterThanOrEqual(3);
    checkSaidOnce(network);
    expect(network.remembered(2)).toBeLessThan(KEPT_ATTEMPTS + 4);
    for (const at of [0, 1]) network.member(at).fault = undefined;
    network.run(20_000);
    expect(network.taken).toBeDefined();
    checkSaidOnce(network);
  });

  it('has its keys while members die and start again', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR, model: true });
    for (let step = 0; network.taken === undefined && step < 20_000; step += 1) {
      if (step % 40 === 39) network.restart(Math.floor(step / 40) % 4);
      network.step();
    }
    network.run(20_000);
    expect(network.taken).toBeDefined();
    expect(network.evidence()).toEqual([]);
    checkSaidOnce(network);
  });

  it('keeps its promises where deadlines pass while messages are on their way', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR, hurry: 0.6, model: true });
    for (let step = 0; network.taken === undefined && step < 40_000; step += 1) {
      if (step % 100 === 99) network.restart(Math.floor(step / 100) % 4);
      network.step();
    }
    expect(network.taken).toBeDefined();
    network.run(40_000);
    checkSaidOnce(network);
  });

  it('takes two proposals of one convener as evidence, and signs one at most', () => {
    const network = new KeyGenNetwork({ seed, weights: FOUR, model: true });
    const other: Fault = (said) =>
      said.kind === 'certificate.proposal' ? [said, { ...said, body: { ...said.body, threshold: 2 } }] : [said];
    const convener = network.members.findIndex(({ key }) => key === convenerOf(network.row(), 0, []));
    network.member(convener).fault = other;
    network.run();
    expect(network.evidence()).toEqual(expect.arrayContaining([expect.stringMatching(/^certificate\./)]));
    expect(network.taken).toBeDefined();
    checkSaidOnce(network);
  });

  it.each([
    ['keygen.conflict', 'keygen.commitments', { commitments: '0x01' }],
    ['keygen.conflict', 'keygen.shares', { shares: { 1: '0x01' } }],
    ['musig.conflict', 'musig.commitment', { commitment: `0x${'01'.repeat(64)}` }],
    ['musig.conflict', 'musig.share', { share: `0x${'01'.repeat(32)}` }],
  ])('takes two words of one member as evidence, as %s, and has its keys all the same: %s', (code, kind, other) => {
    const network = new KeyGenNetwork({ seed, weights: FOUR, model: true });
    network.member(seed % 4).fault = (said) =>
      said.kind === kind ? [said, { ...said, body: { ...said.body, ...other } } as typeof said] : [said];
    network.run(20_000);
    expect(new Set(network.evidence())).toContain(code);
    expect(network.taken).toBeDefined();
    checkSaidOnce(network);
  });
});

describe.each(SEEDS)('unequal weights (SEED=%i)', (seed) => {
  it('number the shares of who remains anew, under the threshold of all', () => {
    const network = new KeyGenNetwork({ seed, weights: [3, 1, 2, 4], model: true });
    network.member(2).fault = silent;
    network.run();
    checkKeys(network, keysOf(network, 2));
    expect(network.setOf(0)).toMatchObject({ n: 8, t: 7 });
    expect(network.setOf(3).mine).toEqual([5, 6, 7, 8]);
  });

  it('leave out two of seven that fail at different steps', () => {
    const network = new KeyGenNetwork({ seed, weights: [1, 1, 1, 1, 1, 1, 1], model: true });
    network.member(seed % 7).fault = silent;
    network.member((seed + 3) % 7).fault = silentAt('musig.share');
    network.run(20_000);
    checkKeys(network, keysOf(network, seed % 7, (seed + 3) % 7));
  });
});

describe('a proposal', () => {
  const network = new KeyGenNetwork({ seed: 5, weights: FOUR });
  const keys = network.members.map(({ key }) => key);
  const members = keys.map((validator, at) => ({ validator, participants: [at + 1] }));
  const row: SetRow = {
    set: { network: 'Bitcoin', session: 0 },
    anchor: { number: 1, hash: `0x${'22'.repeat(32)}` },
    members,
    n: 4,
    t: 3,
    mine: [1],
    state: 'keygen',
  };
  const removed = keys.slice(3);
  const convener = convenerOf(row, 1, removed) ?? '0x';

  it('stands only if it is of the drawn convener, and what the chain allows', () => {
    const party = partyWithout(row, 1, removed);
    expect(mayBeProposed(row, convener, party)).toBe(true);
    expect(removed).not.toContain(convener);
    for (const other of keys.filter((key) => key !== convener)) expect(mayBeProposed(row, other, party)).toBe(false);
    expect(mayBeProposed(row, convener, { ...party, threshold: 2 })).toBe(false);
    expect(mayBeProposed(row, convener, { ...party, members: party.members.slice(1) })).toBe(false);
    expect(mayBeProposed(row, convener, { ...party, removed: [] })).toBe(false);
    expect(mayBeProposed(row, convener, { ...party, members: [...members].reverse() })).toBe(false);
    expect(mayBeProposed(row, convener, { ...party, anchor: { number: 2, hash: row.anchor.hash } })).toBe(false);
  });

  it('leaves out nobody in the first attempt, and never so many that too few key shares remain', () => {
    const all = (attempt: number, out: readonly Hex[]): boolean =>
      keys.some((from) => mayBeProposed(row, from, partyWithout(row, attempt, out)));
    expect([all(0, []), all(0, removed), all(1, removed), all(1, keys.slice(2))]).toEqual([true, false, true, false]);
  });

  it('is not signed in an odd attempt where it leaves out who owes nothing', () => {
    const seen = new KeyGenNetwork({ seed: 6, weights: FOUR });
    const [convener, victim, silentOne] = roles(seen.row(), 1);
    // One member is silent; the convener of the next attempt leaves out another one instead.
    for (const member of seen.members) {
      if (member.key === silentOne) member.fault = silent;
      if (member.key === convener)
        member.fault = (said) =>
          said.kind === 'certificate.proposal' && said.body.id.attempt === 1
            ? [{ ...said, body: partyWithout(seen.row(), 1, [victim]) }]
            : [said];
    }
    seen.run(20_000);
    const voters = seen.said.filter(({ body }) => body.kind === 'certificate.vote' && body.body.id.attempt === 1).map(({ from }) => from);
    expect(voters.filter((from) => from !== convener)).toEqual([]);
    expect(seen.taken).toBeDefined();
    checkSaidOnce(seen);
  });
});

describe('a convener', () => {
  it('that proposes two parties, both of which could stand, has one signed by each member at most', () => {
    const network = new KeyGenNetwork({ seed: 9, weights: FOUR });
    const [convener, , silentOne] = roles(network.row(), 1);
    for (const member of network.members) {
      if (member.key === silentOne) member.fault = silent;
      if (member.key === convener)
        member.fault = (said) =>
          said.kind === 'certificate.proposal' && said.body.id.attempt === 1
            ? [[], [silentOne]].map((out) => ({ ...said, body: partyWithout(network.row(), 1, out) }))
            : [said];
    }
    network.run(20_000);
    expect(network.evidence()).toContain('certificate.conflict');
    expect(network.taken).toBeDefined();
    checkSaidOnce(network);
  });
});

/** The convener of an attempt without the last of its draw, somebody else, and that last one. */
const roles = (row: SetRow, attempt: number): readonly [convener: Hex, victim: Hex, silentOne: Hex] => {
  const keys = row.members.map(({ validator }) => validator);
  const drawn: Hex[] = [];
  for (let next = convenerOf(row, attempt, drawn); next !== undefined; next = convenerOf(row, attempt, drawn)) drawn.push(next);
  const [convener = '0x', , victim = '0x', silentOne = '0x'] = drawn;
  expect(drawn).toHaveLength(keys.length);
  return [convener, victim, silentOne];
};
