import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex } from '../hex.ts';
import type { TopicRecord } from '../record.ts';
import { recordDigest } from './recordDigest.ts';

const LABEL = utf8ToBytes('serai-coordinator/v1/record');

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 and SubjectPublicKeyInfo (RFC 8410). */
const PRIVATE = hexToBytes('302e020100300506032b657004220420');
const PUBLIC = hexToBytes('302a300506032b6570032100');

/** Keys that were read before: reading one costs as much as signing with it. */
const known = new WeakMap<Uint8Array, KeyObject>();

const keyOf = (bytes: Uint8Array, read: (bytes: Uint8Array) => KeyObject): KeyObject => {
  const key = known.get(bytes) ?? read(bytes);
  known.set(bytes, key);
  return key;
};

const readPrivate = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(concatBytes(PRIVATE, seed)), format: 'der', type: 'pkcs8' });

const readPublic = (bytes: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(concatBytes(PUBLIC, bytes)), format: 'der', type: 'spki' });

const signed = (topic: string, record: TopicRecord): Uint8Array => concatBytes(LABEL, recordDigest(topic, record));

/** Ed25519 over a label and the record's digest, which holds that of the record before it: it authenticates the run (design §5). */
export const signRecord = (topic: string, record: TopicRecord, secret: Uint8Array): Uint8Array =>
  new Uint8Array(sign(null, signed(topic, record), keyOf(secret, readPrivate)));

/** Whether the record carries its source's signature. */
export const verifySignature = (topic: string, record: TopicRecord, publicKey: Uint8Array): boolean => {
  const { signature } = record.attributes;
  if (signature?.length !== 130) return false;
  return verify(null, signed(topic, record), keyOf(publicKey, readPublic), fromHex(signature));
};

/** As {@link verifySignature}, on a thread of its own: for many records one after the other. */
export const verifySignatureAside = (topic: string, record: TopicRecord, publicKey: Uint8Array): Promise<boolean> => {
  const { signature } = record.attributes;
  if (signature?.length !== 130) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    verify(null, signed(topic, record), keyOf(publicKey, readPublic), fromHex(signature), (error, isValid) => {
      if (error === null) resolve(isValid);
      else reject(error);
    });
  });
};

/** The public key to pin for an Ed25519 seed. */
export const publicKeyOf = (secret: Uint8Array): Uint8Array =>
  new Uint8Array(createPublicKey(readPrivate(secret)).export({ format: 'der', type: 'spki' }).subarray(PUBLIC.length));
