import { describe, expect, it } from 'vitest';
import { keyGenStart } from '../../../src/domain/crypto/keyGenClock.ts';
import type { PeerBody } from '../../../src/domain/crypto/peerBodies.ts';
import { report } from '../../../src/domain/crypto/reports.ts';
import { keyGens } from '../../../src/domain/crypto/rows.ts';
import type { Hex } from '../../../src/domain/hex.ts';
import type { PeerMessage } from '../../../src/domain/peers/peerMessage.ts';
import { type Fault, KeyGenNetwork, type NetworkOptions, SET } from '../../support/keyGenNetwork.ts';
import { publicOf, secretOf } from '../../support/modelProcessor.ts';
import { checkKeys, checkSaidOnce } from '../../support/neverTwice.ts';

const SEEDS = process.env['SEED'] === undefined ? [1, 2, 3, 4] : [Number(process.env['SEED'])];
const FOUR = [1, 1, 1, 1];
const SEVEN = [1, 1, 1, 1, 1, 1, 1];

const keysOf = (network: KeyGenNetwork, ...at: readonly number[]): Hex[] => at.map((place) => network.member(place).key);

/** Sends shares that nobody can use to these members, right ones to the others. */
const wrongSharesFor =
  (...victims: readonly Hex[]): Fault =>
  (said, to) => {
    if (said.kind !== 'keygen.shares' || !victims.includes(to)) return [said];
    const shares = Object.fromEntries(Object.keys(said.body.shares).map((share) => [share, `0x${'ee'.repeat(32)}` as const]));
    return [{ ...said, body: { ...said.body, shares } }];
  };

const modelOf = (seed: number, weights: readonly number[], more: Partial<NetworkOptions> = {}): KeyGenNetwork =>
  new KeyGenNetwork({ seed, weights, model: true, ...more });

/** Whom members reported as guilty, by who reported. */
const blamedBy = (network: KeyGenNetwork): Map<Hex, Set<Hex | null>> => {
  const blamed = new Map<Hex, Set<Hex | null>>();
  for (const { type, data, by } of network.reports) {
    const read = report.safeParse({ type, data });
    if (read.success && read.data.type === 'serai.report.blame.v1')
      blamed.set(by, new Set([...(blamed.get(by) ?? []), read.data.data.validator]));
  }
  return blamed;
};

const blamesSaid = (network: KeyGenNetwork): { readonly from: Hex; readonly to: Hex; readonly body: PeerBody }[] =>
  network.said.filter(({ body }) => body.kind === 'keygen.blame');

describe.each(SEEDS)('wrong shares for one member alone (SEED=%i)', (seed) => {
  const [faulty, victim] = [seed % 4, (seed + 1) % 4];

  it('have their sender removed, and not their receiver', () => {
    const network = modelOf(seed, FOUR);
    network.member(faulty).fault = wrongSharesFor(...keysOf(network, victim));
    network.run();
    checkKeys(network, keysOf(network, faulty));
    expect(network.height).toBeLessThan(keyGenStart(0, 2));
    const guilty = new Set(keysOf(network, faulty));
    for (const { key, fault } of network.members) if (fault === undefined) expect(blamedBy(network).get(key)).toEqual(guilty);
    expect(network.member(victim).processor.revealed).toEqual([0]);
    expect(network.evidence()).toEqual([]);
  });

  it.each([19, 30, 41, 46, 49].flatMap((kept) => [0, 0.05].map((hurry) => ({ kept, hurry }))))(
    'do so where they come with commitments kept back until block $kept of the attempt, links hurrying $hurry',
    ({ kept, hurry }) => {
      const network = modelOf(seed, FOUR, { hurry });
      const [liar = '0x', key = '0x'] = keysOf(network, faulty, victim);
      const id = { set: SET, attempt: 0 };
      network.member(faulty).fault = (said, to) => (said.kind === 'keygen.commitments' ? [] : wrongSharesFor(key)(said, to));
      for (let step = 0; network.height < kept && step < 20_000; step += 1) network.step();
      for (const member of network.members)
        if (member.key !== liar)
          network.say(liar, member, { kind: 'keygen.commitments', body: { id, commitments: publicOf(secretOf(id, liar)) } });
      network.run();
      checkKeys(network, [liar]);
    },
  );

  it('do so where they are for participants of somebody else, which no processor need look at', () => {
    const network = modelOf(seed, FOUR);
    const [key] = keysOf(network, victim);
    network.member(faulty).fault = (said, to) =>
      said.kind === 'keygen.shares' && to === key ? [{ ...said, body: { ...said.body, shares: { 9: '0x01' } } }] : [said];
    network.run();
    checkKeys(network, keysOf(network, faulty));
    expect(network.member(victim).processor.revealed).toEqual([]);
  });

  it('do so though members die and start again', () => {
    const network = modelOf(seed, FOUR);
    network.member(faulty).fault = wrongSharesFor(...keysOf(network, victim));
    for (let step = 0; network.taken === undefined && step < 20_000; step += 1) {
      if (step % 30 === 29) network.restart(Math.floor(step / 30) % 4);
      network.step();
    }
    network.run(20_000);
    checkKeys(network, keysOf(network, faulty));
  });

  it.each(['coordinator', 'processor'] as const)('do so where the %s of a member dies in any step', (side) => {
    for (const member of [victim, (victim + 1) % 4])
      for (
        let step = side === 'coordinator' ? 1 + (seed % 4) : 1;
        step <= (side === 'coordinator' ? 30 : 6);
        step += side === 'coordinator' ? 4 : 1
      )
        for (const when of ['before', 'after'] as const) {
          const network = modelOf(seed, FOUR, { crash: { member, side, step, when } });
          network.member(faulty).fault = wrongSharesFor(...keysOf(network, victim));
          network.run();
          checkKeys(network, keysOf(network, faulty));
        }
  });

  it('do so whatever comes first, on every draw of the order', () => {
    for (let order = 0; order < 20; order += 1) {
      const network = modelOf(seed, FOUR, { order });
      network.member(faulty).fault = wrongSharesFor(...keysOf(network, victim));
      network.run();
      checkKeys(network, keysOf(network, faulty));
    }
  });

  it('do so while blocks are made', () => {
    const network = modelOf(seed, FOUR, { hurry: 0.03 });
    network.member(faulty).fault = wrongSharesFor(...keysOf(network, victim));
    network.run(20_000);
    checkKeys(network, keysOf(network, faulty));
  });

  it('leave promises kept where deadlines pass while messages are on their way', () => {
    const network = modelOf(seed, FOUR, { hurry: 0.3 });
    network.member(faulty).fault = wrongSharesFor(...keysOf(network, victim));
    for (let step = 0; network.taken === undefined && step < 60_000; step += 1) network.step();
    expect(network.taken).toBeDefined();
    checkSaidOnce(network);
  });

  it('have no key generated with whoever told its secret', () => {
    const network = modelOf(seed, FOUR);
    network.member(faulty).fault = wrongSharesFor(...keysOf(network, victim));
    network.run();
    const [key] = keysOf(network, victim);
    const words = network.said.filter(({ from, body }) => from === key && body.kind.startsWith('musig.'));
    expect(words.some(({ body }) => 'round' in body.body && body.body.id.attempt === 0)).toBe(false);
  });
});

