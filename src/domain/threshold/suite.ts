import { createFROST, type FROST, type FrostPublic, type Nonces } from '@noble/curves/abstract/frost.js';
import { ristretto255 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { schnorrkelChallenge, verifySr25519 } from './schnorrkel.ts';
import { ThresholdError } from './thresholdError.ts';

/** Bytes from a cryptographically secure source. */
export type Random = (length: number) => Uint8Array;

/** The public part of a threshold key: any t of the n participants (1..n) sign under `groupKey`. */
export interface ThresholdKey {
  readonly t: number;
  readonly n: number;
  /** 32 bytes, compressed Ristretto: verifies as an ordinary sr25519 public key. */
  readonly groupKey: Uint8Array;
  /** Each participant's secret share times the base point. */
  readonly verifyingShares: ReadonlyMap<number, Uint8Array>;
}

/** What a party signs: one message, under the nonce commitments (64 bytes: hiding ‖ binding) of its members. */
export interface SigningRound {
  readonly key: ThresholdKey;
  readonly commitments: ReadonlyMap<number, Uint8Array>;
  readonly message: Uint8Array;
}

/** Secret nonces of one signature share. Use them once: `signShare` wipes them. */
export type SecretNonces = Nonces;

const NAME = 'FROST-ristretto255-SHA512-schnorrkel-v1';
const { Point } = ristretto255;
const { Fn } = Point;

const hashToScalar = (message: Uint8Array, options?: { DST: string | Uint8Array }): bigint => {
  const label = options?.DST ?? new Uint8Array();
  return Fn.create(bytesToNumberLE(sha512(concatBytes(typeof label === 'string' ? utf8ToBytes(label) : label, message))));
};

/** FROST over ristretto255 with schnorrkel's challenge, so that plain sr25519 verification accepts what it signs (serai.md §c.8). */
export const frost: FROST = createFROST({
  name: NAME,
  Point,
  hash: sha512,
  hashToScalar,
  challenge: (commitment, publicKey, message) => schnorrkelChallenge(publicKey.toBytes(), commitment.toBytes(), message),
});

/** A labelled hash into the scalar field, apart from the suite's own by its label. */
export const scalarHash = (label: string, ...parts: Uint8Array[]): bigint =>
  hashToScalar(concatBytes(...parts), { DST: utf8ToBytes(NAME + label) });

/** A participant as the suite names it. */
export const identifierOf = (participant: number): string => frost.Identifier.fromNumber(participant);

/** Fresh nonces for one share, and their public commitment (64 bytes: hiding ‖ binding). */
export const makeNonces = (random: Random): { readonly nonces: SecretNonces; readonly commitment: Uint8Array } => {
  const rng = (length = 32): Uint8Array<ArrayBuffer> => Uint8Array.from(random(length));
  const nonces = { hiding: frost.utils.randomScalar(rng), binding: frost.utils.randomScalar(rng) };
  const point = (scalar: Uint8Array): Uint8Array => Point.BASE.multiply(Fn.fromBytes(scalar)).toBytes();
  return { nonces, commitment: concatBytes(point(nonces.hiding), point(nonces.binding)) };
};

/** One participant's share of a signature (32 bytes); the nonces are wiped whatever comes of it. */
export const signShare = (round: SigningRound, index: number, secretShare: Uint8Array, nonces: SecretNonces): Uint8Array => {
  try {
    if (round.key.n === 1) return signAlone(round, secretShare, nonces);
    const secret = { identifier: identifierOf(index), signingShare: Uint8Array.from(secretShare) };
    return frost.signShare(secret, publicOf(round.key), nonces, commitmentList(round), round.message);
  } catch (cause) {
    throw asThresholdError(cause, `participant ${String(index)} cannot sign with these commitments`);
  } finally {
    nonces.hiding.fill(0);
    nonces.binding.fill(0);
  }
};

/** Whether a participant's share is right for this round. */
export const verifyShare = (round: SigningRound, index: number, share: Uint8Array): boolean => {
  try {
    if (round.key.n === 1) return verifySr25519(round.key.groupKey, round.message, marked(aloneCommitment(round).toBytes(), share));
    return frost.verifyShare(publicOf(round.key), commitmentList(round), round.message, identifierOf(index), share);
  } catch {
    return false;
  }
};

/** The sr25519 signature of a party (64 bytes, bit 7 of the last one set); throws with the culprits where a share is wrong. */
export const aggregate = (round: SigningRound, shares: ReadonlyMap<number, Uint8Array>): Uint8Array => {
  const { key, commitments, message } = round;
  const party = [...commitments.keys()];
  if (shares.size !== party.length || party.length < key.t || party.some((index) => !shares.has(index)))
    throw new ThresholdError('threshold.invalid-input', 'shares and commitments are not of the same party');
  const fail = (cause?: unknown): never => {
    const culprits = party.filter((index) => !verifyShare(round, index, shares.get(index) ?? new Uint8Array()));
    throw new ThresholdError('threshold.invalid-share', `the shares of ${culprits.join(', ') || 'this party'} do not fit`, culprits, {
      cause,
    });
  };
  let signature: Uint8Array;
  try {
    if (key.n === 1) {
      signature = marked(aloneCommitment(round).toBytes(), shares.get(1) ?? new Uint8Array());
    } else {
      const byIdentifier = Object.fromEntries([...shares].map(([index, share]) => [identifierOf(index), Uint8Array.from(share)]));
      const made = frost.aggregate(publicOf(key), commitmentList(round), message, byIdentifier);
      signature = marked(made.subarray(0, 32), made.subarray(32));
    }
  } catch (cause) {
    return fail(cause);
  }
  return verifySr25519(key.groupKey, message, signature) ? signature : fail();
};

/** R ‖ s with schnorrkel's marker, which tells its signatures from Ed25519's. */
const marked = (commitment: Uint8Array, scalar: Uint8Array): Uint8Array => {
  if (scalar.length !== 32) throw new RangeError('a signature share has 32 bytes');
  const signature = concatBytes(commitment, scalar);
  signature[63] = (signature[63] ?? 0) | 0x80;
  return signature;
};

const publicOf = ({ t, n, groupKey, verifyingShares }: ThresholdKey): FrostPublic => ({
  signers: { min: t, max: n },
  commitments: [Uint8Array.from(groupKey)],
  verifyingShares: Object.fromEntries([...verifyingShares].map(([index, share]) => [identifierOf(index), Uint8Array.from(share)])),
});

const commitmentList = ({
  commitments,
}: SigningRound): { identifier: string; hiding: Uint8Array<ArrayBuffer>; binding: Uint8Array<ArrayBuffer> }[] =>
  [...commitments].map(([index, bytes]) => {
    if (bytes.length !== 64)
      throw new ThresholdError('threshold.invalid-input', `the commitment of ${String(index)} has not 64 bytes`, [index]);
    return {
      identifier: identifierOf(index),
      hiding: Uint8Array.from(bytes.subarray(0, 32)),
      binding: Uint8Array.from(bytes.subarray(32)),
    };
  });

// The library's FROST begins at two participants; a set of one signs by the same formulas, without a sum.
const aloneFactor = ({ key, message }: SigningRound, commitment: Uint8Array): bigint =>
  scalarHash('alone', key.groupKey, commitment, sha512(message));

const aloneBytes = ({ commitments }: SigningRound): Uint8Array => {
  const bytes = commitments.get(1);
  if (bytes?.length !== 64 || commitments.size !== 1)
    throw new ThresholdError('threshold.invalid-input', 'a party of one has one commitment of 64 bytes');
  return bytes;
};

const aloneCommitment = (round: SigningRound): InstanceType<typeof Point> => {
  const bytes = aloneBytes(round);
  return Point.fromBytes(bytes.subarray(0, 32)).add(Point.fromBytes(bytes.subarray(32)).multiply(aloneFactor(round, bytes)));
};

const signAlone = (round: SigningRound, secretShare: Uint8Array, nonces: SecretNonces): Uint8Array => {
  const [hiding, binding] = [Fn.fromBytes(nonces.hiding), Fn.fromBytes(nonces.binding)];
  if (Fn.is0(hiding) || Fn.is0(binding)) throw new ThresholdError('threshold.invalid-input', 'these nonces are used up');
  const bytes = aloneBytes(round);
  const commitment = Point.BASE.multiply(hiding).add(Point.BASE.multiply(Fn.mul(binding, aloneFactor(round, bytes))));
  if (!commitment.equals(aloneCommitment(round)))
    throw new ThresholdError('threshold.invalid-input', 'the commitment is not of these nonces');
  const challenge = schnorrkelChallenge(round.key.groupKey, commitment.toBytes(), round.message);
  const nonce = Fn.add(hiding, Fn.mul(binding, aloneFactor(round, bytes)));
  return Fn.toBytes(Fn.add(nonce, Fn.mul(challenge, Fn.fromBytes(secretShare))));
};

const asThresholdError = (cause: unknown, message: string): ThresholdError =>
  cause instanceof ThresholdError ? cause : new ThresholdError('threshold.invalid-input', message, [], { cause });
