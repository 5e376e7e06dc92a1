import type { DKG_Round1, DKG_Secret, FrostPublic } from '@noble/curves/abstract/frost.js';
import { ristretto255 } from '@noble/curves/ed25519.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { frost, identifierOf, type Random, scalarHash, type ThresholdKey } from './suite.ts';
import { ThresholdError } from './thresholdError.ts';

const { Point } = ristretto255;
const { Fn } = Point;

/** What a participant keeps of round 1 until the key stands: 32 bytes per coefficient. Secret. */
export interface DkgSecret {
  readonly index: number;
  readonly t: number;
  readonly n: number;
  readonly coefficients: readonly Uint8Array[];
}

/** A participant's threshold key with its own secret share (32 bytes). */
export interface KeyShare extends ThresholdKey {
  readonly index: number;
  readonly secretShare: Uint8Array;
}

/** The length of a round 1 message: t points and a proof of knowledge. */
export const dkgMessageLength = (t: number): number => 32 * t + 64;

/** Round 1: a secret polynomial, and what everyone hears of it (t points of 32 bytes ‖ proof of knowledge of 64 bytes). */
export const dkgBegin = (params: { index: number; t: number; n: number }, random: Random): { secret: DkgSecret; message: Uint8Array } => {
  const { index, t, n } = params;
  // The library's FROST begins at t = 2; t = 1 is the threshold of one participant only (serai.md §b.4).
  if (index < 1 || index > n || t < 1 || t > n || (t === 1 && n > 1))
    throw new ThresholdError('threshold.bad-parameters', `no key is generated for t=${String(t)}, n=${String(n)}, i=${String(index)}`);
  const rng = (length = 32): Uint8Array<ArrayBuffer> => Uint8Array.from(random(length));
  if (n === 1) return beginAlone(rng);
  const made = frost.DKG.round1(identifierOf(index), { min: t, max: n }, undefined, rng);
  const coefficients = (made.secret.coefficients ?? []).map((each) => Fn.toBytes(each));
  return { secret: { index, t, n, coefficients }, message: concatBytes(...made.public.commitment, made.public.proofOfKnowledge) };
};

/** Round 2: the secret share for every other participant; `messages` are the round 1 messages, with or without our own. */
export const dkgShares = (secret: DkgSecret, messages: ReadonlyMap<number, Uint8Array>): ReadonlyMap<number, Uint8Array> => {
  if (secret.n === 1) return new Map();
  const made = frost.DKG.round2(librarySecret(secret), othersOf(secret, messages));
  return new Map([...messages.keys()].filter((index) => index !== secret.index).map((index) => [index, shareFor(made, index)]));
};

/** Round 3: the key, from all round 1 messages and the shares the others made for us; throws with the culprits' numbers. */
export const dkgFinish = (
  secret: DkgSecret,
  messages: ReadonlyMap<number, Uint8Array>,
  shares: ReadonlyMap<number, Uint8Array>,
): KeyShare => {
  if (secret.n === 1) return finishAlone(secret);
  const others = othersOf(secret, messages);
  const culprits = [...messages.keys()].filter(
    (index) => index !== secret.index && !shareStands(secret, messages.get(index), shares.get(index)),
  );
  if (culprits.length > 0)
    throw new ThresholdError('threshold.invalid-share', `the key shares of ${culprits.join(', ')} do not fit`, culprits);
  const round2 = [...shares]
    .filter(([index]) => index !== secret.index)
    .map(([index, share]) => ({ identifier: identifierOf(index), signingShare: Uint8Array.from(share) }));
  const state = librarySecret(secret);
  // The library keeps its round 2 inside the state; redone from the same coefficients it is the same.
  frost.DKG.round2(state, others);
  const key = frost.DKG.round3(state, others, round2);
  const { t, n, index } = secret;
  return {
    t,
    n,
    index,
    groupKey: groupKeyOf(key.public),
    verifyingShares: verifyingSharesOf(key.public, n),
    secretShare: key.secret.signingShare,
  };
};

/** Who sent a round 1 message that is malformed or does not prove knowledge of its secret. */
const invalidMessages = (secret: DkgSecret, messages: ReadonlyMap<number, Uint8Array>): number[] =>
  [...messages].filter(([index, message]) => index !== secret.index && !messageStands(secret.t, index, message)).map(([index]) => index);

const messageStands = (t: number, index: number, message: Uint8Array): boolean => {
  try {
    const { commitment, proofOfKnowledge } = parse(t, index, message);
    const points = commitment.map((each) => Point.fromBytes(each));
    if (points.some((each) => each.is0())) return false;
    const [first] = points;
    const nonce = proofOfKnowledge.subarray(0, 32);
    const challenge = scalarHash('dkg', Fn.toBytes(BigInt(index)), commitment[0] ?? new Uint8Array(), nonce);
    const response = Point.BASE.multiply(Fn.fromBytes(proofOfKnowledge.subarray(32)));
    return first !== undefined && response.equals(Point.fromBytes(nonce).add(first.multiply(challenge)));
  } catch {
    return false;
  }
};

