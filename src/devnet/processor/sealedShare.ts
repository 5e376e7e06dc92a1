import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../domain/canonicalJson.ts';
import type { KeyGenId } from '../../domain/processor/ids.ts';
import type { Random } from '../../domain/threshold/suite.ts';

const LABEL = 'serai-coordinator/v1/devnet/key-share';
const NONCE = 24;

/** From whom to whom a key share goes, and in which attempt: the cipher is bound to it. */
export interface ShareRoute {
  readonly id: KeyGenId;
  readonly from: number;
  readonly to: number;
}

const boundTo = (route: ShareRoute): Uint8Array => utf8ToBytes(`${LABEL}${canonicalJson(route)}`);

const cipherKey = (shared: Uint8Array, route: ShareRoute): Uint8Array => hkdf(sha256, shared, undefined, boundTo(route), 32);

/** What two processors share in an attempt (X25519): made once for all the key shares between them. Throws on an invalid public key. */
export const sharedWith = (keys: { readonly secret: Uint8Array; readonly publicKey: Uint8Array }): Uint8Array =>
  x25519.getSharedSecret(keys.secret, keys.publicKey);

/** Encrypts a key share from one processor to another (X25519, XChaCha20-Poly1305): nonce of 24 bytes ‖ ciphertext ‖ tag. */
export const sealShare = (share: Uint8Array, shared: Uint8Array, route: ShareRoute, random: Random): Uint8Array => {
  const nonce = random(NONCE);
  return concatBytes(nonce, xchacha20poly1305(cipherKey(shared, route), nonce, boundTo(route)).encrypt(share));
};

/** Decrypts what `sealShare` made; undefined where it is not of this sender, receiver and attempt. */
export const openShare = (sealed: Uint8Array, shared: Uint8Array, route: ShareRoute): Uint8Array | undefined => {
  try {
    return xchacha20poly1305(cipherKey(shared, route), sealed.subarray(0, NONCE), boundTo(route)).decrypt(sealed.subarray(NONCE));
  } catch {
    return undefined;
  }
};
