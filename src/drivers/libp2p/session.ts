import type { Stream, StreamMessageEvent } from '@libp2p/interface';
import { concatBytes } from '@noble/hashes/utils.js';
import type { Certificate } from '../../domain/peers/certificate.ts';
import { isAfter, type Place } from '../../domain/peers/frames.ts';
import { Link } from '../../domain/peers/link.ts';
import type { LinkTerms } from '../../domain/peers/linkTerms.ts';
import { PeerError } from '../../domain/peers/peerError.ts';
import type { Hello, View } from '../../domain/peers/words.ts';
import type { PeerParcel } from '../../sinks/toPeer.ts';

/** Milliseconds a farewell has to go out before the stream is cut off. */
const FAREWELL = 500;

/** Bytes of a part that is copied, to be sent in one piece with others. */
const COPIED = 16 * 1024;

/** What a session tells its network. */
export interface SessionEvents {
  readonly proven: (session: Session, certificate: Certificate, bytes: Uint8Array) => void;
  readonly opened: (session: Session, hello: Hello) => void;
  readonly heard: (session: Session, place: Place, body: Uint8Array, traceparent: string | undefined) => void;
  readonly addresses: (session: Session, record: Uint8Array) => void;
  readonly viewed: (view: View) => void;
}

export interface SessionOptions {
  readonly stream: Stream;
  readonly terms: LinkTerms;
  readonly events: SessionEvents;
  /** What broke the connection below the stream, where it is known. */
  readonly broken: () => PeerError | undefined;
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
}

/** How a session ended: why, and which side said so. */
export interface SessionEnd {
  readonly reason: PeerError;
  readonly remote: boolean;
}

interface Owed {
  readonly upTo: Place;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A message that was handed on, in the order it was heard. */
interface Held {
  readonly place: Place;
  readonly bytes: number;
  settled: boolean;
}

/** A link on a libp2p stream: carries bytes and time to it, and what it says back. */
export class Session {
  readonly #stream: Stream;
  readonly #now: () => number;
  readonly #broken: () => PeerError | undefined;
  readonly #link: Link;
  readonly #owed: Owed[] = [];
  readonly #held: Held[] = [];
  readonly #unsent: Uint8Array[] = [];
  readonly #end = Promise.withResolvers<SessionEnd>();
  #over: PeerError | undefined;
  #remote = false;
  #resuming = false;

  /** Messages handed on and not settled. */
  inFlight = 0;
  sentMessages = 0;
  sentBytes = 0;
  receivedMessages = 0;
  receivedBytes = 0;

  constructor({ stream, terms, events, broken, now }: SessionOptions) {
    this.#stream = stream;
    this.#broken = broken;
    this.#now = now;
    this.#link = new Link(
      {
        send: (...parts) => this.#write(parts),
        proven: (certificate, bytes) => {
          events.proven(this, certificate, bytes);
        },
        opened: (hello) => {
          events.opened(this, hello);
        },
        deliver: (place, body, traceparent) => {
          this.receivedMessages += 1;
          this.receivedBytes += body.length;
          this.#held.push({ place, bytes: body.length, settled: false });
          events.heard(this, place, body, traceparent);
        },
        acknowledged: (place) => {
          this.#acknowledged(place);
        },
        addresses: (record) => {
          events.addresses(this, record);
        },
        viewed: events.viewed,
        ended: (reason, remote) => {
          this.#ended(reason, remote);
        },
      },
      terms,
      now(),
    );
    stream.addEventListener('message', this.#receive);
    stream.addEventListener('drain', this.#drained);
    stream.addEventListener('close', this.#closed);
    stream.addEventListener('remoteCloseWrite', () => {
      this.#closed({});
    });
    this.#link.showCertificate();
  }

  /** Resolves with the reason when the session is over. */
  get ended(): Promise<SessionEnd> {
    return this.#end.promise;
  }

  get link(): Link {
    return this.#link;
  }

  /** Sends messages in order; resolves when the last one, and with it all, is acknowledged. */
  send(parcels: readonly PeerParcel[]): Promise<void> {
    const last = parcels.at(-1);
    if (this.#over !== undefined) return Promise.reject(this.#over);
    if (last === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#owed.push({ upTo: last, resolve, reject });
      const now = this.#now();
      for (const { epoch, sequence, body, trace } of parcels) {
        this.sentMessages += 1;
        this.sentBytes += body.length;
        this.#link.send({ epoch, sequence }, body, now, trace?.traceparent);
      }
    });
  }

  /** A message that was heard is durable: it is acknowledged as soon as all before it are. */
  settle(place: Place): void {
    const held = this.#held.find((one) => one.place.epoch === place.epoch && one.place.sequence === place.sequence && !one.settled);
    if (held === undefined) return;
    held.settled = true;
    let first = this.#held[0];
    while (first?.settled === true) {
      this.#held.shift();
      this.#link.settle(first.place, first.bytes, this.#now());
      first = this.#held[0];
    }
    this.#flow();
  }

  tick(view: () => View): void {
    this.#link.tick(this.#now(), view);
    this.#flow();
  }

  end(reason: PeerError): void {
    this.#link.end(reason);
  }

  readonly #receive = ({ data }: StreamMessageEvent): void => {
    for (const chunk of data instanceof Uint8Array ? [data] : data) this.#link.receive(chunk, this.#now());
    this.#flow();
  };

  readonly #drained = (): void => {
    this.#link.drained();
  };

