import type { Hex } from '../hex.ts';
import type { Certificate, Expectation } from './certificate.ts';
import type { Place } from './frames.ts';
import type { InflowLimits } from './inflow.ts';
import type { PeerError } from './peerError.ts';
import type { Hello, View } from './words.ts';

/** Bounds and deadlines of a link. Times in milliseconds. */
export interface LinkLimits extends InflowLimits {
  /** From the start of a link until both sides have said hello. */
  readonly greeting: number;
  /** Without a byte of the other side until it is asked whether it is there; and from then on until it is given up. */
  readonly ping: number;
  readonly dead: number;
  /** For a frame to become whole. */
  readonly frame: number;
  /** Without an acknowledgement, while one is owed. */
  readonly ack: number;
  /** Between two views. */
  readonly view: number;
}

/** The limits of a coordinator: more than the largest set needs, little enough that all peers together do no harm. */
export const LIMITS: LinkLimits = {
  greeting: 10_000,
  ping: 5_000,
  dead: 10_000,
  frame: 120_000,
  ack: 120_000,
  view: 10_000,
  heldMessages: 64,
  heldBytes: 4 * 1024 * 1024,
  frames: { perSecond: 200, atOnce: 1_000 },
  bytes: { perSecond: 8 * 1024 * 1024, atOnce: 32 * 1024 * 1024 },
};

/** What both sides of a link are known by. */
export interface LinkTerms {
  readonly self: () => { readonly validator: Hex; readonly genesis: Hex; readonly epoch: number; readonly instance: Hex };
  /** Our certificate as it is now, ready to send; another array where it was replaced. */
  readonly certificate: () => Uint8Array;
  readonly expected: () => Expectation;
  /** Our hello to a validator. */
  readonly hello: (to: Hex) => Hello;
  readonly limits: LinkLimits;
  /** Whether so much of all peers waits here that none of it may get more. */
  readonly crowded: () => boolean;
}

/** What a link does; `send` takes a frame in parts, and tells whether more may be sent at once. */
export interface LinkPort {
  send(...parts: readonly Uint8Array[]): boolean;
  /** The other side's certificate holds; it has not said hello yet. */
  proven(certificate: Certificate, bytes: Uint8Array): void;
  /** The other side has said hello: from now on messages go both ways. */
  opened(hello: Hello): void;
  /** A message was heard; settling it acknowledges it. */
  deliver(place: Place, body: Uint8Array, traceparent: string | undefined): void;
  /** The other side has everything up to this place, durable. */
  acknowledged(place: Place): void;
  addresses(record: Uint8Array): void;
  viewed(view: View): void;
  /** The link is over; nothing is called any more. */
  ended(reason: PeerError, remote: boolean): void;
}
