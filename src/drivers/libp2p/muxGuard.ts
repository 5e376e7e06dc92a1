import type { MessageStream, Stream, StreamMessageEvent, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';
import { PeerError } from '../../domain/peers/peerError.ts';
import { Quota, type Rate } from '../../domain/peers/quota.ts';

/** Bytes before a yamux frame's data: version, type (u8 each), flags (u16), stream (u32), length (u32), big endian (yamux specification). */
const HEADER = 12;
const DATA = 0;

export interface MuxLimits {
  /** Data of one yamux frame at most, in bytes. */
  readonly frame: number;
  /** Bytes that may come before a certificate has been accepted. */
  readonly unproven: number;
  /** yamux frames, whatever they are: data, window updates, pings. */
  readonly frames: Rate;
  /** Bytes that may wait to be written to a side that does not read. */
  readonly unread: number;
}

export const MUX_LIMITS: MuxLimits = {
  frame: 1024 * 1024,
  unproven: 16 * 1024,
  frames: { perSecond: 4_000, atOnce: 40_000 },
  unread: 8 * 1024 * 1024,
};

/** Milliseconds until a connection beyond its quota is looked at again. */
const PAUSE = 100;

/**
 * Watches what comes in on a connection below its streams. The muxer itself takes a frame of four gigabytes in one piece, answers every ping,
 * and keeps what cannot be written without a bound.
 */
class Guard {
  readonly #connection: MessageStream;
  readonly #limits: MuxLimits;
  readonly #frames: Quota;
  readonly #header = new Uint8Array(HEADER);
  #headerLength = 0;
  #data = 0;
  #unproven: number;
  #timer: NodeJS.Timeout | undefined;
  #broken: PeerError | undefined;

  constructor(connection: MessageStream, limits: MuxLimits, now: number) {
    this.#connection = connection;
    this.#limits = limits;
    this.#frames = new Quota(limits.frames, now);
    this.#unproven = limits.unproven;
    connection.maxWriteBufferLength = limits.unread;
    connection.addEventListener('message', this.#watch);
    connection.addEventListener('close', ({ error }) => {
      clearTimeout(this.#timer);
      this.#broken = error === undefined || error instanceof PeerError ? error : brokenBy(error);
    });
  }

  /** What broke the connection, as far as it is known. */
  get broken(): PeerError | undefined {
    return this.#broken;
  }

  /** The other side has proven who it is. */
  proven(): void {
    this.#unproven = Number.POSITIVE_INFINITY;
  }

  readonly #watch = ({ data }: StreamMessageEvent): void => {
    const now = performance.now();
    this.#unproven -= data.byteLength;
    if (this.#unproven < 0) {
      this.#connection.abort(new PeerError('peer.malformed', 'too much was sent before a certificate'));
      return;
    }
    for (const chunk of data instanceof Uint8Array ? [data] : data) if (!this.#follow(chunk, now)) return;
    if (!this.#frames.isOpen(now)) this.#pause();
  };

  #follow(chunk: Uint8Array, now: number): boolean {
    let at = 0;
    while (at < chunk.length) {
      const data = Math.min(this.#data, chunk.length - at);
      this.#data -= data;
      at += data;
      const part = chunk.subarray(at, at + HEADER - this.#headerLength);
      if (this.#data > 0 || part.length === 0) continue;
      this.#header.set(part, this.#headerLength);
      this.#headerLength += part.length;
      at += part.length;
      if (this.#headerLength < HEADER) continue;
      this.#headerLength = 0;
      this.#frames.take(1, now);
      if (this.#header[1] !== DATA) continue;
      this.#data = new DataView(this.#header.buffer).getUint32(8);
      if (this.#data <= this.#limits.frame) continue;
      this.#connection.abort(new PeerError('peer.malformed', `a yamux frame claims ${String(this.#data)} bytes`));
      return false;
    }
    return true;
  }

  #pause(): void {
    if (this.#timer !== undefined || this.#connection.status !== 'open') return;
    this.#connection.pause();
    this.#timer = setInterval(() => {
      if (!this.#frames.isOpen(performance.now())) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      if (this.#connection.status === 'open') this.#connection.resume();
    }, PAUSE);
  }
}

const brokenBy = (error: Error): PeerError =>
  error.name === 'StreamBufferError'
    ? new PeerError('peer.slow', `too much waits to be read by the other side: ${error.message}`, { cause: error })
    : new PeerError('peer.disconnected', `the link broke: ${error.message}`, { cause: error });

/** What watches the connection of a stream. */
export type ConnectionGuard = Pick<Guard, 'proven' | 'broken'>;

/** A muxer whose connections are watched. */
export interface GuardedMuxer<Components> {
  readonly muxer: (components: Components) => StreamMuxerFactory;
  /** What watches the connection of an open stream. */
  readonly guardOf: (stream: Stream) => ConnectionGuard | undefined;
}

export const guardMuxer = <Components>(
  inner: (components: Components) => StreamMuxerFactory,
  limits: MuxLimits,
): GuardedMuxer<Components> => {
  const guards = new Map<StreamMuxer, Guard>();
  return {
    muxer: (components) => {
      const factory = inner(components);
      return {
        protocol: factory.protocol,
        createStreamMuxer: (connection) => {
          const guard = new Guard(connection, limits, performance.now());
          const muxer = factory.createStreamMuxer(connection);
          guards.set(muxer, guard);
          connection.addEventListener('close', () => {
            guards.delete(muxer);
          });
          return muxer;
        },
      };
    },
    guardOf: (stream) => [...guards].find(([{ streams }]) => streams.includes(stream))?.[1],
  };
};
