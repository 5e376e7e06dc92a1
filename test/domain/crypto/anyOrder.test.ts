import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestBytes, digestOf } from '../../../src/domain/crypto/digest.ts';
import { fromHex, type Hex } from '../../../src/domain/hex.ts';
import { thresholdOf, WINDOW } from '../../../src/domain/party/window.ts';
import type { PeerMessage } from '../../../src/domain/peers/peerMessage.ts';
import type { SignId } from '../../../src/domain/processor/ids.ts';
import type { Crash } from '../../support/crash.ts';
import { KeyGenNetwork } from '../../support/keyGenNetwork.ts';
import { checkKeys, checkSaidOnce, checkSignedOnce, signedOf } from '../../support/neverTwice.ts';
import { type Fault, modelPreprocess, modelShare, SigningNetwork } from '../../support/signingNetwork.ts';

const SEED = Number(process.env['SEED'] ?? 1);
const runs = (numRuns: number): { readonly seed: number; readonly numRuns: number } => ({ seed: SEED, numRuns });

const FOUR = [1, 1, 1, 1];
const ID: SignId = { set: { network: 'Bitcoin', session: 0 }, kind: 'batch', id: '0', attempt: 0 };

const crashOf = (member: number, most: number): fc.Arbitrary<Crash> =>
  fc.record({
    member: fc.constant(member),
    side: fc.constantFrom('coordinator', 'processor'),
    step: fc.integer({ min: 1, max: most }),
    when: fc.constantFrom('before', 'after'),
  });

/** A chain on which validator 0 is of the party of the attempt. */
const CHAIN = 4;

/** What is signed in the attempt, and by whom, where all are there. */
const { digest: DIGEST, party: PARTY } = ((): { readonly digest: Hex; readonly party: readonly number[] } => {
  const network = new SigningNetwork({ seed: CHAIN, weights: FOUR });
  network.sign(ID.id);
  network.until(() => network.signedBy(ID.id) === 4, 10);
  const [signed] = signedOf(network);
  return { digest: digestBytes(fromHex(signed?.message ?? '0x')), party: signed?.party ?? [] };
})();

/** Validator 0 and its processor, and what the other two of the party say to it: preprocesses, shares, and another preprocess of the first. */
const alone = (
  order: number,
  crash?: Crash,
): { readonly network: SigningNetwork; readonly words: PeerMessage[]; readonly other: PeerMessage } => {
  const faults = { 1: 'away', 2: 'away', 3: 'away' } as const;
  const network = new SigningNetwork({ seed: CHAIN, order, weights: FOUR, faults, ...(crash === undefined ? {} : { crash }) });
  network.sign(ID.id);
  const map = Object.fromEntries(PARTY.map((share) => [String(share), modelPreprocess(network.members[share - 1]?.key ?? '0x', 1, share)]));
  const preprocess = (share: number, bytes: Hex): PeerMessage =>
    network.signed(share - 1, 0, { kind: 'sign.preprocesses', body: { id: ID, digest: DIGEST, preprocesses: { [share]: bytes } } });
  const share = (of: number): PeerMessage => {
    const shares = { [of]: modelShare(map[of], digestOf(map)) };
    return network.signed(of - 1, 0, { kind: 'sign.shares', body: { id: ID, digest: DIGEST, map: digestOf(map), shares } });
  };
  const others = PARTY.filter((each) => each !== 1);
  const words = [...others.map((each) => preprocess(each, map[each] ?? '0x')), ...others.map(share)];
  return { network, words, other: preprocess(others[0] ?? 0, '0x02') };
};

const hear = (network: SigningNetwork, words: readonly PeerMessage[]): void => {
  for (const word of words) network.say(0, word);
  network.settle();
  checkSignedOnce(network);
  // One preprocess serves for one map at most; the processor throws where it would serve for another.
  expect(network.used.size).toBeLessThanOrEqual(1);
};

const codesOf = (network: SigningNetwork): string[] =>
  network.reported('serai.report.evidence.v1').map(({ data }) => (data as { readonly code: string }).code);

/** The places of four words in any order, some of them again. */
const anyOrder = fc
  .tuple(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 }), fc.array(fc.nat(3), { maxLength: 4 }))
  .chain(([all, again]) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }));

const pick = (words: readonly PeerMessage[], places: readonly number[]): PeerMessage[] => places.flatMap((place) => words[place] ?? []);

