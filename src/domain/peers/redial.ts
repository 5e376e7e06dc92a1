/** Waits between dials, in milliseconds: doubling from the first to the most; begun anew after a link that has lasted. */
export const REDIAL = { first: 200, most: 30_000, lasted: 10_000 } as const;

/** Waits before a peer that broke the protocol is listened to again, in milliseconds. */
export const PENALTY = { first: 1_000, most: 300_000 } as const;

/** The wait after so many failures in a row, spread by `jitter` in [0, 1) between half and whole. */
export const waitAfter = (failures: number, { first, most }: { readonly first: number; readonly most: number }, jitter: number): number =>
  Math.min(most, first * 2 ** Math.min(failures, 30)) * (0.5 + jitter / 2);
