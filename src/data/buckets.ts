/** The numbered buckets of a module's store. Numbers are never reused; a retired one stays here as a comment. */
export const BUCKETS = {
  /** 0: written by the sealed store itself, to know its key again. */
  meta: 1,
  rows: 2,
  outbox: 3,
  inbox: 4,
  cursors: 5,
  tails: 6,
  secrets: 7,
  /** Records that stand on their topics though this store does not know of having written them. */
  ahead: 8,
} as const;
