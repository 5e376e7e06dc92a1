import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex } from '../hex.ts';
import type { KeyGenId, SetId, SignId } from '../processor/ids.ts';

const NETWORK_BYTE = { Bitcoin: 1, Ethereum: 2, Monero: 3 } as const;
const KIND_BYTE = { plan: 0, batch: 1, 'slash-report': 2 } as const;

const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
};

const encodeSet = (set: SetId): Uint8Array => concatBytes(u32(set.session), Uint8Array.of(NETWORK_BYTE[set.network]));

/** SCALE of a SignId: set (session u32, network byte), kind byte (plan 0, batch 1, slash report 2), id (32 bytes, or u32), attempt u32 (docs/protocol.md). */
export const encodeSignId = (id: SignId): Uint8Array =>
  concatBytes(
    encodeSet(id.set),
    Uint8Array.of(KIND_BYTE[id.kind]),
    id.kind === 'plan' ? fromHex(id.id) : u32(Number(id.id)),
    u32(id.attempt),
  );

const streamOf = (label: string, bytes: Uint8Array): bigint => {
  const digest = blake2b(concatBytes(utf8ToBytes(label), bytes), { dkLen: 32 });
  return new DataView(digest.buffer, digest.byteOffset, 8).getBigUint64(0, true);
};

/** The generator's stream for a signing attempt: the first eight bytes, little endian, of BLAKE2b-256(label ‖ SCALE(SignId)) (design §8). */
export const attemptStream = (id: SignId): bigint => streamOf('serai-coordinator/v1/draw/sign', encodeSignId(id));

/** The generator's stream for the draw of a key generation attempt's convener (design §7). */
export const keyGenStream = (id: KeyGenId): bigint =>
  streamOf('serai-coordinator/v1/draw/keygen', concatBytes(encodeSet(id.set), u32(id.attempt)));

/** The generator's stream for the draw of who proposes a set's slash report (docs/protocol.md). */
export const slashReportStream = (set: SetId, number: number): bigint =>
  streamOf('serai-coordinator/v1/draw/slash-report', concatBytes(encodeSet(set), u32(number)));
