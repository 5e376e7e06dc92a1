/** Blocks in a window (W of design §8; docs/protocol.md). */
export const WINDOW = 10;

/** Rounds an attempt number leaves room for within one window: `attempt = 64 · window + round`. */
export const ROUNDS = 64;

/** Where a height stands in a signable's windows. */
export interface Window {
  readonly index: number;
  /** The block whose hash seeds the window. */
  readonly seedHeight: number;
  /** A member joins only in the first half of a window. */
  readonly joinable: boolean;
  /** Even windows are pure, odd ones convened (design §8). */
  readonly rule: 'pure' | 'convened';
}

/** The window of a signable anchored at block `anchor` when the finalized head is at `height`; undefined before the anchor. */
export const windowAt = (anchor: number, height: number): Window | undefined => {
  if (height < anchor) return undefined;
  const index = Math.floor((height - anchor) / WINDOW);
  const seedHeight = anchor + index * WINDOW;
  return { index, seedHeight, joinable: height - seedHeight < WINDOW / 2, rule: index % 2 === 0 ? 'pure' : 'convened' };
};

/** The attempt number of a round in a window. */
export const attemptOf = (window: number, round = 0): number => ROUNDS * window + round;

/** The window an attempt belongs to. */
export const windowOf = (attempt: number): number => Math.floor(attempt / ROUNDS);

/** The round of an attempt within its window. */
export const roundOf = (attempt: number): number => attempt % ROUNDS;

/** The signing threshold over key shares: floor(2n/3) + 1 (serai.md §0.4). */
export const thresholdOf = (shares: number): number => Math.floor((2 * shares) / 3) + 1;

/** The height whose block seeds an attempt of a signable anchored at `anchor`. */
export const seedHeight = (anchor: number, attempt: number): number => anchor + windowOf(attempt) * WINDOW;