  readonly #closed = (event: { readonly error?: Error }): void => {
    const how = event.error === undefined ? 'it was closed' : event.error.message;
    this.#link.lost(this.#broken() ?? new PeerError('peer.disconnected', `the link broke: ${how}`, { cause: event.error }));
  };

  /**
   * Reads on, or lets the other side wait: what it sends then stays in its window. libp2p tells what was kept while it waited, and then opens
   * the window, also where it was told meanwhile to wait again: so it is told that after it.
   */
  #flow(): void {
    if (this.#resuming || this.#over !== undefined || this.#stream.status !== 'open') return;
    const paused = this.#stream.readStatus === 'paused';
    if (!this.#link.paused && paused) {
      this.#resuming = true;
      this.#stream.resume();
      this.#resuming = false;
    }
    if (this.#link.paused && this.#stream.readStatus === 'readable') this.#stream.pause();
  }

  /** What is said in one go is sent in few pieces: each of them costs the other side an update of the stream's window. */
  #write(parts: readonly Uint8Array[]): boolean {
    if (this.#stream.writeStatus !== 'writable') return false;
    if (this.#unsent.length === 0) queueMicrotask(this.#flush);
    this.#unsent.push(...parts);
    return !this.#stream.writableNeedsDrain;
  }

  readonly #flush = (): void => {
    if (this.#unsent.length === 0 || this.#stream.writeStatus !== 'writable') return;
    try {
      for (const piece of inPieces(this.#unsent.splice(0))) this.#stream.send(piece);
    } catch (cause) {
      this.#link.lost(new PeerError('peer.disconnected', `nothing can be sent any more: ${String(cause)}`, { cause }));
    }
  };

  #acknowledged(place: Place): void {
    for (let first = this.#owed[0]; first !== undefined && !isAfter(first.upTo, place); first = this.#owed[0]) {
      this.#owed.shift();
      first.resolve();
    }
  }

  #ended(reason: PeerError, remote: boolean): void {
    this.#over = reason;
    this.#remote = remote;
    for (const { reject } of this.#owed.splice(0)) reject(reason);
    this.#stream.removeEventListener('message', this.#receive);
    this.#leave().catch(() => undefined);
    this.#end.resolve({ reason, remote: this.#remote });
  }

  /** Lets what was said last go out, but does not wait for long: a peer that does not read is no reason to stay. */
  async #leave(): Promise<void> {
    this.#flush();
    try {
      await this.#stream.close({ signal: AbortSignal.timeout(FAREWELL) });
    } finally {
      if (this.#stream.status === 'open') this.#stream.abort(this.#over ?? new Error('over'));
    }
  }
}

/** Joins short parts; long ones go as they are, for copying them costs more. */
function* inPieces(parts: readonly Uint8Array[]): Iterable<Uint8Array> {
  let short: Uint8Array[] = [];
  for (const part of parts) {
    if (part.length <= COPIED) {
      short.push(part);
      continue;
    }
    if (short.length > 0) yield concatBytes(...short);
    short = [];
    yield part;
  }
  if (short.length > 0) yield concatBytes(...short);
}
