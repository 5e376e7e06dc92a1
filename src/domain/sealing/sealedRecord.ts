import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalAttributes } from '../record/canonical.ts';
import type { Attributes, TopicRecord } from '../record.ts';
import { SealError } from './sealError.ts';

const NONCE = 24;

/** X25519, then HKDF-SHA256 bound to topic, key id and both public keys. An all-zero shared secret is refused. */
const sharedKey = (
  topic: string,
  attributes: Attributes,
  secret: Uint8Array,
  sender: Uint8Array,
  receiver: Uint8Array,
  other: Uint8Array,
): Uint8Array => {
  let shared: Uint8Array;
  try {
    shared = x25519.getSharedSecret(secret, other);
  } catch (cause) {
    throw new SealError('seal.weak-key', `the sealing key named ${attributes.keyid ?? ''} is not a usable X25519 key`, { cause });
  }
  if (shared.every((byte) => byte === 0))
    throw new SealError('seal.weak-key', `the sealing key named ${attributes.keyid ?? ''} gives an all-zero secret`);
  const info = concatBytes(utf8ToBytes(`${topic}\0${attributes.keyid ?? ''}\0`), sender, receiver);
  return hkdf(sha256, shared, utf8ToBytes('serai-coordinator/v1/seal'), info, 32);
};

export interface SealRecord {
  readonly topic: string;
  readonly attributes: Attributes;
  readonly plaintext: Uint8Array;
  readonly senderSecret: Uint8Array;
  readonly receiverPublic: Uint8Array;
  /** 24 random bytes. */
  readonly nonce: Uint8Array;
}

/** Seals a record's data for its reader: nonce (24 bytes) ‖ XChaCha20-Poly1305, bound to topic and attributes (design §5). */
export const sealRecord = ({ topic, attributes, plaintext, senderSecret, receiverPublic, nonce }: SealRecord): Uint8Array => {
  const key = sharedKey(topic, attributes, senderSecret, x25519.getPublicKey(senderSecret), receiverPublic, receiverPublic);
  return concatBytes(nonce, xchacha20poly1305(key, nonce, canonicalAttributes(topic, attributes)).encrypt(plaintext));
};

export interface OpenRecord {
  readonly topic: string;
  readonly record: TopicRecord;
  readonly receiverSecret: Uint8Array;
  readonly senderPublic: Uint8Array;
}

/** Opens a sealed record's data; throws SealError where it was changed, moved, or sealed for someone else. */
export const openRecord = ({ topic, record, receiverSecret, senderPublic }: OpenRecord): Uint8Array => {
  const { attributes, data } = record;
  const key = sharedKey(topic, attributes, receiverSecret, senderPublic, x25519.getPublicKey(receiverSecret), senderPublic);
  try {
    return xchacha20poly1305(key, data.subarray(0, NONCE), canonicalAttributes(topic, attributes)).decrypt(data.subarray(NONCE));
  } catch (cause) {
    throw new SealError(
      'seal.failed',
      `record ${attributes.id} on ${topic} does not open: sealed for someone else, or changed on the way`,
      { cause },
    );
  }
};
