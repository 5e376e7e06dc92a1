import { defer, EMPTY } from 'rxjs';
import type { Hex } from '../domain/hex.ts';
import type { TraceMark } from '../domain/tracing/trace.ts';
import type { Sink } from './sink.ts';

/** A numbered message for a validator. */
export interface PeerParcel {
  readonly epoch: number;
  readonly sequence: number;
  readonly body: Uint8Array;
  readonly trace?: TraceMark;
}

/** The port to one other validator's coordinator, write side. */
export interface PeerSender {
  /** Resolves when the peer has acknowledged all parcels (durable there); rejects when it is no longer admitted. */
  send(to: Hex, parcels: readonly PeerParcel[]): Promise<void>;
}

export interface ToPeer {
  readonly network: PeerSender;
  readonly to: Hex;
  /** Whether the validator has lost its place: what waits for it is dropped. */
  readonly isGone: () => boolean;
  /** The number a message is sent under now; another one than before after an epoch was left. */
  readonly placeOf: (place: Pick<PeerParcel, 'epoch' | 'sequence'>) => Pick<PeerParcel, 'epoch' | 'sequence'>;
}

/** Sends parcels to one validator; complete means its coordinator has acknowledged them as durable, or is gone for good. */
export const toPeer =
  ({ network, to, isGone, placeOf }: ToPeer): Sink<readonly PeerParcel[]> =>
  (parcels) =>
    defer(() =>
      isGone()
        ? EMPTY
        : network.send(
            to,
            parcels.map((parcel) => ({ ...parcel, ...placeOf(parcel) })),
          ),
    );
