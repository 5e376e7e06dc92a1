import { z } from 'zod';

/** A record, or a block, that could not be decoded, verified or handled: where it stands, why, and all that is known of it, its bytes included. */
export const deadLetter = z.strictObject({
  topic: z.string(),
  /** Of the record on its topic; null for a block of the chain, which stands on none yet. */
  offset: z.string().nullable(),
  code: z.string(),
  reason: z.string(),
  record: z.json(),
});
