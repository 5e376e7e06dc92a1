import type { Hex } from '../hex.ts';

/** What decides between two links to one validator. */
export interface LinkStanding {
  /** Which of the two validators opened it. */
  readonly openedBy: Hex;
  /** The epoch of the other side's certificate. */
  readonly epoch: number;
  /** Milliseconds since the other side was heard on it. */
  readonly silent: number;
}

/** Milliseconds of silence after which a link is not trusted any more to be alive: somewhat more than the time between two pings. */
const SILENT = 7_000;

/**
 * Whether a new link takes the place of an old one to the same validator. Where both sides dialled at once, both come to the same answer:
 * the link stays that was opened by the validator with the smaller key. Whoever opens a second link has given up its first, and a newer
 * epoch knows nothing of links of the one before.
 */
export const takesOver = (old: LinkStanding, fresh: LinkStanding, smallerKey: Hex): boolean =>
  fresh.epoch > old.epoch || old.silent > SILENT || fresh.openedBy === old.openedBy || fresh.openedBy === smallerKey;
