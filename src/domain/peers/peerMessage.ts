import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { canonicalJson } from '../canonicalJson.ts';
import { fromHex, toHex } from '../hex.ts';
import { hexOf } from '../processor/ids.ts';
import { verifySr25519 } from '../threshold/schnorrkel.ts';

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
