import { SealError } from './sealError.ts';
import type { Secret } from './secret.ts';
import { decrypt, encrypt } from './xchacha.ts';

const NONCE = 24;
const TAG = 16;

/** Where a value lies: part of what is authenticated, so a value that was moved or swapped is noticed (design §10). */
export interface Place {
  readonly storeId: string;
  readonly bucket: number;
  readonly key: Uint8Array;
}

const LABEL = 'serai-coordinator/v1/value';

/** Associated data: `serai-coordinator/v1/value` ‖ length of the store id (u16) ‖ store id ‖ bucket (u16) ‖ key; little endian. */
const associated = ({ storeId, bucket, key }: Place): Uint8Array => {
  const id = Buffer.byteLength(storeId);
  const bytes = Buffer.allocUnsafe(LABEL.length + 4 + id + key.length);
  let at = bytes.write(LABEL, 'latin1');
  at = bytes.writeUInt16LE(id, at);
  at += bytes.write(storeId, at);
  bytes.set(key, bytes.writeUInt16LE(bucket, at));
  return bytes;
};

/** Seals a value for its place, with as many bytes left free before it: nonce (24 bytes, random) ‖ XChaCha20-Poly1305. */
export const sealValue = (secret: Secret, place: Place, value: Uint8Array, nonce: Uint8Array, before = 0): Uint8Array => {
  const sealed = new Uint8Array(before + NONCE + value.length + TAG);
  sealed.set(nonce, before);
  sealed.set(encrypt(secret.expose(), nonce, associated(place), value), before + NONCE);
  return sealed;
};

/** Opens a sealed value; throws SealError `seal.failed` under another key, at another place, or when a byte was changed. */
export const openValue = (secret: Secret, place: Place, sealed: Uint8Array): Uint8Array => {
  try {
    return decrypt(secret.expose(), sealed.subarray(0, NONCE), associated(place), sealed.subarray(NONCE));
  } catch (cause) {
    throw new SealError(
      'seal.failed',
      `the value in bucket ${String(place.bucket)} of store ${place.storeId} does not open: wrong key, or changed on disk`,
      { cause },
    );
  }
};
