/** Serai blocks of a first attempt, five minutes: what Serai gives an attempt before the next one (reference serai.md §c.3). */
export const KEY_GEN_DEADLINE = 50;

/** Attempts after which the deadline grows, and how often: as Serai's does, so that a set slow at its mathematics ends too (§c.3). */
const GROWTH = { every: 3, times: 3 } as const;

/** The blocks that one attempt has. */
const blocksOf = (attempt: number): number => KEY_GEN_DEADLINE * Math.min(Math.floor(attempt / GROWTH.every) + 1, GROWTH.times);

/** Parts of an attempt, at the end of each but the last of which members say what they lack. */
const PARTS = 5;

/** How many parts of an attempt are over, `waited` blocks after it opened; the whole of it does not count. */
export const partsOver = (attempt: number, waited: number): number =>
  Math.min(PARTS - 1, Math.max(0, Math.floor((PARTS * waited) / blocksOf(attempt))));

/** The blocks in which shares that a member lacks are to be shown: a part and a half. */
export const showIn = (attempt: number): number => Math.floor((3 * blocksOf(attempt)) / (2 * PARTS));

/** The block with which an attempt opens: the deadline of the one before it. A function of the anchor alone, so all agree on it. */
export const keyGenStart = (anchor: number, attempt: number): number => {
  let start = anchor;
  for (let earlier = 0; earlier < attempt; earlier += 1) start += blocksOf(earlier);
  return start;
};

/** The attempt that is open when the finalized head is at `height`. */
export const keyGenAttemptAt = (anchor: number, height: number): number => {
  let attempt = 0;
  for (let end = anchor + blocksOf(0); end <= height; end += blocksOf(attempt)) attempt += 1;
  return attempt;
};