describe.each(SEEDS)('a false accusation (SEED=%i)', (seed) => {
  const [faulty, accused] = [seed % 4, (seed + 1) % 4];

  it('of right shares has the accuser removed', () => {
    const network = modelOf(seed, FOUR);
    const { processor } = network.member(faulty);
    [processor.slanders] = keysOf(network, accused);
    network.member(faulty).fault = (said) => [said];
    network.run();
    checkKeys(network, keysOf(network, faulty));
    for (const at of [1, 2, 3].map((after) => (faulty + after) % 4))
      expect(blamedBy(network).get(network.member(at).key)).toEqual(new Set(keysOf(network, faulty)));
  });

  it.each<[string, (said: Extract<PeerBody, { kind: 'keygen.blame' }>['body'], network: KeyGenNetwork) => object]>([
    ['with another secret', () => ({ proof: `0x${'ab'.repeat(32)}` })],
    ['without one', () => ({ proof: null })],
    ['over a message that nobody signed', ({ shares }) => ({ shares: { ...shares, body: { ...(shares.body as object), sender: 9 } } })],
    ['over shares for somebody else', ({ shares }) => ({ shares: { ...shares, to: `0x${'99'.repeat(32)}` } })],
    ['of itself', (_, network) => ({ accused: keysOf(network, faulty)[0] })],
    ['of nobody', () => ({ accused: `0x${'98'.repeat(32)}` })],
  ])('%s has the accuser removed', (_, change) => {
    const network = modelOf(seed, FOUR);
    const { processor } = network.member(faulty);
    [processor.slanders] = keysOf(network, accused);
    network.member(faulty).fault = (said) =>
      said.kind === 'keygen.blame' ? [{ ...said, body: { ...said.body, ...change(said.body, network) } }] : [said];
    network.run();
    expect(blamesSaid(network).length).toBeGreaterThan(0);
    checkKeys(network, keysOf(network, faulty));
  });

  it('told to one member only has the accuser removed', () => {
    const network = modelOf(seed, FOUR);
    const [one] = keysOf(network, (faulty + 2) % 4);
    const { processor } = network.member(faulty);
    [processor.slanders] = keysOf(network, accused);
    network.member(faulty).fault = (said, to) => (said.kind === 'keygen.blame' && to !== one ? [] : [said]);
    network.run();
    checkKeys(network, keysOf(network, faulty));
  });

  it('of who encrypted for another key, as the accuser told two, has the accuser removed', () => {
    const network = modelOf(seed, FOUR);
    const [other] = keysOf(network, accused);
    const { processor } = network.member(faulty);
    processor.slanders = other;
    network.member(faulty).fault = (said, to) =>
      said.kind === 'keygen.commitments' && to === other
        ? [{ ...said, body: { ...said.body, commitments: `0x${'cd'.repeat(32)}` } }]
        : [said];
    network.run();
    checkKeys(network, keysOf(network, faulty));
  });

  it('of who encrypted for another key, told when no time is left to find out, removes nobody else', () => {
    const network = modelOf(seed, FOUR);
    const [liar = '0x', other = '0x'] = keysOf(network, faulty, accused);
    const id = { set: SET, attempt: 0 };
    network.member(faulty).fault = (said) => (said.kind === 'keygen.commitments' ? [] : [said]);
    const later = (ready: () => boolean): void => {
      for (let step = 0; !ready() && step < 20_000; step += 1) network.step();
    };
    later(() => network.height >= 41);
    const secret = secretOf(id, liar);
    for (const member of network.members) {
      const commitments = publicOf(member.key === other ? secretOf(id, other) : secret);
      if (member.key !== liar) network.say(liar, member, { kind: 'keygen.commitments', body: { id, commitments } });
    }
    const sent = (): PeerBody | undefined =>
      network.said.find(({ from, to, body }) => from === other && to === liar && body.kind === 'keygen.shares')?.body;
    later(() => sent() !== undefined);
    const made = sent();
    if (made === undefined) throw new Error('no shares');
    const shares = network.signed(other, liar, made);
    for (const member of network.members)
      if (![liar, other].includes(member.key))
        network.say(liar, member, { kind: 'keygen.blame', body: { id, accused: other, proof: secret, shares } });
    network.run();
    for (const [, blamed] of blamedBy(network)) expect(blamed).not.toContain(other);
    checkKeys(network, [liar]);
  });

  it('of many members is heard of no more than can be at fault', () => {
    const network = modelOf(seed, FOUR);
    const word = (at: number): PeerBody => ({
      kind: 'keygen.blame',
      body: { id: { set: SET, attempt: 0 }, accused: `0x${String(10 + at).repeat(32)}`, proof: null, shares: NOT_SIGNED },
    });
    for (let at = 0; at < 50; at += 1) network.say(network.member(0).key, network.member(1), word(at));
    for (let step = 0; step < 200; step += 1) network.step();
    const row = keyGens.get(network.member(1).rows, 'Bitcoin/0/0');
    expect(Object.keys(row?.accusations ?? {})).toHaveLength(1);
    network.run();
    checkKeys(network, []);
  });
});

