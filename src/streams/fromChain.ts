import type { Observable } from 'rxjs';
import type { Hex } from '../domain/hex.ts';
import type { Envelope, Origin } from '../envelope/envelope.ts';
import { fromReading, park } from './fromReading.ts';

/** An event of a block, decoded: names as in the runtime's metadata, u64 as decimal strings, bytes as hex, accounts as hex of 32 bytes. */
export interface ChainEvent {
  readonly index: number;
  readonly phase: 'Initialization' | 'Finalization' | number;
  readonly pallet: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A member of a validator set: public key and key shares. */
export interface SetMember {
  readonly publicKey: Hex;
  readonly weight: number;
}

/** A finalized block with what happened in it and the watched state after it. */
export interface ChainBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly stateRoot: Hex;
  readonly extrinsicsRoot: Hex;
  /** Milliseconds since 1970, from the block's timestamp; 0 for the genesis block. */
  readonly time: number;
  readonly events: readonly ChainEvent[];
  /** Participants of each external network's current set, read only in blocks that have a NewSet event for it. */
  readonly participants: Readonly<Record<string, readonly SetMember[]>>;
}

/** The port to a Serai node, read side. */
export interface ChainReader {
  readonly genesisHash: Hex;
  /** Calls `deliver` for each finalized block from `from` on, in order and without gaps; waits for its promise before the next. */
  follow(from: number, deliver: (block: ChainBlock) => Promise<void>, fail: (error: unknown) => void): () => Promise<void>;
}

export interface FromChain {
  readonly reader: ChainReader;
  /** The height to go on from, asked at each subscription. */
  readonly from: () => number;
  readonly credits: number;
}

const originOfBlock = ({ number }: ChainBlock): Origin => ({ source: 'chain:finalized', lane: 'finalized', position: BigInt(number) });

/** Finalized blocks in order. A block can be neither skipped nor dropped: one that is refused parks the route. */
export const fromChain = ({ reader, from, credits }: FromChain): Observable<Envelope<ChainBlock>> =>
  fromReading((deliver, fail) => reader.follow(from(), deliver, fail), {
    originOf: originOfBlock,
    credits,
    acked: () => undefined,
    refused: park(originOfBlock),
  });
