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
export const dkgShares = (secret: DkgSecret, messages: ReadonlyMap<number, Uint8Array>): ReadonlyMap<number, Uint8Array> =>
  dkgDeal([secret], messages).get(secret.index) ?? new Map<number, Uint8Array>();

/** Round 2 of a holder of several participants: by our participant, the secret share for every other one, our own others included. */
export const dkgDeal = (
  secrets: readonly DkgSecret[],
  messages: ReadonlyMap<number, Uint8Array>,
): ReadonlyMap<number, ReadonlyMap<number, Uint8Array>> => {
  commitmentsOf(secrets, messages);
  return new Map(secrets.map((secret) => [secret.index, dealtBy(secret)]));
};

/** Round 3: the key, from all round 1 messages and the shares the others made for us; throws with the culprits' numbers. */
export const dkgFinish = (
  secret: DkgSecret,
  messages: ReadonlyMap<number, Uint8Array>,
  shares: ReadonlyMap<number, Uint8Array>,
): KeyShare => {
  const [key] = dkgFinishAll([secret], messages, new Map([[secret.index, shares]]));
  if (key === undefined) throw new ThresholdError('threshold.bad-parameters', 'the secret of a key generation is missing');
  return key;
};

/**
 * Round 3 of a holder of several participants: the key for each of them; `shares` are those that other holders made, by our
 * participant. The sum of what was dealt is checked against the sum of the commitments, which is one check for all senders;
 * only where it fails is each share looked at.
 */
export const dkgFinishAll = (
  secrets: readonly DkgSecret[],
  messages: ReadonlyMap<number, Uint8Array>,
  shares: ReadonlyMap<number, ReadonlyMap<number, Uint8Array>>,
): KeyShare[] => {
  const [first] = secrets;
  if (first === undefined) return [];
  if (first.n === 1) return [finishAlone(first)];
  const { t, n } = first;
  const commitments = commitmentsOf(secrets, messages);
  const culprits = new Set<number>();
  const combined = Array.from({ length: t }, (_, power) =>
    [...commitments.values()].reduce((sum, points) => sum.add(points[power] ?? Point.ZERO), Point.ZERO),
  );
  const verifying = new Map(Array.from({ length: n }, (_, at) => [at + 1, atPoint(combined, at + 1)]));
  const made = secrets.map(({ index }) => {
    const given = new Map([...(shares.get(index) ?? [])].filter(([from]) => !secrets.some((own) => own.index === from)));
    const sum = sumFor(index, secrets, given);
    const whole = given.size === n - secrets.length && sum !== undefined && sum !== 0n;
    if (whole && Point.BASE.multiply(sum).equals(verifying.get(index) ?? Point.ZERO)) return { index, secretShare: Fn.toBytes(sum) };
    for (const [from, points] of commitments)
      if (!secrets.some((own) => own.index === from) && !shareStands(points, index, given.get(from))) culprits.add(from);
    return { index, secretShare: new Uint8Array() };
  });
  if (culprits.size > 0 || made.some(({ secretShare }) => secretShare.length === 0))
    throw new ThresholdError('threshold.invalid-share', `the key shares of ${[...culprits].join(', ')} do not fit`, [...culprits]);
  const verifyingShares = new Map([...verifying].map(([index, point]) => [index, point.toBytes()]));
  const groupKey = atPoint(combined, 0).toBytes();
  return made.map(({ index, secretShare }) => ({ t, n, index, groupKey, verifyingShares, secretShare }));
};

/** Whether a share that one participant made for another fits what it committed to in its round 1 message. */
export const dkgShareFits = (params: {
  readonly t: number;
  readonly from: number;
  readonly to: number;
  readonly message: Uint8Array;
  readonly share: Uint8Array;
}): boolean => {
  const points = commitmentIn(params.t, params.from, params.message);
  return points !== undefined && shareStands(points, params.to, params.share);
};

type Commitment = readonly InstanceType<typeof Point>[];

