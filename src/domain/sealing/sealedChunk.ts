import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { SealError } from './sealError.ts';
import type { Secret } from './secret.ts';
import { decrypt, encrypt } from './xchacha.ts';

const NONCE = 24;

/** Seals a part of a backup as what it is: nonce (24 bytes, random) ‖ XChaCha20-Poly1305. */
export const sealChunk = (key: Secret, what: string, plain: Uint8Array, nonce: Uint8Array): Uint8Array =>
  concatBytes(nonce, encrypt(key.expose(), nonce, utf8ToBytes(what), plain));

/** Opens what {@link sealChunk} sealed; throws SealError `seal.failed` under another key, as something else, or when a byte was changed. */
export const openChunk = (key: Secret, what: string, sealed: Uint8Array): Uint8Array => {
  try {
    return decrypt(key.expose(), sealed.subarray(0, NONCE), utf8ToBytes(what), sealed.subarray(NONCE));
  } catch (cause) {
    throw new SealError('seal.failed', `${what} does not open: wrong key, or changed`, { cause });
  }
};
