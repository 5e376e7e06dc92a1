import { blake2b } from '@noble/hashes/blake2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonicalJson.ts';
import { type Hex, toHex } from '../hex.ts';

/** BLAKE2b-256 of bytes, in hex: the digest of what gets signed. */
export const digestBytes = (bytes: Uint8Array): Hex => toHex(blake2b(bytes, { dkLen: 32 }));

/** BLAKE2b-256 of a value's canonical JSON, in hex: the digest of maps and evidence. */
export const digestOf = (value: unknown): Hex => digestBytes(utf8ToBytes(canonicalJson(value)));
