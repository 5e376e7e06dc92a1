import { Observable } from 'rxjs';
import type { Hex } from '../domain/hex.ts';
import { type Envelope, seal } from '../envelope/envelope.ts';

/** A frame from an admitted validator: numbered per (sender, receiver, epoch). */
export interface PeerFrame {
  readonly from: Hex;
  readonly epoch: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** What became of a link to a validator. */
export interface PeerState {
  readonly validator: Hex;
  readonly state: 'connected' | 'disconnected' | 'refused';
  readonly reason?: string;
}

/** The port to the other validators' coordinators. Validators are named by their 32-byte Serai public key in hex. */
export interface PeerNetwork {
  /** Only validators of this list are admitted and dialled; what is not on it is disconnected. */
  admit(validators: readonly Hex[]): void;
  /** Calls `deliver` for each frame of each peer; the frame is acknowledged to its sender when the promise resolves. */
  frames(deliver: (frame: PeerFrame) => Promise<void>): () => void;
  states(deliver: (state: PeerState) => void): () => void;
  /** Sends one frame; resolves when the peer has acknowledged it (durable there); rejects when the link fails first. */
  send(to: Hex, epoch: number, sequence: number, body: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A frame that may not be acknowledged: the link is dropped, and the sender sends it again later. */
class RefusedFrame extends Error {}

/** Frames of all peers, one at a time per peer; an ack acknowledges the frame to its sender, a nack drops the link. */
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
              else reject(new RefusedFrame(settlement.fault.code, { cause: settlement.fault.cause }));
            }),
          );
        }),
    ),
  );
