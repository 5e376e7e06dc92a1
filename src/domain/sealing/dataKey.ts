import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { SealError } from './sealError.ts';
import { Secret } from './secret.ts';

const NONCE = 24;

/** Which data key of which store: part of what is authenticated, so a key of another store or number is noticed. */
export interface DataKeyPlace {
  readonly storeId: string;
  readonly number: number;
}

/** Associated data: `serai-coordinator/v1/data-key` ‖ number of the key (u32, little endian) ‖ store id. */
const associated = ({ storeId, number }: DataKeyPlace): Uint8Array =>
  concatBytes(utf8ToBytes('serai-coordinator/v1/data-key'), new Uint8Array(Uint32Array.of(number).buffer), utf8ToBytes(storeId));

/** Wraps a data key (32 bytes) under a wrapping key: nonce (24 bytes, random) ‖ XChaCha20-Poly1305. */
export const wrapDataKey = (wrapping: Secret, place: DataKeyPlace, key: Secret, nonce: Uint8Array): Uint8Array =>
  concatBytes(nonce, xchacha20poly1305(wrapping.expose(), nonce, associated(place)).encrypt(key.expose()));

/** Unwraps a data key; throws SealError `seal.failed` under another wrapping key, for another place, or when a byte was changed. */
export const unwrapDataKey = (wrapping: Secret, place: DataKeyPlace, wrapped: Uint8Array): Secret => {
  try {
    return new Secret(xchacha20poly1305(wrapping.expose(), wrapped.subarray(0, NONCE), associated(place)).decrypt(wrapped.subarray(NONCE)));
  } catch (cause) {
    throw new SealError('seal.failed', `data key ${String(place.number)} of store ${place.storeId} does not open`, { cause });
  }
};
