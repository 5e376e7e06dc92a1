import { ed25519 } from '@noble/curves/ed25519.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex } from '../hex.ts';
import type { TopicRecord } from '../record.ts';
import { recordDigest } from './recordDigest.ts';

const LABEL = utf8ToBytes('serai-coordinator/v1/record');

const signed = (topic: string, record: TopicRecord): Uint8Array => concatBytes(LABEL, recordDigest(topic, record));

/** Ed25519 over a label and the record's digest, which holds that of the record before it: it authenticates the run (design §5). */
export const signRecord = (topic: string, record: TopicRecord, secret: Uint8Array): Uint8Array =>
  ed25519.sign(signed(topic, record), secret);

/** Whether the record carries its source's signature. */
export const verifySignature = (topic: string, record: TopicRecord, publicKey: Uint8Array): boolean => {
  const { signature } = record.attributes;
  if (signature?.length !== 130) return false;
  return ed25519.verify(fromHex(signature), signed(topic, record), publicKey, { zip215: false });
};

/** The public key to pin for an Ed25519 seed. */
export const publicKeyOf = (secret: Uint8Array): Uint8Array => ed25519.getPublicKey(secret);
