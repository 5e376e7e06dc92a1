import { PeerError } from './peerError.ts';

/** A frame's payload at most, in bytes. */
export const FRAME_LIMIT = 1024 * 1024;

/** The first frame, a certificate, at most. */
export const FIRST_FRAME_LIMIT = 512;

const KIND = { data: 0, ack: 1 } as const;

/** What is said on a link after the certificates: numbered data, and its acknowledgement. */
export type Frame =
  | { readonly kind: 'data'; readonly epoch: number; readonly sequence: number; readonly body: Uint8Array }
  | { readonly kind: 'ack'; readonly epoch: number; readonly sequence: number };

/** Length (u32 little endian) ‖ payload. */
export const frameBytes = (payload: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(4 + payload.length);
  new DataView(bytes.buffer).setUint32(0, payload.length, true);
  bytes.set(payload, 4);
  return bytes;
};

/** Kind (u8: data 0, ack 1) ‖ epoch ‖ sequence (u32 little endian each) ‖ body. */
export const encodeFrame = (frame: Frame): Uint8Array => {
  const body = frame.kind === 'data' ? frame.body : new Uint8Array();
  const payload = new Uint8Array(9 + body.length);
  const view = new DataView(payload.buffer);
  payload[0] = KIND[frame.kind];
  view.setUint32(1, frame.epoch, true);
  view.setUint32(5, frame.sequence, true);
  payload.set(body, 9);
  return frameBytes(payload);
};

/** Reads a frame's payload; throws PeerError `peer.malformed`. */
export const decodeFrame = (payload: Uint8Array): Frame => {
  if (payload.length < 9) throw new PeerError('peer.malformed', `a frame of ${String(payload.length)} bytes is too short`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const numbers = { epoch: view.getUint32(1, true), sequence: view.getUint32(5, true) };
  if (payload[0] === KIND.data) return { kind: 'data', ...numbers, body: payload.subarray(9) };
  if (payload[0] === KIND.ack && payload.length === 9) return { kind: 'ack', ...numbers };
  throw new PeerError('peer.malformed', `a frame begins with ${String(payload[0])}`);
};

/** Cuts a stream of bytes into payloads; holds no more than one frame. */
export class FrameCutter {
  #held: Uint8Array = new Uint8Array();

  /** The payloads that are whole with these bytes; throws PeerError `peer.malformed` on a length beyond `limit` or of nothing. */
  *cut(bytes: Uint8Array, limit: () => number): Iterable<Uint8Array> {
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    let at = 0;
    while (all.length - at >= 4) {
      const length = new DataView(all.buffer, at, 4).getUint32(0, true);
      if (length === 0 || length > limit()) throw new PeerError('peer.malformed', `a frame claims ${String(length)} bytes`);
      if (all.length - at - 4 < length) break;
      const payload = all.slice(at + 4, at + 4 + length);
      at += 4 + length;
      this.#held = all.slice(at);
      yield payload;
    }
    this.#held = all.slice(at);
  }
}
