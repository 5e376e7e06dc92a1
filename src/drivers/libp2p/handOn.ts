import { FairTurns } from '../../domain/peers/fairTurns.ts';
import { PeerError } from '../../domain/peers/peerError.ts';
import { type PeerFrame, RefusedFrame } from '../../streams/fromPeers.ts';
import type { Session } from './session.ts';

/** Messages handed on at once: of all peers, and of one. */
const IN_FLIGHT = { all: 256, one: 32 } as const;

/** What a message weighs besides its bytes, for turns between peers: about what checking its signature costs. */
const MESSAGE_WEIGHT = 4_096;

/** Bytes that wait for their turn, of all peers; beyond them nobody with something waiting is read. */
const WAITING_BYTES = 64 * 1024 * 1024;

type Deliver = (frame: PeerFrame) => Promise<void>;

interface Heard {
  readonly session: Session;
  readonly frame: PeerFrame;
}

/** Hands on what peers say, each in its turn. What comes before there is somebody to take it waits, as long as its link may hold it. */
export class HandOn {
  readonly #turns = new FairTurns<Session, Heard>(MESSAGE_WEIGHT);
  #deliver: Deliver | undefined;
  #inFlight = 0;
  #pumping = false;

  /** Whether so much waits that none of those with something waiting may bring more. */
  get isCrowded(): boolean {
    return this.#turns.weight > WAITING_BYTES;
  }

  /** Hands on to `deliver` from now on; a message is acknowledged when its promise resolves, and drops its link where it rejects. */
  start(deliver: Deliver): () => void {
    this.#deliver = deliver;
    this.#pump();
    return () => {
      this.#deliver = undefined;
    };
  }

  heard(session: Session, frame: PeerFrame): void {
    // Whoever has nothing waiting comes first: those who flood always have something waiting.
    if (session.inFlight === 0 && !this.#turns.has(session) && this.#deliver !== undefined && this.#inFlight < IN_FLIGHT.all) {
      this.#handOn({ session, frame }, this.#deliver).catch(() => undefined);
      return;
    }
    this.#turns.add(session, { session, frame }, frame.body.length + MESSAGE_WEIGHT);
    this.#pump();
  }

  /** The session is over: what it still has waiting will come again on another one. */
  forget(session: Session): void {
    this.#turns.clear(session);
  }

  /** Hands on one message at a time, each peer in its turn; sockets are looked at in between. */
  #pump(): void {
    if (this.#pumping || this.#deliver === undefined || this.#inFlight >= IN_FLIGHT.all) return;
    const next = this.#turns.next(({ inFlight }) => inFlight < IN_FLIGHT.one);
    if (next === undefined) return;
    this.#pumping = true;
    this.#handOn(next, this.#deliver).catch(() => undefined);
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  async #handOn({ session, frame }: Heard, deliver: Deliver): Promise<void> {
    session.inFlight += 1;
    this.#inFlight += 1;
    try {
      await deliver(frame);
      session.settle(frame);
    } catch (error) {
      session.end(refusalOf(error));
    } finally {
      session.inFlight -= 1;
      this.#inFlight -= 1;
      this.#pump();
    }
  }
}

/** Why a link ends over a message: by what was wrong with it; what went wrong here is neither the other side's fault nor its business. */
const refusalOf = (error: unknown): PeerError => {
  const cause = error instanceof RefusedFrame ? error.cause : error;
  if (cause instanceof PeerError) return cause;
  return new PeerError('peer.disconnected', 'a message could not be taken over', { cause });
};
