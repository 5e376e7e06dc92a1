import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base58 } from '@scure/base';

/** Serai's addresses have Substrate's generic prefix (golden README, runtime_version.json). */
const SERAI = 42;
const KEY = 32;
const CHECKSUM = 2;

const checksumOf = (bytes: Uint8Array): Uint8Array =>
  blake2b(concatBytes(utf8ToBytes('SS58PRE'), bytes), { dkLen: 64 }).subarray(0, CHECKSUM);

/** The address of a public key of 32 bytes: base58 of the prefix, the key and the first two bytes of their blake2b-512 after `SS58PRE` (Substrate, SS58 address format). */
export const encodeSs58 = (publicKey: Uint8Array): string => {
  const body = concatBytes(Uint8Array.of(SERAI), publicKey);
  return base58.encode(concatBytes(body, checksumOf(body)));
};

/** The public key of 32 bytes that an address names, whatever network its prefix of one or two bytes names; undefined where it is no such address. */
export const decodeSs58 = (address: string): Uint8Array | undefined => {
  // 38 bytes never take more than 52 characters; what is longer is not worth decoding.
  if (!/^[1-9A-HJ-NP-Za-km-z]{35,52}$/.test(address)) return undefined;
  const bytes = base58.decode(address);
  const [first = 0] = bytes;
  const prefix = first < 64 ? 1 : 2;
  if (first >= 128 || bytes.length !== prefix + KEY + CHECKSUM) return undefined;
  const body = bytes.subarray(0, -CHECKSUM);
  const checksum = checksumOf(body);
  return bytes.subarray(-CHECKSUM).every((byte, index) => byte === checksum[index]) ? body.subarray(prefix) : undefined;
};
