import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex, type Hex, toHex } from '../hex.ts';
import { verifySr25519 } from '../threshold/schnorrkel.ts';
import { PeerError } from './peerError.ts';

/** What binds a libp2p identity to a validator: signed by its Serai key, for one epoch of its coordinator (design §9, §10). */
export interface Certificate {
  readonly validator: Hex;
  readonly genesis: Hex;
  readonly epoch: number;
  /** 16 random bytes of this start of the coordinator: a second one that believes to be in the same epoch has others. */
  readonly instance: Hex;
  /** Finalized heights the certificate is valid from and until. */
  readonly validFrom: number;
  readonly validUntil: number;
  readonly peerId: string;
}

/** Blocks a certificate is valid for after it was made: a day of Serai's blocks. It is replaced when half of them are over. */
export const CERTIFICATE_BLOCKS = 14_400;

/** Blocks a certificate is valid from before it was made: a validator whose node is this far behind ours still accepts it. */
export const CERTIFICATE_HEAD_START = 50;

const LABEL = utf8ToBytes('serai-coordinator/v1/certificate.peer');
const SIGNATURE = 64;
const FIXED = 32 + 32 + 4 + 16 + 4 + 4 + 1;

const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
};

/** validator (32) ‖ genesis (32) ‖ epoch (u32) ‖ instance (16) ‖ valid from ‖ valid until (u32 each) ‖ length of peer id (u8) ‖ peer id (ASCII); little endian. */
const encodeBody = ({ validator, genesis, epoch, instance, validFrom, validUntil, peerId }: Certificate): Uint8Array => {
  const id = utf8ToBytes(peerId);
  return concatBytes(
    fromHex(validator),
    fromHex(genesis),
    u32(epoch),
    fromHex(instance),
    u32(validFrom),
    u32(validUntil),
    Uint8Array.of(id.length),
    id,
  );
};

/** The label comes first, then the genesis hash, then the certificate. */
const signed = (certificate: Certificate): Uint8Array => concatBytes(LABEL, fromHex(certificate.genesis), encodeBody(certificate));

/** A certificate as it is sent: its body ‖ signature (64). */
export const signCertificate = (certificate: Certificate, sign: (bytes: Uint8Array) => Uint8Array): Uint8Array =>
  concatBytes(encodeBody(certificate), sign(signed(certificate)));

/** Reads what a certificate says, not yet whether it is true; throws PeerError `peer.malformed`. */
export const decodeCertificate = (bytes: Uint8Array): Certificate => {
  const length = bytes[FIXED - 1];
  if (length === undefined || bytes.length !== FIXED + length + SIGNATURE)
    throw new PeerError('peer.malformed', 'what was sent as a certificate is none');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    validator: toHex(bytes.subarray(0, 32)),
    genesis: toHex(bytes.subarray(32, 64)),
    epoch: view.getUint32(64, true),
    instance: toHex(bytes.subarray(68, 84)),
    validFrom: view.getUint32(84, true),
    validUntil: view.getUint32(88, true),
    peerId: String.fromCharCode(...bytes.subarray(FIXED, FIXED + length)),
  };
};

/** Whether the validator that a certificate names has signed it. */
export const isSigned = (bytes: Uint8Array, certificate: Certificate): boolean =>
  verifySr25519(fromHex(certificate.validator), signed(certificate), bytes.subarray(-SIGNATURE));

/** The highest start of a validator's coordinator that was seen, with the certificate that proves it. */
export interface KnownStart {
  readonly epoch: number;
  readonly instance: Hex;
  readonly certificate: Hex;
}

/** What a certificate is held against. */
export interface Expectation {
  /** The peer id the noise handshake has proven. */
  readonly peerId: string;
  readonly genesis: Hex;
  readonly height: number;
  readonly admitted: (validator: Hex) => boolean;
  /** The highest start seen of a validator. */
  readonly known: (validator: Hex) => KnownStart | undefined;
}

/** Throws PeerError `peer.expired` or `peer.not-yet-valid` where a certificate does not hold at this finalized height. */
export const checkValidity = ({ validator, validFrom, validUntil }: Certificate, height: number): void => {
  const span = `the certificate of ${validator} is valid from ${String(validFrom)} to ${String(validUntil)}, we are at ${String(height)}`;
  if (height > validUntil) throw new PeerError('peer.expired', span);
  if (height < validFrom) throw new PeerError('peer.not-yet-valid', span);
};

/**
 * Reads and checks a certificate; throws PeerError unless it is for this peer, this chain, this height and an admitted validator, in its
 * newest epoch, and signed. The signature comes last: it costs a thousand times what the rest does, and a stranger is refused without.
 */
export const acceptCertificate = (bytes: Uint8Array, expected: Expectation): Certificate => {
  const certificate = decodeCertificate(bytes);
  const { validator, peerId, genesis, epoch, instance } = certificate;
  if (peerId !== expected.peerId)
    throw new PeerError(
      'peer.wrong-identity',
      `the certificate of ${validator} is for another libp2p identity than that of ${expected.peerId}`,
    );
  if (genesis !== expected.genesis)
    throw new PeerError('peer.foreign-chain', `${validator} is a validator of another chain, whose genesis block is ${genesis}`);
  if (!expected.admitted(validator))
    throw new PeerError('peer.stranger', `${validator} is not a validator of a current, coming or just retired set`);
  checkValidity(certificate, expected.height);
  const known = expected.known(validator);
  if (known !== undefined && epoch < known.epoch)
    throw new PeerError('peer.stale-epoch', `epoch ${String(epoch)} of ${validator} is over, ${String(known.epoch)} was seen`);
  if (known !== undefined && epoch === known.epoch && instance !== known.instance)
    throw new PeerError('peer.second-instance', `two coordinators of ${validator} are both in epoch ${String(epoch)}`);
  // What is kept of a validator was checked before it was kept.
  if (known?.certificate === toHex(bytes)) return certificate;
  if (!isSigned(bytes, certificate)) throw new PeerError('peer.unsigned', `the certificate of ${validator} is not signed by it`);
  return certificate;
};

/** Whether a certificate that another validator shows is ours, signed with our key, and of a start that our own store does not know of. */
export const provesRollBack = (
  bytes: Uint8Array,
  own: { readonly validator: Hex; readonly genesis: Hex; readonly epoch: number; readonly instance: Hex },
): boolean => {
  const shown = decodeCertificate(bytes);
  return (
    shown.validator === own.validator &&
    shown.genesis === own.genesis &&
    (shown.epoch > own.epoch || (shown.epoch === own.epoch && shown.instance !== own.instance)) &&
    isSigned(bytes, shown)
  );
};
