import { describe, expect, it } from 'vitest';
import { convenerOf } from '../../../src/domain/crypto/keyGenParty.ts';
import { KeyGenNetwork } from '../../support/keyGenNetwork.ts';
import { checkSaidOnce } from '../../support/neverTwice.ts';

const SEEDS = process.env['SEED'] === undefined ? [1, 2, 3, 4] : [Number(process.env['SEED'])];
const SEVEN = [1, 1, 1, 1, 1, 1, 1];

/** Two of seven keep a kind of word from two others, for as long as it takes. */
const withheld = (seed: number, kind: string): KeyGenNetwork => {
  const network = new KeyGenNetwork({ seed, weights: SEVEN, model: true });
  const convener = network.members.findIndex(({ key }) => key === convenerOf(network.row(), 0, []));
  const liars = [convener, (convener + 1) % 7];
  const victims = new Set([2, 3].map((after) => network.member((convener + after) % 7).key));
  for (const liar of liars) network.member(liar).fault = (said, to) => (said.kind === kind && victims.has(to) ? [] : [said]);
  network.run(3_000);
  return network;
};

describe.each(SEEDS)('a minority that withholds from some members (SEED=%i)', (seed) => {
  it.each([
    'certificate.proposal',
    'certificate.vote',
    'keygen.commitments',
    'keygen.shares',
    'musig.commitment',
    'musig.share',
  ])('its %s gets none of them removed', (kind) => {
    const network = withheld(seed, kind);
    expect(network.taken).toBeDefined();
    const honest = network.members.filter(({ fault }) => fault === undefined).map(({ key }) => key);
    expect(network.taken?.removed.filter((key) => honest.includes(key))).toEqual([]);
    checkSaidOnce(network);
  });
});
