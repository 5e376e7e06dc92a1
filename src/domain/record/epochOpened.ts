import { z } from 'zod';
import { hexOf, u32, u64Text } from '../processor/ids.ts';

/** Announces a module's sealing key for its epoch; always in clear, always signed. */
export const EPOCH_OPENED = 'serai.epoch.opened.v1';

/** What a reader has seen of a module before its epoch; in clear, as a module that was rolled back has lost its keys. */
const EPOCH_SEEN = 'serai.epoch.seen.v1';

/** Types that are never sealed. */
export const ALWAYS_OPEN: ReadonlySet<string> = new Set([EPOCH_OPENED, EPOCH_SEEN]);

/** A module announces the key to seal for it, X25519, in its new epoch: in clear, signed, first of what it writes to a sealed topic. */
export const epochOpened = z.strictObject({ epoch: u32, instance: hexOf(16), publicKey: hexOf(32) });

/** An answer to it: what was seen of that module before. A store that was rolled back knows less (design §10). */
export const epochSeen = z.strictObject({
  /** The epoch and instance that are answered. */
  of: z.strictObject({ epoch: u32, instance: hexOf(16) }),
  /** The highest epoch seen before, and its instance; null where there was none. */
  before: z.strictObject({ epoch: u32, instance: hexOf(16) }).nullable(),
  /** The sequence of the last of its records that was read before. */
  sequence: u64Text,
  /** The height of the last Serai block it told of; null where it told of none. */
  height: u32.nullable(),
});
export type EpochSeen = z.infer<typeof epochSeen>;
