import { randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { sr25519Verify } from '@polkadot/util-crypto';
import { describe, expect, it } from 'vitest';
import { dkgBegin, dkgFinish, dkgShares, type KeyShare } from '../../../src/domain/threshold/dkg.ts';
import { aggregate, makeNonces, type SigningRound, signShare, verifyShare } from '../../../src/domain/threshold/suite.ts';
import { ThresholdError } from '../../../src/domain/threshold/thresholdError.ts';
import { choose, generate } from './keys.ts';

const message = utf8ToBytes('pay 1 BTC');

const signWith = (
  party: readonly KeyShare[],
  text = message,
): { round: SigningRound; shares: Map<number, Uint8Array>; signature: Uint8Array } => {
  const [first] = party;
  if (first === undefined) throw new Error('an empty party');
  const nonces = party.map(() => makeNonces(randomBytes));
  const round: SigningRound = {
    key: first,
    message: text,
    commitments: new Map(party.map(({ index }, at) => [index, nonces[at]?.commitment ?? new Uint8Array()])),
  };
  const shares = new Map(
    party.map(({ index, secretShare }, at) => {
      const own = nonces[at]?.nonces;
      if (own === undefined) throw new Error('no nonces');
      return [index, signShare(round, index, secretShare, own)];
    }),
  );
  return { round, shares, signature: aggregate(round, shares) };
};

const thrown = (act: () => unknown): ThresholdError => {
  try {
    act();
  } catch (error) {
    if (error instanceof ThresholdError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('a generated key', () => {
  it.each([
    [3, 4],
    [1, 1],
    [2, 2],
  ])('signs with every %i of %i as sr25519 verifies it', (t, n) => {
    const keys = generate(t, n);
    const groupKeys = new Set(keys.map(({ groupKey }) => Buffer.from(groupKey).toString('hex')));
    expect(groupKeys.size).toBe(1);
    for (const party of choose(keys, t)) {
      const { signature, round } = signWith(party);
      expect(sr25519Verify(message, signature, round.key.groupKey)).toBe(true);
      expect((signature[63] ?? 0) & 0x80).toBe(0x80);
      expect(sr25519Verify(utf8ToBytes('pay 2 BTC'), signature, round.key.groupKey)).toBe(false);
    }
  });

  it('signs with some of the fives of seven', () => {
    const keys = generate(5, 7);
    for (const party of choose(keys, 5).filter((_, at) => at % 6 === 0)) {
      const { signature, round } = signWith(party);
      expect(sr25519Verify(message, signature, round.key.groupKey)).toBe(true);
    }
  });

  it('names who sent a wrong share', () => {
    const { round, shares } = signWith(generate(3, 4).slice(1));
    const wrong = new Map([...shares, [3, shares.get(2) ?? new Uint8Array()]]);
    expect(thrown(() => aggregate(round, wrong))).toMatchObject({ code: 'threshold.invalid-share', culprits: [3] });
    expect(verifyShare(round, 2, shares.get(2) ?? new Uint8Array())).toBe(true);
    expect(verifyShare(round, 3, shares.get(2) ?? new Uint8Array())).toBe(false);
  });

  it('refuses nonces that were used', () => {
    for (const key of [generate(1, 1), generate(2, 2)]) {
      const nonces = key.map(() => makeNonces(randomBytes));
      const [first] = key;
      const own = nonces[0]?.nonces;
      if (first === undefined || own === undefined) throw new Error('no key');
      const round = { key: first, message, commitments: new Map(nonces.map(({ commitment }, at) => [at + 1, commitment])) };
      signShare(round, 1, first.secretShare, own);
      expect(thrown(() => signShare(round, 1, first.secretShare, own)).code).toBe('threshold.invalid-input');
    }
  });
});

describe('key generation', () => {
  const begin = (): { secrets: ReturnType<typeof dkgBegin>['secret'][]; messages: Map<number, Uint8Array> } => {
    const begun = [1, 2, 3].map((index) => dkgBegin({ index, t: 3, n: 3 }, randomBytes));
    return { secrets: begun.map(({ secret }) => secret), messages: new Map(begun.map(({ message: each }, at) => [at + 1, each])) };
  };

  it('names who cannot prove knowledge of its secret', () => {
    const { secrets, messages } = begin();
    const [secret] = secrets;
    if (secret === undefined) throw new Error('no secret');
    const wrong = Uint8Array.from(messages.get(2) ?? []);
    wrong[150] = (wrong[150] ?? 0) ^ 1;
    expect(thrown(() => dkgShares(secret, new Map([...messages, [2, wrong]])))).toMatchObject({
      code: 'threshold.invalid-commitments',
      culprits: [2],
    });
  });

  it('names who sent a share that is not of its polynomial', () => {
    const { secrets, messages } = begin();
    const [own, , third] = secrets;
    if (own === undefined || third === undefined) throw new Error('no secret');
    const right = dkgShares(third, messages);
    const shares = new Map([
      [2, right.get(1) ?? new Uint8Array()],
      [3, right.get(1) ?? new Uint8Array()],
    ]);
    expect(thrown(() => dkgFinish(own, messages, shares))).toMatchObject({ code: 'threshold.invalid-share', culprits: [2] });
  });

  it('does the same again from the same secret', () => {
    const { secrets, messages } = begin();
    const [own] = secrets;
    if (own === undefined) throw new Error('no secret');
    expect(dkgShares(own, messages)).toEqual(dkgShares(own, messages));
  });

  it('refuses parameters that no set has', () => {
    expect(thrown(() => dkgBegin({ index: 1, t: 1, n: 2 }, randomBytes)).code).toBe('threshold.bad-parameters');
    expect(thrown(() => dkgBegin({ index: 3, t: 2, n: 2 }, randomBytes)).code).toBe('threshold.bad-parameters');
  });
});
