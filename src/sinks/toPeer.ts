import { defer } from 'rxjs';
import type { Hex } from '../domain/hex.ts';
import type { PeerNetwork } from '../streams/fromPeers.ts';
import type { Sink } from './sink.ts';

/** A numbered message for a validator. */
export interface PeerParcel {
  readonly epoch: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** Sends parcels to one validator; complete means its coordinator has acknowledged the parcel as durable. */
export const toPeer =
  (network: Pick<PeerNetwork, 'send'>, to: Hex): Sink<PeerParcel> =>
  ({ epoch, sequence, body }) =>
    defer(() => network.send(to, epoch, sequence, body));
