import { defer } from 'rxjs';
import type { Hex } from '../domain/hex.ts';
import type { Sink } from './sink.ts';

/** The port to one other validator's coordinator, write side. */
export interface PeerSender {
  /** Resolves when the peer has acknowledged the frame (durable there); rejects when the link fails first. */
  send(to: Hex, epoch: number, sequence: number, body: Uint8Array): Promise<void>;
}

/** A numbered message for a validator. */
export interface PeerParcel {
  readonly epoch: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** Sends parcels to one validator; complete means its coordinator has acknowledged the parcel as durable. */
export const toPeer =
  (network: PeerSender, to: Hex): Sink<PeerParcel> =>
  ({ epoch, sequence, body }) =>
    defer(() => network.send(to, epoch, sequence, body));
