import { ristretto255 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import {
  aggregate,
  makeNonces,
  type Random,
  type SecretNonces,
  type SigningRound,
  signShare,
  type ThresholdKey,
  verifyShare,
} from './suite.ts';
import { ThresholdError } from './thresholdError.ts';

/** Secret nonces of one MuSig share: in memory only, used once. */
export type MusigNonce = SecretNonces;

/** What every signer knows of a MuSig round; lists are in the order of the set. */
export interface MusigRound {
  /** `ValidatorSets-musig_key` ‖ SCALE(set). */
  readonly context: Uint8Array;
  readonly publicKeys: readonly Uint8Array[];
  /** 64 bytes each: hiding ‖ binding. */
  readonly commitments: readonly Uint8Array[];
  readonly message: Uint8Array;
}

/** A MuSig round as one signer sees it; `index` is its place in the list, from 0. */
export interface MusigSession extends MusigRound {
  readonly index: number;
}

const { Point } = ristretto255;
const { Fn } = Point;

const u16le = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);

/** The factors b_i that bind each key to the context and the whole list (serai.md §c.8). */
const bindings = (context: Uint8Array, publicKeys: readonly Uint8Array[]): bigint[] => {
  if (context.length > 0xff || publicKeys.length === 0 || publicKeys.length > 0xffff)
    throw new ThresholdError('threshold.bad-parameters', 'a MuSig key needs 1 to 65535 keys and a context of at most 255 bytes');
  const transcript = concatBytes(Uint8Array.of(context.length), context, u16le(publicKeys.length), ...publicKeys);
  return publicKeys.map((_, at) => Fn.create(bytesToNumberLE(sha512(concatBytes(utf8ToBytes('musig'), transcript, u16le(at + 1))))));
};

/** The Lagrange coefficient at 0 of signer `index` (from 0) among all of 1..n. */
const lagrange = (index: number, n: number): bigint => {
  const own = BigInt(index + 1);
  let [over, under] = [1n, 1n];
  for (let other = 1n; other <= BigInt(n); other++) {
    if (other === own) continue;
    over = Fn.mul(over, Fn.create(other));
    under = Fn.mul(under, Fn.create(other - own));
  }
  return Fn.div(over, under);
};

/** The key under which the chain verifies what all of a list sign together: Σ b_i · K_i, 32 bytes (serai.md §c.8). */
export const musigAggregateKey = (context: Uint8Array, publicKeys: readonly Uint8Array[]): Uint8Array => {
  const factors = bindings(context, publicKeys);
  return publicKeys.reduce((sum, key, at) => sum.add(Point.fromBytes(key).multiply(factors[at] ?? 0n)), Point.ZERO).toBytes();
};

/** Fresh nonces for one MuSig share, and their public commitment (64 bytes). */
export const musigCommit = (random: Random = randomBytes): { readonly nonces: MusigNonce; readonly commitment: Uint8Array } =>
  makeNonces(random);

/** Whether a commitment is one: two points, 64 bytes. */
export const musigCommitmentStands = (commitment: Uint8Array): boolean => {
  try {
    return commitment.length === 64 && [0, 32].every((at) => !Point.fromBytes(commitment.subarray(at, at + 32)).is0());
  } catch {
    return false;
  }
};

/** One signer's share (32 bytes); `secretScalar` is the canonical scalar of its Serai key. The nonces are wiped. */
export const musigSign = (session: MusigSession & { readonly secretScalar: Uint8Array; readonly nonces: MusigNonce }): Uint8Array => {
  const { index, publicKeys, context } = session;
  const factor = bindings(context, publicKeys)[index];
  const scalar = Fn.fromBytes(session.secretScalar);
  const key = publicKeys[index];
  if (factor === undefined || key === undefined || !Point.BASE.multiply(scalar).equals(Point.fromBytes(key)))
    throw new ThresholdError('threshold.bad-parameters', `signer ${String(index)} of this round has another key`);
  const share = Fn.div(Fn.mul(factor, scalar), lagrange(index, publicKeys.length));
  return signShare(asThreshold(session), index + 1, Fn.toBytes(share), session.nonces);
};

/** Whether the share of the signer at `index` (from 0) is right. */
export const musigVerifyShare = (round: MusigSession & { readonly share: Uint8Array }): boolean => {
  try {
    return verifyShare(asThreshold(round), round.index + 1, round.share);
  } catch {
    return false;
  }
};

/** The sr25519 signature of the whole list, undefined where a share is wrong (`musigVerifyShare` tells which). */
export const musigAggregate = (round: MusigRound & { readonly shares: readonly Uint8Array[] }): Uint8Array | undefined => {
  try {
    return aggregate(asThreshold(round), new Map(round.shares.map((share, at) => [at + 1, share])));
  } catch (error) {
    if (error instanceof ThresholdError || error instanceof RangeError) return undefined;
    throw error;
  }
};

/** n-of-n FROST whose shares are b_i · x_i / λ_i, so that the sum of what is interpolated is the aggregate key. */
const asThreshold = ({ context, publicKeys, commitments, message }: MusigRound): SigningRound => {
  const n = publicKeys.length;
  if (commitments.length !== n) throw new ThresholdError('threshold.invalid-input', 'every signer of a MuSig round has one commitment');
  const factors = bindings(context, publicKeys);
  const verifying = (key: Uint8Array, at: number): Uint8Array =>
    Point.fromBytes(key)
      .multiply(Fn.div(factors[at] ?? 0n, lagrange(at, n)))
      .toBytes();
  const key: ThresholdKey = {
    t: n,
    n,
    groupKey: musigAggregateKey(context, publicKeys),
    verifyingShares: new Map(publicKeys.map((each, at) => [at + 1, verifying(each, at)])),
  };
  return { key, commitments: new Map(commitments.map((each, at) => [at + 1, each])), message };
};
