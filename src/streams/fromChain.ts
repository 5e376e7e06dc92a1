import type { Observable } from 'rxjs';
import type { Hex } from '../domain/hex.ts';
import type { BlockRef } from '../domain/observation/fields.ts';
import type { ObservedBlock } from '../domain/observation/observedBlock.ts';
import type { Envelope, Origin } from '../envelope/envelope.ts';
import { fromReading, park } from './fromReading.ts';

/** Where to read the finalized chain from. */
export interface Start {
  readonly height: number;
  /** The block before, where it was read earlier: the chain must still have it. */
  readonly after?: BlockRef;
}

/** How the node in use stands. Times are milliseconds since 1970. */
export interface NodeStanding {
  /** The one in use, or tried last. */
  readonly endpoint: string;
  /** Since when it does not answer. */
  readonly awaySince: number | null;
  readonly syncing: boolean;
  /** Its finalized head; `null` before it told of one. */
  readonly head: number | null;
  /** When that last rose. */
  readonly risenAt: number;
  /** What went wrong with it last, while it does not answer. */
  readonly failure: string | null;
}

/** The port to a Serai node, read side. */
export interface ChainReader {
  readonly genesisHash: Hex;
  /** The byte layout of the chain: `serai-dev` or `serai-t2` (reference serai.md §b.11). */
  readonly profile: string;
  standing(): NodeStanding;
  /** Milliseconds without a higher finalized head after which another connection is tried. */
  readonly silence: number;
  /** Calls `deliver` for each finalized block from the start on, in order and without gaps; waits for its promise before the next. */
  follow(start: Start, deliver: (block: ObservedBlock) => Promise<void>, fail: (error: unknown) => void): () => Promise<void>;
}

export interface FromChain {
  readonly reader: ChainReader;
  /** Where to go on from, asked at each subscription. */
  readonly from: () => Start;
  readonly credits: number;
}

const originOfBlock = ({ number }: ObservedBlock): Origin => ({ source: 'chain:finalized', lane: 'finalized', position: BigInt(number) });

/** Finalized blocks in order. A block can be neither skipped nor dropped: one that is refused parks the route. */
export const fromChain = ({ reader, from, credits }: FromChain): Observable<Envelope<ObservedBlock>> =>
  fromReading((deliver, fail) => reader.follow(from(), deliver, fail), {
    originOf: originOfBlock,
    credits,
    acked: () => undefined,
    refused: park(originOfBlock),
  });
