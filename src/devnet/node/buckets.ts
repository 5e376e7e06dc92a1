/** Buckets of the simulated node's store; numbers are never reused. */
export const BUCKETS = {
  /** storage key's length u16 ‖ storage key ‖ height u32 (big endian) → 0, or 1 ‖ value. */
  history: 1,
  /** storage key → its newest value. */
  newest: 2,
  /** height u32 (big endian) → SCALE block. */
  blocks: 3,
  /** block hash → height u32 (big endian). */
  heights: 4,
  meta: 5,
} as const;
