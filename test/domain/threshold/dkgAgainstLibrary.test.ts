import { randomBytes } from 'node:crypto';
import { ristretto255 } from '@noble/curves/ed25519.js';
import { expect, it } from 'vitest';
import { type DkgSecret, dkgBegin, dkgFinish, dkgShares } from '../../../src/domain/threshold/dkg.ts';
import { frost, identifierOf } from '../../../src/domain/threshold/suite.ts';

const { Point } = ristretto255;
const { Fn } = Point;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** The state the library would have after its round 1 with the same coefficients. */
const librarySecret = ({ index, t, n, coefficients }: DkgSecret): Parameters<typeof frost.DKG.round2>[0] => {
  const scalars = coefficients.map((each) => Fn.fromBytes(each));
  const commitment = scalars.map((each) => Uint8Array.from(Point.BASE.multiply(each).toBytes()));
  return { identifier: BigInt(index), coefficients: scalars, commitment, signers: { min: t, max: n }, step: 1 };
};

it.each([
  [2, 2],
  [2, 3],
  [3, 4],
  [5, 7],
])('rounds 2 and 3 come to what the library comes to, %i of %i', (t, n) => {
  const begun = Array.from({ length: n }, (_, at) => dkgBegin({ index: at + 1, t, n }, random));
  const messages = new Map(begun.map(({ secret, message }) => [secret.index, message]));
  const parsed = begun.map(({ secret: { index }, message }) => ({
    identifier: identifierOf(index),
    commitment: Array.from({ length: t }, (_, power) => Uint8Array.from(message.subarray(32 * power, 32 * power + 32))),
    proofOfKnowledge: Uint8Array.from(message.subarray(32 * t)),
  }));
  const dealt = begun.map(({ secret }) => dkgShares(secret, messages));
  const states = begun.map(({ secret }) => librarySecret(secret));
  const theirs = states.map((state, at) =>
    frost.DKG.round2(
      state,
      parsed.filter((_, other) => other !== at),
    ),
  );
  for (const [at, { secret }] of begun.entries()) {
    const given = new Map(
      dealt.flatMap((shares, from) => (from === at ? [] : [[from + 1, shares.get(at + 1) ?? new Uint8Array()] as const])),
    );
    for (const [from, share] of given) expect(share).toEqual(Uint8Array.from(theirs[from - 1]?.[identifierOf(at + 1)]?.signingShare ?? []));
    const ours = dkgFinish(secret, messages, given);
    const state = states[at];
    if (state === undefined) throw new Error('there is no state');
    const key = frost.DKG.round3(
      state,
      parsed.filter((_, other) => other !== at),
      [...given].map(([from, share]) => ({ identifier: identifierOf(from), signingShare: Uint8Array.from(share) })),
    );
    expect(ours.groupKey).toEqual(Uint8Array.from(key.public.commitments[0] ?? []));
    expect(ours.secretShare).toEqual(Uint8Array.from(key.secret.signingShare));
    for (const [index, share] of ours.verifyingShares)
      expect(share).toEqual(Uint8Array.from(key.public.verifyingShares[identifierOf(index)] ?? []));
  }
});
