import { describe, expect, it } from 'vitest';
import { convenerOf } from '../../../src/domain/crypto/keyGenParty.ts';
import type { PeerBody } from '../../../src/domain/crypto/peerBodies.ts';
import type { Hex } from '../../../src/domain/hex.ts';
import { type Fault, KeyGenNetwork } from '../../support/keyGenNetwork.ts';
import { checkSaidOnce } from '../../support/neverTwice.ts';

const SEEDS = process.env['SEED'] === undefined ? [1, 2] : [Number(process.env['SEED'])];
const SEVEN = [1, 1, 1, 1, 1, 1, 1];

/** As many as may be of seven lie, the first convener among them; `lie` is told whom they are against. Returns those that the chain removed. */
const removedBy = (seed: number, lie: (victims: ReadonlySet<Hex>, keys: readonly Hex[]) => Fault): { honest: Hex[]; lying: Hex[] } => {
  const network = new KeyGenNetwork({ seed, weights: SEVEN, model: true });
  const convener = network.members.findIndex(({ key }) => key === convenerOf(network.row(), 0, []));
  const victims = new Set([2, 3].map((after) => network.member((convener + after) % 7).key));
  const keys = network.members.map(({ key }) => key);
  for (const after of [0, 1]) network.member((convener + after) % 7).fault = lie(victims, keys);
  network.run(3_000);
  expect(network.taken).toBeDefined();
  checkSaidOnce(network);
  const liars = network.members.filter(({ fault }) => fault !== undefined).map(({ key }) => key);
  const removed = network.taken?.removed ?? [];
  return { honest: removed.filter((key) => !liars.includes(key)), lying: removed.filter((key) => liars.includes(key)) };
};

/** The same word with something else in it. */
const other = (said: PeerBody): PeerBody => {
  if (said.kind === 'keygen.commitments') return { ...said, body: { ...said.body, commitments: `0x${'ab'.repeat(32)}` } };
  if (said.kind === 'musig.commitment') return { ...said, body: { ...said.body, commitment: `0x${'cd'.repeat(64)}` } };
  return said;
};

describe.each(SEEDS)('an honest member is not removed (SEED=%i)', (seed) => {
  it.each(['certificate.proposal', 'certificate.vote', 'keygen.commitments', 'keygen.shares', 'musig.commitment', 'musig.share'])(
    'because a minority keeps its %s from it',
    (kind) => {
      const { honest } = removedBy(seed, (victims) => (said, to) => (said.kind === kind && victims.has(to) ? [] : [said]));
      expect(honest).toEqual([]);
    },
  );

  it.each(['keygen.commitments', 'musig.commitment'])('because a minority tells it another %s, and whoever did is', (kind) => {
    const { honest, lying } = removedBy(seed, (victims) => (said, to) => (said.kind === kind && victims.has(to) ? [other(said)] : [said]));
    expect(honest).toEqual([]);
    expect(lying).toHaveLength(2);
  });

  it('because a minority says that it lacks its shares, and goes no further', () => {
    const { honest, lying } = removedBy(seed, (_, keys) => (said) => {
      if (said.kind === 'keygen.lack') return [{ ...said, body: { ...said.body, shares: [...keys] } }];
      return said.kind === 'musig.commitment' ? [] : [said];
    });
    expect(honest).toEqual([]);
    expect(lying).toHaveLength(2);
  });

  it('because a minority shows the shares it kept to some of the others only', () => {
    const { honest } = removedBy(seed, (victims, keys) => (said, to) => {
      const hears = !victims.has(to) && keys.indexOf(to) % 2 === 0;
      return said.kind === 'keygen.shares' && victims.has(to) ? [] : said.kind === 'keygen.relay' && !hears ? [] : [said];
    });
    expect(honest).toEqual([]);
  });
});
