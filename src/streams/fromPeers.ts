import { Observable } from 'rxjs';
import type { Hex } from '../domain/hex.ts';
import type { AddressRecord } from '../domain/peers/addressRecord.ts';
import type { KnownStart } from '../domain/peers/certificate.ts';
import type { Place } from '../domain/peers/frames.ts';
import type { PeersReport } from '../domain/peers/peerReport.ts';
import type { TraceMark } from '../domain/tracing/trace.ts';
import { type Envelope, type Fault, seal } from '../envelope/envelope.ts';

/** A frame from an admitted validator: numbered per (sender, receiver, epoch). */
export interface PeerFrame extends Place {
  readonly from: Hex;
  readonly body: Uint8Array;
  /** W3C Trace Context: where its sender says that it belongs. */
  readonly traceparent?: string;
}

/** What the links need to know of the module's store. */
export interface PeerMemory {
  /** The start we are in: its number, and what tells it from another one that takes itself for the same. */
  readonly start: () => { readonly epoch: number; readonly instance: Hex };
  /** Enters an epoch above one that others have seen of us: our store is an older one. No link may be open meanwhile. */
  readonly enterAbove: (epoch: number) => Promise<void>;
  /** The finalized height we are at. */
  readonly height: () => number;
  /** The highest start seen of a validator's coordinator. */
  readonly known: (validator: Hex) => KnownStart | undefined;
  readonly received: (validator: Hex) => Place | undefined;
  readonly sent: (validator: Hex) => Place | undefined;
  readonly givenUp: (validator: Hex) => Place | undefined;
  /** Signed address records as bytes. */
  readonly addresses: () => readonly Uint8Array[];
  /** Messages that wait, by validator. */
  readonly waiting: () => ReadonlyMap<Hex, number>;
}

/** What the links want kept, before anything that follows is acknowledged. */
export type PeerEvent =
  | { readonly kind: 'started'; readonly validator: Hex; readonly start: KnownStart }
  | { readonly kind: 'given-up'; readonly validator: Hex; readonly upTo: Place }
  | { readonly kind: 'addresses'; readonly record: AddressRecord; readonly bytes: Hex };

/** The port to the other validators' coordinators. Validators are named by their 32-byte Serai public key in hex. */
export interface PeerNetwork {
  /** Only `admitted` validators are let in; of them the `wanted` ones are dialled. Who is no longer on the list is disconnected. */
  hold(admitted: readonly Hex[], wanted: readonly Hex[]): void;
  /** Calls `deliver` for the frames of each peer in order; a frame is acknowledged to its sender when the promise, and those before it, resolve. */
  frames(deliver: (frame: PeerFrame) => Promise<void>): () => void;
  /** Calls `keep` with what has to be kept; what it does is durable before any later frame's promise resolves. */
  events(keep: (event: PeerEvent) => void): () => void;
  /**
   * Sends numbered messages after those before; resolves when the peer has acknowledged them (durable there), over as many links as it takes;
   * rejects when the peer is no longer admitted, or we are closing.
   */
  send(to: Hex, parcels: readonly (Place & { readonly body: Uint8Array; readonly trace?: TraceMark })[]): Promise<void>;
  report(): PeersReport;
  close(): Promise<void>;
}

/** A frame that may not be acknowledged: the link is dropped, and the sender sends it again later. */
export class RefusedFrame extends Error {
  /** As in `peer.gap`. */
  readonly code: string;

  constructor({ code, cause }: Fault) {
    super(cause instanceof Error ? cause.message : code, { cause });
    this.name = 'RefusedFrame';
    this.code = code;
  }
}

/** Frames of all peers, each peer's in order; an ack acknowledges the frame to its sender, a nack drops the link. */
export const fromPeers = (network: PeerNetwork): Observable<Envelope<PeerFrame>> =>
  // `new Observable`, because the acknowledgement to the peer is the promise the driver waits for.
  new Observable((subscriber) =>
    network.frames(
      (frame) =>
        new Promise((resolve, reject) => {
          const origin = { source: 'peers', lane: `${frame.from}#${String(frame.epoch)}`, position: BigInt(frame.sequence) };
          subscriber.next(
            seal(frame, origin, (settlement) => {
              if (settlement.ok) resolve();
              else reject(new RefusedFrame(settlement.fault));
            }),
          );
        }),
    ),
  );
