import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { canonicalJson } from '../canonicalJson.ts';
import { fromHex, type Hex, toHex } from '../hex.ts';
import { hexOf } from '../processor/ids.ts';
import { verifySr25519 } from '../threshold/schnorrkel.ts';
import { PeerError } from './peerError.ts';

/** A message between the coordinators of two validators, signed with the sender's Serai key: it is evidence (design §5). */
export const peerMessage = z.strictObject({
  kind: z.string().regex(/^[a-z][a-z.-]{1,40}$/),
  from: hexOf(32),
  to: hexOf(32),
  genesis: hexOf(32),
  /** Derived from the meaning. */
  id: z.string().min(1).max(300),
  body: z.json(),
  signature: hexOf(64),
});
export type PeerMessage = z.infer<typeof peerMessage>;

const withLength = (bytes: Uint8Array): Uint8Array => {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length, true);
  return concatBytes(length, bytes);
};

/**
 * What the signature is made over: `serai-coordinator/v1/` ‖ kind ‖ genesis hash (32), then from, to (32 each), id and the canonical
 * JSON of the body, each with its length before it (u32 little endian).
 */
export const peerMessageBytes = ({ kind, from, to, genesis, id, body }: Omit<PeerMessage, 'signature'>): Uint8Array =>
  concatBytes(
    utf8ToBytes(`serai-coordinator/v1/${kind}`),
    fromHex(genesis),
    ...[fromHex(from), fromHex(to), utf8ToBytes(id), utf8ToBytes(canonicalJson(body))].map(withLength),
  );

/** Signs a message; `sign` makes an sr25519 signature (context `substrate`) under `from`. */
export const signPeerMessage = (message: Omit<PeerMessage, 'signature'>, sign: (bytes: Uint8Array) => Uint8Array): PeerMessage => ({
  ...message,
  signature: toHex(sign(peerMessageBytes(message))),
});

/** Whether the message is signed by the validator it names as its sender; `verify` checks an sr25519 signature (context `substrate`). */
export const verifyPeerMessage = (message: PeerMessage, verify: typeof verifySr25519 = verifySr25519): boolean =>
  verify(fromHex(message.from), peerMessageBytes(message), fromHex(message.signature));

/** Bytes of a message at most: Kafka is to take the record that it becomes here, and takes no more than 1 MiB of one with all its headers. */
const MESSAGE_LIMIT = 960 * 1024;

/** Bytes that a message which quotes another one has besides it, at most. */
const QUOTING = 8 * 1024;

/** How deep a message may yet be quoted by its kind, where it is not two deep: shares in a blame, and that in a relay. */
const QUOTED = new Map([
  ['keygen.blame', 1],
  ['keygen.relay', 0],
  ['sign.proposal', 0],
  ['slash.proposal', 0],
]);

/** Bytes that a message of this kind may have: as many as let others quote it. */
export const roomFor = (kind: string): number => MESSAGE_LIMIT - QUOTING * (QUOTED.get(kind) ?? 2);

const text = new TextDecoder('utf-8', { fatal: true });

/** Between whom, and on which chain, a message has to be. */
export interface MessageBetween {
  readonly from: Hex;
  readonly to: Hex;
  readonly genesis: Hex;
}

/** Reads what a validator's link has brought: JSON in UTF-8; throws PeerError `peer.malformed` unless it is a message of that validator for us, no larger than its kind may be. */
export const readPeerMessage = (bytes: Uint8Array, { from, to, genesis }: MessageBetween): PeerMessage => {
  let message: PeerMessage;
  try {
    message = peerMessage.parse(JSON.parse(text.decode(bytes)));
  } catch (cause) {
    throw new PeerError('peer.malformed', `what ${from} sent as a message is none`, { cause });
  }
  if (bytes.length > roomFor(message.kind))
    throw new PeerError(
      'peer.malformed',
      `${from} sent a ${message.kind} of ${String(bytes.length)} bytes; ${String(roomFor(message.kind))} are its limit`,
    );
  if (message.from !== from || message.to !== to || message.genesis !== genesis)
    throw new PeerError('peer.malformed', `${from} sent a message of ${message.from} for ${message.to} on the chain of ${message.genesis}`);
  return message;
};

/** Throws PeerError `peer.unsigned` unless the message is signed by the validator it names as its sender. */
export const checkSignature = (message: PeerMessage): void => {
  if (!verifyPeerMessage(message)) throw new PeerError('peer.unsigned', `${message.from} sent a message that it has not signed`);
};
