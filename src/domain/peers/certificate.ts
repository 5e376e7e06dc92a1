import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex, type Hex, toHex } from '../hex.ts';
import { verifySr25519 } from '../threshold/schnorrkel.ts';
import { PeerError } from './peerError.ts';

/** What binds a libp2p identity to a validator: signed by its Serai key, for one epoch of its coordinator (design §9). */
export interface Certificate {
  readonly validator: Hex;
  readonly peerId: string;
  readonly genesis: Hex;
  readonly epoch: number;
  /** Finalized heights the certificate is valid from and until. */
  readonly validFrom: number;
  readonly validUntil: number;
}

const LABEL = utf8ToBytes('serai-coordinator/v1/certificate.peer');
const SIGNATURE = 64;
const FIXED = 32 + 32 + 4 + 4 + 4 + 1;

const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
};

/** validator (32) ‖ genesis (32) ‖ epoch ‖ valid from ‖ valid until (u32 little endian each) ‖ length of peer id (u8) ‖ peer id (ASCII). */
const encodeBody = ({ validator, peerId, genesis, epoch, validFrom, validUntil }: Certificate): Uint8Array => {
  const id = utf8ToBytes(peerId);
  return concatBytes(fromHex(validator), fromHex(genesis), u32(epoch), u32(validFrom), u32(validUntil), Uint8Array.of(id.length), id);
};

/** The label comes first, then the genesis hash, then the certificate. */
const signed = (certificate: Certificate): Uint8Array => concatBytes(LABEL, fromHex(certificate.genesis), encodeBody(certificate));

/** A certificate as it is sent: its body ‖ signature (64). */
export const signCertificate = (certificate: Certificate, sign: (bytes: Uint8Array) => Uint8Array): Uint8Array =>
  concatBytes(encodeBody(certificate), sign(signed(certificate)));

/** Reads a certificate and checks its signature; throws PeerError `peer.malformed` or `peer.refused`. */
export const readCertificate = (bytes: Uint8Array): Certificate => {
  const length = bytes[FIXED - 1];
  if (length === undefined || bytes.length !== FIXED + length + SIGNATURE)
    throw new PeerError('peer.malformed', 'the first frame is not a certificate');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const certificate: Certificate = {
    validator: toHex(bytes.subarray(0, 32)),
    genesis: toHex(bytes.subarray(32, 64)),
    epoch: view.getUint32(64, true),
    validFrom: view.getUint32(68, true),
    validUntil: view.getUint32(72, true),
    peerId: String.fromCharCode(...bytes.subarray(FIXED, FIXED + length)),
  };
  if (!verifySr25519(bytes.subarray(0, 32), signed(certificate), bytes.subarray(-SIGNATURE)))
    throw new PeerError('peer.refused', `the certificate of ${certificate.validator} is not signed by it`);
  return certificate;
};

/** What a certificate is held against. */
export interface Expectation {
  /** The peer id the noise handshake has proven. */
  readonly peerId: string;
  readonly genesis: Hex;
  readonly height: number;
  readonly admitted: (validator: Hex) => boolean;
  /** The highest epoch seen of a validator. */
  readonly highestEpoch: (validator: Hex) => number;
}

/** Throws PeerError `peer.refused` unless the certificate is for this peer, this chain, this height and an admitted validator, in its newest epoch. */
export const checkCertificate = (certificate: Certificate, expected: Expectation): void => {
  const { validator, peerId, genesis, epoch, validFrom, validUntil } = certificate;
  const refuse = (reason: string): never => {
    throw new PeerError('peer.refused', `${validator}: ${reason}`);
  };
  if (peerId !== expected.peerId) refuse(`its certificate is for another libp2p identity than ${expected.peerId}`);
  if (genesis !== expected.genesis) refuse(`it is a validator of another chain (genesis ${genesis})`);
  if (!expected.admitted(validator)) refuse('it is not a validator of a current, coming or just retired set of ours');
  if (expected.height < validFrom || expected.height > validUntil)
    refuse(`its certificate is valid from ${String(validFrom)} to ${String(validUntil)}, we are at ${String(expected.height)}`);
  if (epoch < expected.highestEpoch(validator))
    refuse(`epoch ${String(epoch)} is over, ${String(expected.highestEpoch(validator))} was seen`);
};
