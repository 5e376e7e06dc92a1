import { concatBytes } from '@noble/hashes/utils.js';
import { PeerError } from './peerError.ts';

/** What a frame says at most after its length, in bytes: its kind and a payload. */
export const FRAME_LIMIT = 1024 * 1024 + 16;

/** The first frame, a certificate, at most. */
export const FIRST_FRAME_LIMIT = 512;

/** A text in a frame at most, in bytes: what a hello, a view, a farewell or an address record says. */
export const TEXT_LIMIT = 4096;

/** The kinds of frames by their first byte. From 128 on they are optional: whoever does not know them passes over them. */
export const KIND = { certificate: 0, hello: 1, data: 2, ack: 3, ping: 4, pong: 5, addresses: 6, view: 7, bye: 8, trace: 128 } as const;

const OPTIONAL = 128;

const BY_NUMBER = new Map<number, FrameKind>(Object.entries(KIND).map(([kind, number]) => [number, kind as FrameKind]));
type FrameKind = keyof typeof KIND;

/** A message's number: consecutive per sender, receiver and epoch of the sender, from 1. */
export interface Place {
  readonly epoch: number;
  readonly sequence: number;
}

/** Whether one place comes after another. */
export const isAfter = (a: Place, b: Place): boolean => a.epoch > b.epoch || (a.epoch === b.epoch && a.sequence > b.sequence);

/** Bytes of a frame before its payload: length (u32 little endian), kind (u8). */
const HEAD = 5;

/** The head of a data frame: what comes before a body of this length. */
export const dataHead = ({ epoch, sequence }: Place, bodyLength: number): Uint8Array => {
  const head = new Uint8Array(HEAD + 8);
  const view = new DataView(head.buffer);
  view.setUint32(0, 9 + bodyLength, true);
  head[4] = KIND.data;
  view.setUint32(HEAD, epoch, true);
  view.setUint32(HEAD + 4, sequence, true);
  return head;
};

/** What is said on a link. An ack stands for everything up to its place; an optional frame of a later version is `unknown`. */
export type Frame =
  | ({ readonly kind: 'data'; readonly body: Uint8Array } & Place)
  | ({ readonly kind: 'ack' } & Place)
  | { readonly kind: 'ping' | 'pong'; readonly nonce: number }
  | { readonly kind: 'certificate' | 'hello' | 'addresses' | 'view' | 'bye' | 'trace'; readonly payload: Uint8Array }
  | { readonly kind: 'unknown' };

const framed = (kind: FrameKind, payloadLength: number): Uint8Array => {
  const bytes = new Uint8Array(HEAD + payloadLength);
  new DataView(bytes.buffer).setUint32(0, 1 + payloadLength, true);
  bytes[4] = KIND[kind];
  return bytes;
};

/**
 * A frame as it is sent: length of what follows (u32) ‖ kind (u8) ‖ payload. Data: epoch ‖ sequence (u32 each) ‖ body. Ack: epoch ‖
 * sequence. Ping, pong: nonce (u32). Numbers are little endian.
 */
export const encodeFrame = (frame: Exclude<Frame, { kind: 'unknown' }>): Uint8Array => {
  switch (frame.kind) {
    case 'data':
      return concatBytes(dataHead(frame, frame.body.length), frame.body);
    case 'ack': {
      const bytes = framed(frame.kind, 8);
      const view = new DataView(bytes.buffer);
      view.setUint32(HEAD, frame.epoch, true);
      view.setUint32(HEAD + 4, frame.sequence, true);
      return bytes;
    }
    case 'ping':
    case 'pong': {
      const bytes = framed(frame.kind, 4);
      new DataView(bytes.buffer).setUint32(HEAD, frame.nonce, true);
      return bytes;
    }
    default: {
      const bytes = framed(frame.kind, frame.payload.length);
      bytes.set(frame.payload, HEAD);
      return bytes;
    }
  }
};

const malformed = (message: string): PeerError => new PeerError('peer.malformed', message);

