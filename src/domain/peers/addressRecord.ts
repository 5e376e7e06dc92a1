import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex, type Hex, toHex } from '../hex.ts';
import { verifySr25519 } from '../threshold/schnorrkel.ts';
import { ADDRESS_LIMIT, isAddress } from './addresses.ts';
import { PeerError } from './peerError.ts';

/** Where a validator says its coordinator is reached; signed by its Serai key, so that others may pass it on. The highest epoch, then revision, counts. */
export interface AddressRecord {
  readonly validator: Hex;
  readonly genesis: Hex;
  readonly epoch: number;
  readonly revision: number;
  readonly addresses: readonly string[];
}

/** Addresses of one validator at most. */
export const ADDRESSES_AT_MOST = 8;

const LABEL = utf8ToBytes('serai-coordinator/v1/addresses.peer');
const SIGNATURE = 64;
const FIXED = 32 + 32 + 4 + 4 + 1;

/** validator (32) ‖ genesis (32) ‖ epoch ‖ revision (u32 little endian each) ‖ number of addresses (u8) ‖ for each: length (u8) ‖ multiaddr (ASCII). */
const encodeBody = ({ validator, genesis, epoch, revision, addresses }: AddressRecord): Uint8Array => {
  const numbers = new Uint8Array(8);
  const view = new DataView(numbers.buffer);
  view.setUint32(0, epoch, true);
  view.setUint32(4, revision, true);
  const texts = addresses.map(utf8ToBytes);
  return concatBytes(
    fromHex(validator),
    fromHex(genesis),
    numbers,
    Uint8Array.of(texts.length),
    ...texts.flatMap((text) => [Uint8Array.of(text.length), text]),
  );
};

const signed = (genesis: Uint8Array, body: Uint8Array): Uint8Array => concatBytes(LABEL, genesis, body);

/** A record as it is sent: its body ‖ signature (64) over label ‖ genesis ‖ body. */
export const signAddressRecord = (record: AddressRecord, sign: (bytes: Uint8Array) => Uint8Array): Uint8Array => {
  const body = encodeBody(record);
  return concatBytes(body, sign(signed(fromHex(record.genesis), body)));
};

const malformed = (): PeerError => new PeerError('peer.malformed', 'what was sent as addresses are none');

/** Reads what a record says, not yet whether its validator says so; throws PeerError `peer.malformed`. */
export const decodeAddressRecord = (bytes: Uint8Array): AddressRecord => {
  const end = bytes.length - SIGNATURE;
  const count = bytes[FIXED - 1];
  if (end < FIXED || count === undefined || count > ADDRESSES_AT_MOST) throw malformed();
  const addresses: string[] = [];
  let at = FIXED;
  for (let index = 0; index < count; index += 1) {
    const length = bytes[at] ?? 0;
    const address = String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length));
    at += 1 + length;
    if (at > end || address.length > ADDRESS_LIMIT || !isAddress(address)) throw malformed();
    addresses.push(address);
  }
  if (at !== end) throw malformed();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    validator: toHex(bytes.subarray(0, 32)),
    genesis: toHex(bytes.subarray(32, 64)),
    epoch: view.getUint32(64, true),
    revision: view.getUint32(68, true),
    addresses,
  };
};

/** Whether the validator that a record names has signed it. */
export const isAddressRecordSigned = (bytes: Uint8Array): boolean =>
  verifySr25519(bytes.subarray(0, 32), signed(bytes.subarray(32, 64), bytes.subarray(0, -SIGNATURE)), bytes.subarray(-SIGNATURE));

/** Whether a record says something newer than another of the same validator. */
export const isNewer = (record: AddressRecord, than: AddressRecord | undefined): boolean =>
  than === undefined || record.epoch > than.epoch || (record.epoch === than.epoch && record.revision > than.revision);