/** A polynomial given by its coefficients times the base point, at a small public number (Horner). */
const atPoint = (coefficients: Commitment, at: number): InstanceType<typeof Point> =>
  coefficients.reduceRight((sum, each) => (at === 0 ? each : sum.multiplyUnsafe(BigInt(at)).add(each)), Point.ZERO);

/** A secret polynomial at a participant's number. */
const atScalar = ({ coefficients }: DkgSecret, at: number): bigint =>
  coefficients.reduceRight((sum, each) => Fn.add(Fn.mul(sum, BigInt(at)), Fn.fromBytes(each)), 0n);

const dealtBy = (secret: DkgSecret): ReadonlyMap<number, Uint8Array> => {
  const others = Array.from({ length: secret.n }, (_, at) => at + 1).filter((to) => to !== secret.index);
  return new Map(others.map((to) => [to, Fn.toBytes(atScalar(secret, to))]));
};

/** What everyone dealt to one of our participants, in sum; undefined where a share is no scalar. */
const sumFor = (index: number, secrets: readonly DkgSecret[], given: ReadonlyMap<number, Uint8Array>): bigint | undefined => {
  try {
    const own = secrets.reduce((sum, secret) => Fn.add(sum, atScalar(secret, index)), 0n);
    return [...given.values()].reduce((sum, share) => Fn.add(sum, Fn.fromBytes(share)), own);
  } catch {
    return undefined;
  }
};

const shareStands = (commitment: Commitment, to: number, share: Uint8Array | undefined): boolean => {
  if (share === undefined) return false;
  try {
    const scalar = Fn.fromBytes(share);
    return scalar !== 0n && Point.BASE.multiply(scalar).equals(atPoint(commitment, to));
  } catch {
    return false;
  }
};

/** Everyone's commitments, ours from our own secrets; throws with the numbers of those whose round 1 message does not stand. */
const commitmentsOf = (secrets: readonly DkgSecret[], messages: ReadonlyMap<number, Uint8Array>): ReadonlyMap<number, Commitment> => {
  const [{ t, n } = { t: 0, n: 0 }] = secrets;
  const own = secrets.map(({ index }) => index);
  const others = [...messages].filter(([index]) => !own.includes(index));
  const known = others.filter(([index]) => Number.isInteger(index) && index >= 1 && index <= n);
  if (others.length !== n - own.length || known.length !== others.length)
    throw new ThresholdError('threshold.invalid-commitments', 'key generation needs the commitments of every other participant');
  const read = others.map(([index, message]) => [index, commitmentIn(t, index, message)] as const);
  const culprits = read.filter(([, points]) => points === undefined).map(([index]) => index);
  if (culprits.length > 0)
    throw new ThresholdError('threshold.invalid-commitments', `the commitments of ${culprits.join(', ')} are invalid`, culprits);
  const ours = secrets.map(
    ({ index, coefficients }) => [index, coefficients.map((each) => Point.BASE.multiply(Fn.fromBytes(each)))] as const,
  );
  return new Map<number, Commitment>([
    ...ours,
    ...read.flatMap(([index, points]) => (points === undefined ? [] : [[index, points] as const])),
  ]);
};

/** The t points of a round 1 message; undefined where it is malformed or does not prove knowledge of its secret. */
const commitmentIn = (t: number, index: number, message: Uint8Array): Commitment | undefined => {
  if (message.length !== dkgMessageLength(t)) return undefined;
  try {
    const points = Array.from({ length: t }, (_, at) => Point.fromBytes(message.subarray(32 * at, 32 * at + 32)));
    const [first] = points;
    if (first === undefined || points.some((each) => each.is0())) return undefined;
    const nonce = message.subarray(32 * t, 32 * t + 32);
    const challenge = scalarHash('dkg', Fn.toBytes(BigInt(index)), message.subarray(0, 32), nonce);
    const response = Point.BASE.multiply(Fn.fromBytes(message.subarray(32 * t + 32)));
    return response.equals(Point.fromBytes(nonce).add(first.multiply(challenge))) ? points : undefined;
  } catch {
    return undefined;
  }
};

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