describe('a signature, of one validator, from words of the others', () => {
  it('is the same in any order, however often they come', () => {
    fc.assert(
      fc.property(fc.nat(), anyOrder, (order, places) => {
        const { network, words } = alone(order);
        hear(network, pick(words, places));
        expect(network.signedBy(ID.id)).toBe(1);
        expect(codesOf(network)).toEqual([]);
      }),
      runs(100),
    );
  });

  it('is not made while one of them is missing', () => {
    fc.assert(
      fc.property(fc.nat(), anyOrder, fc.nat(3), (order, places, lost) => {
        const { network, words } = alone(order);
        hear(
          network,
          pick(
            words,
            places.filter((place) => place !== lost),
          ),
        );
        expect(network.signedBy(ID.id)).toBe(0);
        hear(network, pick(words, [lost]));
        expect(network.signedBy(ID.id)).toBe(1);
      }),
      runs(100),
    );
  });

  it('stands, or its processor abstains, where a process dies', () => {
    fc.assert(
      fc.property(fc.nat(), anyOrder, crashOf(0, 10), (order, places, crash) => {
        const { network, words } = alone(order, crash);
        hear(network, pick(words, places));
        const abstains = network.reported('serai.report.abstain.v1').length > 0;
        expect({ signed: network.signedBy(ID.id) === 1, abstains }).toEqual({ signed: !abstains, abstains });
        if (crash.side === 'coordinator') expect(abstains).toBe(false);
        expect(codesOf(network)).toEqual([]);
      }),
      runs(200),
    );
  });

  it('stands only on the first word of who speaks with two tongues, which is proven', () => {
    fc.assert(
      fc.property(fc.nat(), anyOrder, fc.nat(8), (order, places, at) => {
        const { network, words, other } = alone(order);
        const said = pick(words, places);
        const place = Math.min(at, said.length);
        hear(network, [...said.slice(0, place), other, ...said.slice(place)]);
        const first = said.slice(0, place).includes(words[0] as PeerMessage);
        expect(network.signedBy(ID.id)).toBe(first ? 1 : 0);
        // What comes when all is signed is not looked at any more.
        if (!first) expect(codesOf(network)).toContain('sign.conflict');
      }),
      runs(100),
    );
  });
});

const weights = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 });

describe('a key generation', () => {
  it('comes to the same keys in any order', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), weights, (seed, order, other, each) => {
        const [one, two] = [order, other].map((of) => {
          const network = new KeyGenNetwork({ seed, order: of, weights: each, model: true });
          network.run();
          checkKeys(network, []);
          return network.taken;
        });
        expect(one?.keyPair).toEqual(two?.keyPair);
      }),
      runs(25),
    );
  });

  it('comes to keys though processes die at any time and deadlines pass under way, and nobody says two things', () => {
    const deaths = fc.array(fc.tuple(fc.nat(400), fc.nat(4)), { maxLength: 12 });
    fc.assert(
      fc.property(fc.nat(), weights, fc.double({ min: 0, max: 0.3, noNaN: true }), deaths, (seed, each, hurry, dead) => {
        const network = new KeyGenNetwork({ seed, weights: each, hurry, model: true });
        for (let step = 0; network.taken === undefined && step < 60_000; step += 1) {
          for (const [at, member] of dead) if (at === step) network.restart(member % each.length);
          network.step();
        }
        expect(network.taken).toBeDefined();
        checkSaidOnce(network);
      }),
      runs(25),
    );
  });
});

describe('a whole set', () => {
  it('signs everything, once, whoever is at fault up to n − t key shares and however messages come', () => {
    const kinds = fc.constantFrom<Fault>('away', 'silent', 'invalid', 'two-faced', 'lying');
    const set = fc.constantFrom(4, 7).chain((n) =>
      fc.record({
        n: fc.constant(n),
        at: fc.nat(n - 1),
        faults: fc.array(kinds, { maxLength: n - thresholdOf(n) }),
        late: fc.double({ min: 0, max: 0.3, noNaN: true }),
        crashes: fc.double({ min: 0, max: 0.005, noNaN: true }),
        skew: fc.nat(3),
        hurry: fc.double({ min: 0, max: 0.01, noNaN: true }),
        seed: fc.nat(),
      }),
    );
    fc.assert(
      fc.property(set, ({ n, at, faults, ...rough }) => {
        const network = new SigningNetwork({
          ...rough,
          weights: Array.from({ length: n }, () => 1),
          faults: Object.fromEntries(faults.map((fault, place) => [(at + place) % n, fault])),
        });
        for (const id of ['0', '1']) network.sign(id);
        network.until(() => ['0', '1'].every((id) => network.signedBy(id) === network.honest.length), 150 * WINDOW);
        checkSignedOnce(network);
      }),
      runs(25),
    );
  });
});
