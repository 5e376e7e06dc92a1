import { ristretto255 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { getPublicKey, HDKD, secretFromSeed, sign, verify } from '@scure/sr25519';
import { Transcript } from './merlin.ts';

/** The mini secret of the phrase that every Substrate development account is derived from; public by nature. */
const DEV_SEED = 'fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e';

/** An sr25519 key pair: 32-byte public key, 64-byte secret key (scalar · 8 ‖ nonce seed, as polkadot.js keeps it). */
export interface Sr25519Pair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** The challenge scalar of a schnorrkel signature in the context `substrate` (serai.md §c.8). */
export const schnorrkelChallenge = (publicKey: Uint8Array, commitment: Uint8Array, message: Uint8Array): bigint => {
  const transcript = new Transcript('SigningContext');
  transcript.append('', utf8ToBytes('substrate'));
  transcript.append('sign-bytes', message);
  transcript.append('proto-name', utf8ToBytes('Schnorr-sig'));
  transcript.append('sign:pk', publicKey);
  transcript.append('sign:R', commitment);
  return ristretto255.Point.Fn.create(bytesToNumberLE(transcript.challenge('sign:c', 64)));
};

/** Whether a 64-byte sr25519 signature (context `substrate`) of a message stands under a public key; malformed input is false. */
export const verifySr25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  try {
    return verify(message, signature, publicKey);
  } catch {
    return false;
  }
};

/** Signs with sr25519 (context `substrate`); the secret is a 32-byte mini secret or a 64-byte secret key. */
export const signSr25519 = (secret: Uint8Array, message: Uint8Array): Uint8Array => sign(expand(secret), message);

/** The key pair of a 32-byte mini secret or a 64-byte secret key. */
export const sr25519Pair = (secret: Uint8Array): Sr25519Pair => {
  const secretKey = expand(secret);
  return { publicKey: getPublicKey(secretKey), secretKey };
};

/** The canonical scalar (32 bytes, little endian) of a 64-byte secret key, as MuSig uses it. */
export const secretScalar = (secretKey: Uint8Array): Uint8Array => {
  if (secretKey.length !== 64) throw new RangeError('a secret key has 64 bytes');
  return numberToBytesLE(bytesToNumberLE(secretKey.subarray(0, 32)) >> 3n, 32);
};

/** A Substrate development account by the name of its hard derivation: `Alice` is `//Alice`. */
export const devAccount = (name: string): Sr25519Pair => {
  const text = utf8ToBytes(name);
  if (text.length > 31) throw new RangeError('the name of a development account has at most 31 bytes');
  // A junction's chain code is SCALE of the text, padded to 32 bytes.
  const chainCode = concatBytes(Uint8Array.of(text.length << 2), text, new Uint8Array(31 - text.length));
  return sr25519Pair(HDKD.secretHard(secretFromSeed(hexToBytes(DEV_SEED)), chainCode));
};

const expand = (secret: Uint8Array): Uint8Array => (secret.length === 32 ? secretFromSeed(secret) : secret);