/** Reads what a frame says, its length cut off; throws PeerError `peer.malformed`. */
export const decodeFrame = (said: Uint8Array): Frame => {
  const number = said[0] ?? OPTIONAL;
  const kind = BY_NUMBER.get(number);
  if (kind === undefined) {
    if (number >= OPTIONAL) return { kind: 'unknown' };
    throw malformed(`a frame is of kind ${String(number)}, which does not exist`);
  }
  const payload = said.subarray(1);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  switch (kind) {
    case 'data':
    case 'ack': {
      if (kind === 'data' ? payload.length < 8 : payload.length !== 8)
        throw malformed(`a frame of kind ${kind} has ${String(payload.length)} bytes`);
      const place = { epoch: view.getUint32(0, true), sequence: view.getUint32(4, true) };
      return kind === 'data' ? { kind, ...place, body: payload.subarray(8) } : { kind, ...place };
    }
    case 'ping':
    case 'pong':
      if (payload.length !== 4) throw malformed(`a ${kind} has ${String(payload.length)} bytes`);
      return { kind, nonce: view.getUint32(0, true) };
    default:
      if (payload.length > TEXT_LIMIT) throw malformed(`a frame of kind ${kind} has ${String(payload.length)} bytes`);
      return { kind, payload };
  }
};

/** Chunks below this are copied together: one of a byte takes a hundred times its room, and may keep a long one in memory. */
const SHORT = 512;

/** Bytes of the blocks they are copied to. */
const BLOCK = 4 * 1024;

/**
 * Cuts a stream of bytes into frames. Each byte is copied once, to the frame it belongs to, as soon as that frame is asked for: so neither does a
 * short frame keep a long chunk in memory, nor a long one all its chunks.
 */
export class FrameCutter {
  readonly #chunks: Uint8Array[] = [];
  #waiting = 0;
  /** How much of the last chunk's buffer is still free: short chunks are put there. */
  #room = 0;
  /** What has come of the frame that is next. */
  #frame: { readonly bytes: Uint8Array; filled: number } | undefined;

  /** Bytes that were not given out yet. */
  get held(): number {
    return this.#waiting + (this.#frame === undefined ? 0 : 4 + this.#frame.filled);
  }

  /** Pieces that what waits is kept in. */
  get pieces(): number {
    return this.#chunks.length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waiting += bytes.length;
    // What comes first is most often whole already.
    if (bytes.length >= SHORT || this.#chunks.length === 0) {
      this.#chunks.push(bytes);
      this.#room = 0;
      return;
    }
    if (this.#room < bytes.length) {
      this.#chunks.push(new Uint8Array(BLOCK).subarray(0, 0));
      this.#room = BLOCK;
    }
    const last = this.#chunks.at(-1) ?? bytes;
    const longer = new Uint8Array(last.buffer, last.byteOffset, last.length + bytes.length);
    longer.set(bytes, last.length);
    this.#chunks[this.#chunks.length - 1] = longer;
    this.#room -= bytes.length;
  }

  /** What the next frame says, once it is whole; throws PeerError `peer.malformed` on a length beyond `limit`, or of nothing. */
  next(limit: number): Uint8Array | undefined {
    if (this.#frame === undefined) {
      if (this.#waiting < 4) return undefined;
      const head = new Uint8Array(4);
      this.#moveTo(head);
      const length = new DataView(head.buffer).getUint32(0, true);
      if (length === 0 || length > limit) throw malformed(`a frame claims ${String(length)} bytes`);
      // It is written over whole, so it need not be empty before.
      this.#frame = { bytes: new Uint8Array(Buffer.allocUnsafeSlow(length).buffer), filled: 0 };
    }
    const { bytes, filled } = this.#frame;
    this.#frame.filled += this.#moveTo(bytes.subarray(filled));
    if (this.#frame.filled < bytes.length) return undefined;
    this.#frame = undefined;
    return bytes;
  }

  /** Takes the first bytes that wait, as many as there are and as there is room for; tells how many. */
  #moveTo(target: Uint8Array): number {
    let at = 0;
    let whole = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, target.length - at);
      target.set(part, at);
      at += part.length;
      if (part.length < chunk.length) {
        this.#chunks[whole] = chunk.subarray(part.length);
        break;
      }
      whole += 1;
    }
    this.#chunks.splice(0, whole);
    if (this.#chunks.length === 0) this.#room = 0;
    this.#waiting -= at;
    return at;
  }
}
