import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { SealError } from './sealError.ts';
import type { Secret } from './secret.ts';

const NONCE = 24;

/** Where a value lies: part of what is authenticated, so a value that was moved or swapped is noticed (design §10). */
export interface Place {
  readonly storeId: string;
  readonly bucket: number;
  readonly key: Uint8Array;
}

/** Associated data: `serai-coordinator/v1/value` ‖ length of the store id (u16) ‖ store id ‖ bucket (u16) ‖ key; little endian. */
const associated = ({ storeId, bucket, key }: Place): Uint8Array => {
  const id = utf8ToBytes(storeId);
  return concatBytes(
    utf8ToBytes('serai-coordinator/v1/value'),
    new Uint8Array(Uint16Array.of(id.length).buffer),
    id,
    new Uint8Array(Uint16Array.of(bucket).buffer),
    key,
  );
};

/** Seals a value for its place: nonce (24 bytes, random) ‖ XChaCha20-Poly1305. */
export const sealValue = (secret: Secret, place: Place, value: Uint8Array, nonce: Uint8Array): Uint8Array =>
  concatBytes(nonce, xchacha20poly1305(secret.expose(), nonce, associated(place)).encrypt(value));

/** Opens a sealed value; throws SealError `seal.failed` under another key, at another place, or when a byte was changed. */
export const openValue = (secret: Secret, place: Place, sealed: Uint8Array): Uint8Array => {
  try {
    return xchacha20poly1305(secret.expose(), sealed.subarray(0, NONCE), associated(place)).decrypt(sealed.subarray(NONCE));
  } catch (cause) {
    throw new SealError(
      'seal.failed',
      `the value in bucket ${String(place.bucket)} of store ${place.storeId} does not open: wrong key, or changed on disk`,
      { cause },
    );
  }
};