const shareStands = (secret: DkgSecret, message: Uint8Array | undefined, share: Uint8Array | undefined): boolean => {
  if (message === undefined || share === undefined) return false;
  try {
    const { commitment } = parse(secret.t, secret.index, message);
    const dealt = { signers: { min: secret.t, max: secret.n }, commitments: commitment, verifyingShares: {} };
    frost.validateSecret({ identifier: identifierOf(secret.index), signingShare: Uint8Array.from(share) }, dealt);
    return true;
  } catch {
    return false;
  }
};

const parse = (t: number, index: number, message: Uint8Array): DKG_Round1 => {
  if (message.length !== dkgMessageLength(t))
    throw new ThresholdError('threshold.invalid-commitments', `the commitments of ${String(index)} have the wrong length`, [index]);
  const commitment = Array.from({ length: t }, (_, at) => Uint8Array.from(message.subarray(32 * at, 32 * at + 32)));
  return { identifier: identifierOf(index), commitment, proofOfKnowledge: Uint8Array.from(message.subarray(32 * t)) };
};

const othersOf = (secret: DkgSecret, messages: ReadonlyMap<number, Uint8Array>): DKG_Round1[] => {
  const others = [...messages].filter(([index]) => index !== secret.index);
  const known = others.filter(([index]) => Number.isInteger(index) && index >= 1 && index <= secret.n);
  if (others.length !== secret.n - 1 || known.length !== others.length)
    throw new ThresholdError('threshold.invalid-commitments', 'key generation needs the commitments of every other participant');
  const culprits = invalidMessages(secret, messages);
  if (culprits.length > 0)
    throw new ThresholdError('threshold.invalid-commitments', `the commitments of ${culprits.join(', ')} are invalid`, culprits);
  return others.map(([index, message]) => parse(secret.t, index, message));
};

const librarySecret = ({ index, t, n, coefficients }: DkgSecret): DKG_Secret => {
  const scalars = coefficients.map((each) => Fn.fromBytes(each));
  const commitment = scalars.map((each) => Uint8Array.from(Point.BASE.multiply(each).toBytes()));
  return { identifier: BigInt(index), coefficients: scalars, commitment, signers: { min: t, max: n }, step: 1 };
};

const shareFor = (made: Readonly<Record<string, { readonly signingShare: Uint8Array }>>, index: number): Uint8Array => {
  const share = made[identifierOf(index)];
  if (share === undefined) throw new ThresholdError('threshold.invalid-commitments', `no share was made for ${String(index)}`, [index]);
  return Uint8Array.from(share.signingShare);
};

const groupKeyOf = ({ commitments: [groupKey] }: FrostPublic): Uint8Array => {
  if (groupKey === undefined) throw new ThresholdError('threshold.invalid-commitments', 'the generated key is empty');
  return Uint8Array.from(groupKey);
};

const verifyingSharesOf = ({ verifyingShares }: FrostPublic, n: number): ReadonlyMap<number, Uint8Array> =>
  new Map(Array.from({ length: n }, (_, at) => [at + 1, Uint8Array.from(verifyingShares[identifierOf(at + 1)] ?? [])]));

const beginAlone = (rng: (length?: number) => Uint8Array<ArrayBuffer>): { secret: DkgSecret; message: Uint8Array } => {
  const [scalar, nonce] = [frost.utils.randomScalar(rng), frost.utils.randomScalar(rng)];
  const point = Point.BASE.multiply(Fn.fromBytes(scalar)).toBytes();
  const commitment = Point.BASE.multiply(Fn.fromBytes(nonce)).toBytes();
  const challenge = scalarHash('dkg', Fn.toBytes(1n), point, commitment);
  const response = Fn.toBytes(Fn.add(Fn.fromBytes(nonce), Fn.mul(challenge, Fn.fromBytes(scalar))));
  return { secret: { index: 1, t: 1, n: 1, coefficients: [scalar] }, message: concatBytes(point, commitment, response) };
};

const finishAlone = ({ coefficients: [scalar] }: DkgSecret): KeyShare => {
  if (scalar === undefined) throw new ThresholdError('threshold.bad-parameters', 'the secret of a key generation is missing');
  const groupKey = Point.BASE.multiply(Fn.fromBytes(scalar)).toBytes();
  return { index: 1, t: 1, n: 1, groupKey, verifyingShares: new Map([[1, groupKey]]), secretShare: Uint8Array.from(scalar) };
};
