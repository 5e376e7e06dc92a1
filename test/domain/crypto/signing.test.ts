import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/domain/crypto/digest.ts';
import type { Hex } from '../../../src/domain/hex.ts';
import { WINDOW, windowOf } from '../../../src/domain/party/window.ts';
import type { SignId } from '../../../src/domain/processor/ids.ts';
import { checkSignedOnce, signedOf } from '../../support/neverTwice.ts';
import { type Fault, SigningNetwork, type SigningNetworkOptions } from '../../support/signingNetwork.ts';

const SEEDS = process.env['SEED'] === undefined ? [1, 2, 3] : [Number(process.env['SEED'])];

/** Signs `count` things and returns the windows it took, one for each. */
const run = (options: SigningNetworkOptions, count = 2, most = 60): number[] => {
  const network = new SigningNetwork(options);
  for (let id = 0; id < count; id += 1) network.sign(String(id));
  network.until(
    () => Array.from({ length: count }, (_, id) => network.signedBy(String(id))).every((signed) => signed === network.honest.length),
    most * WINDOW,
  );
  checkSignedOnce(network);
  return Array.from({ length: count }, (_, id) =>
    Math.min(
      ...signedOf(network)
        .filter((signed) => signed.id.id === String(id))
        .map((signed) => windowOf(signed.id.attempt)),
    ),
  );
};

const equal = (n: number): number[] => Array.from({ length: n }, () => 1);

/** The first members of a set misbehave. */
const failing = (count: number, fault: Fault): Record<number, Fault> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [index, fault]));

describe.each(SEEDS)('signing (SEED=%i)', (seed) => {
  it.each([1, 4, 7, 13])('takes the first window where all %i are there', (n) => {
    expect(run({ seed, weights: equal(n) }, 3)).toEqual([0, 0, 0]);
  });

  it('counts key shares, not validators', () => {
    expect(run({ seed, weights: [5, 1, 3, 1, 2] }, 2)).toEqual([0, 0]);
    run({ seed, weights: [5, 4, 4, 1], faults: { 1: 'away' } }, 2);
  });

  it.each(['away', 'silent', 'invalid', 'two-faced', 'lying'] as const)('is done in the end with as many members %s as may be', (fault) => {
    for (const n of [4, 7, 13]) run({ seed, weights: equal(n), faults: failing(n - (Math.floor((2 * n) / 3) + 1), fault) });
  });

  it('is done in the end though readies come that leave no room for others in a proposal', () => {
    const faults = { 0: 'away', 1: 'padded', 2: 'padded', 3: 'away' } as const;
    expect(Math.max(...run({ seed, weights: equal(13), faults }, 3))).toBeGreaterThan(0);
  });

  it('is done in the end though messages come twice, heads differ and processes die', () => {
    run({ seed, weights: equal(7), late: 0.2, skew: 3, crashes: 0.01, hurry: 0.01, faults: { 0: 'away', 3: 'silent' } }, 3, 120);
  });

  it('is not done, and nothing is signed twice, with one member too many at fault', () => {
    const network = new SigningNetwork({ seed, weights: equal(4), faults: { 0: 'away', 1: 'away' }, late: 0.3, skew: 2, hurry: 0.01 });
    network.sign('0');
    expect(() => {
      network.until(() => network.signedBy('0') > 0, 12 * WINDOW);
    }).toThrow(`SEED=${String(seed)}`);
    checkSignedOnce(network);
  });
});

describe('after a time away', () => {
  it('nothing is begun of what is over, and the first window that is of now is joined', () => {
    const network = new SigningNetwork({ seed: 2, weights: equal(4) });
    network.liveFrom = 60;
    network.sign('0');
    network.until(() => network.signedBy('0') === 4, 80);
    const begun = network
      .reported('serai.report.attempt.v1')
      .map(({ data }) => windowOf((data as unknown as { readonly id: SignId }).id.attempt));
    expect(Math.min(...begun)).toBe(6);
    checkSignedOnce(network);
  });
});

describe('evidence', () => {
  it('holds the two signed words of who speaks with two tongues', () => {
    const network = new SigningNetwork({ seed: 1, weights: equal(4) });
    network.sign('0');
    const id: SignId = { set: { network: 'Bitcoin', session: 0 }, kind: 'batch', id: '0', attempt: 0 };
    const word = (preprocess: Hex) =>
      network.signed(1, 0, { kind: 'sign.preprocesses', body: { id, digest: `0x${'11'.repeat(32)}`, preprocesses: { '2': preprocess } } });
    network.say(0, word('0x01'));
    network.say(0, word('0x02'));
    network.until(() => network.reported('serai.report.evidence.v1').length > 0, WINDOW);
    const [evidence] = network.reported('serai.report.evidence.v1');
    expect(evidence?.data).toMatchObject({ code: 'sign.conflict', evidence: { id, messages: [word('0x01'), word('0x02')] } });
    expect(digestOf(evidence?.data)).toMatch(/^0x/);
  });
});