const NOT_SIGNED: PeerMessage = {
  kind: 'keygen.shares',
  from: `0x${'11'.repeat(32)}`,
  to: `0x${'12'.repeat(32)}`,
  genesis: `0x${'07'.repeat(32)}`,
  id: 'x',
  body: {},
  signature: `0x${'00'.repeat(64)}`,
};

describe.each(SEEDS)('more than one at fault (SEED=%i)', (seed) => {
  it('are removed of seven where both send wrong shares, to others', () => {
    const network = modelOf(seed, SEVEN);
    const [a, b] = [seed % 7, (seed + 3) % 7];
    network.member(a).fault = wrongSharesFor(...keysOf(network, (a + 1) % 7));
    network.member(b).fault = wrongSharesFor(...keysOf(network, (a + 1) % 7, (b + 1) % 7));
    network.run(20_000);
    checkKeys(network, keysOf(network, a, b));
  });

  it('are removed where one sends wrong shares, and the other accuses its victim falsely', () => {
    const network = modelOf(seed, SEVEN);
    const [a, b, victim] = [seed % 7, (seed + 3) % 7, (seed + 1) % 7];
    network.member(a).fault = wrongSharesFor(...keysOf(network, victim));
    const { processor } = network.member(b);
    [processor.slanders] = keysOf(network, victim);
    network.member(b).fault = (said) => [said];
    network.run(20_000);
    checkKeys(network, keysOf(network, a, b));
  });

  it('are seen alike by all, though one tells only one member of the other', () => {
    const network = modelOf(seed, SEVEN);
    const [a, b, one] = [seed % 7, (seed + 3) % 7, (seed + 1) % 7];
    const [hears] = keysOf(network, one);
    network.member(a).fault = wrongSharesFor(...keysOf(network, b));
    network.member(b).fault = (said, to) => (said.kind === 'keygen.blame' && to !== hears ? [] : [said]);
    network.run(20_000);
    const guilty = new Set(keysOf(network, a));
    for (const { key, fault } of network.members) if (fault === undefined) expect(blamedBy(network).get(key)).toEqual(guilty);
    checkKeys(network, keysOf(network, a));
  });

  it('are removed, one by one, with unequal weights', () => {
    const network = modelOf(seed, [3, 1, 2, 4, 3]);
    const [a, victim] = [2, (2 + 1 + (seed % 4)) % 5];
    network.member(a).fault = wrongSharesFor(...keysOf(network, victim));
    network.run(20_000);
    checkKeys(network, keysOf(network, a));
  });
});
