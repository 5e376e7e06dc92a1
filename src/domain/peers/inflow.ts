import { decodeFrame, FIRST_FRAME_LIMIT, FRAME_LIMIT, type Frame, FrameCutter } from './frames.ts';
import { Quota, type Rate } from './quota.ts';

/** What is taken of the other side of a link, and how much of it may wait here. */
export interface InflowLimits {
  /** Messages, and their bytes, that were heard and are not durable yet: beyond them the other side is not read. */
  readonly heldMessages: number;
  readonly heldBytes: number;
  /** What is taken of one validator. */
  readonly frames: Rate;
  readonly bytes: Rate;
}

/**
 * A frame that costs a check of a signature counts as many against the quota. Not so records of addresses: a link begins with one of each
 * validator, of which the news alone are checked, and those have a quota of their own, by whose they are.
 */
const COST: Readonly<Partial<Record<Frame['kind'], number>>> = { certificate: 50 };

/** The bytes of the other side of a link, cut into frames: given out as fast as the quota lets them, and no more than may be held. */
export class Inflow {
  readonly #limits: InflowLimits;
  readonly #crowded: () => boolean;
  readonly #cutter = new FrameCutter();
  readonly #frames: Quota;
  readonly #bytes: Quota;
  #held = 0;
  #heldBytes = 0;
  #throttled = false;
  #paused = false;
  #heard: number;
  #partialSince: number | undefined;

  /** `crowded`: whether so much of all peers waits here that none of it may get more. */
  constructor(limits: InflowLimits, crowded: () => boolean, now: number) {
    this.#limits = limits;
    this.#crowded = crowded;
    this.#frames = new Quota(limits.frames, now);
    this.#bytes = new Quota(limits.bytes, now);
    this.#heard = now;
  }

  /** Whether the other side should not be read now: it is ahead of what becomes durable here, or of its quota. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Whether it is beyond its quota. */
  get throttled(): boolean {
    return this.#throttled;
  }

  /** When a byte was heard last. */
  get heard(): number {
    return this.#heard;
  }

  /** Since when a frame is there in part. */
  get partialSince(): number | undefined {
    return this.#partialSince;
  }

  /** Messages that were heard and are not durable yet. */
  get held(): number {
    return this.#held;
  }

  push(bytes: Uint8Array, now: number): void {
    this.#heard = now;
    this.#bytes.take(bytes.length, now);
    this.#cutter.push(bytes);
  }

  /** The next frame, where one is whole and may be read; throws PeerError `peer.malformed`. */
  next(isProven: boolean, now: number): Frame | undefined {
    this.#weigh(now);
    const said = this.#paused ? undefined : this.#cutter.next(isProven ? FRAME_LIMIT : FIRST_FRAME_LIMIT);
    if (said === undefined) {
      if (this.#cutter.held === 0) this.#partialSince = undefined;
      else this.#partialSince ??= now;
      return undefined;
    }
    this.#partialSince = undefined;
    const frame = decodeFrame(said);
    this.#frames.take(COST[frame.kind] ?? 1, now);
    return frame;
  }

  /** A message of so many bytes is handed on. */
  hold(bytes: number): void {
    this.#held += 1;
    this.#heldBytes += bytes;
  }

  /** It is durable. */
  release(bytes: number): void {
    this.#held -= 1;
    this.#heldBytes -= bytes;
  }

  #weigh(now: number): void {
    const { heldMessages, heldBytes } = this.#limits;
    this.#throttled = !this.#frames.isOpen(now) || !this.#bytes.isOpen(now);
    const crowded = this.#held > 0 && this.#crowded();
    const paused = this.#throttled || crowded || this.#held >= heldMessages || this.#heldBytes >= heldBytes;
    if (this.#paused && !paused) {
      // What could not be read could not be heard: the clocks of the other side start anew.
      this.#heard = now;
      if (this.#partialSince !== undefined) this.#partialSince = now;
    }
    this.#paused = paused;
  }
}
