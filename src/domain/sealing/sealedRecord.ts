import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { toHex } from '../hex.ts';
import { canonicalAttributes } from '../record/canonical.ts';
import type { Attributes, TopicRecord } from '../record.ts';
import { SealError } from './sealError.ts';
import { decrypt, encrypt } from './xchacha.ts';

const NONCE = 24;

/** Which way a record goes: what its key is bound to, with topic and key id. */
type Direction = 'sent' | 'received';

/** Keys that were derived before, by our secret: deriving one takes a hundred times as long as sealing with it. */
const known = new WeakMap<Uint8Array, Map<string, Uint8Array>>();

/** Keys that are remembered for one secret: of each topic and pair of epochs one is in use, now and then a second. */
const REMEMBERED = 64;

/** X25519, then HKDF-SHA256 bound to topic, key id and both public keys. An all-zero shared secret is refused. */
const deriveKey = (topic: string, keyid: string, direction: Direction, secret: Uint8Array, other: Uint8Array): Uint8Array => {
  let shared: Uint8Array;
  try {
    shared = x25519.getSharedSecret(secret, other);
  } catch (cause) {
    throw new SealError('seal.weak-key', `the sealing key named ${keyid} is not a usable X25519 key`, { cause });
  }
  if (shared.every((byte) => byte === 0)) throw new SealError('seal.weak-key', `the sealing key named ${keyid} gives an all-zero secret`);
  const own = x25519.getPublicKey(secret);
  const [sender, receiver] = direction === 'sent' ? [own, other] : [other, own];
  const info = concatBytes(utf8ToBytes(`${topic}\0${keyid}\0`), sender, receiver);
  return hkdf(sha256, shared, utf8ToBytes('serai-coordinator/v1/seal'), info, 32);
};

/** The key of all records of a topic between two keys; the same one for each of them, so it is derived once. */
const sharedKey = (topic: string, { keyid = '' }: Attributes, direction: Direction, secret: Uint8Array, other: Uint8Array): Uint8Array => {
  const name = `${direction}\0${topic}\0${keyid}\0${toHex(other)}`;
  const keys = known.get(secret) ?? new Map<string, Uint8Array>();
  const key = keys.get(name) ?? deriveKey(topic, keyid, direction, secret, other);
  // The latest last, so that the first is the one that was not used for longest.
  keys.delete(name);
  keys.set(name, key);
  for (const [oldest] of keys) if (keys.size > REMEMBERED) keys.delete(oldest);
  known.set(secret, keys);
  return key;
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
  const key = sharedKey(topic, attributes, 'sent', senderSecret, receiverPublic);
  return concatBytes(nonce, encrypt(key, nonce, canonicalAttributes(topic, attributes), plaintext));
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
  const key = sharedKey(topic, attributes, 'received', receiverSecret, senderPublic);
  try {
    return decrypt(key, data.subarray(0, NONCE), canonicalAttributes(topic, attributes), data.subarray(NONCE));
  } catch (cause) {
    throw new SealError(
      'seal.failed',
      `record ${attributes.id} on ${topic} does not open: sealed for someone else, or changed on the way`,
      { cause },
    );
  }
};
