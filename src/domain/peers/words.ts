import { z } from 'zod';
import { hex, u32 } from '../processor/ids.ts';
import { TEXT_LIMIT } from './frames.ts';
import { PeerError } from './peerError.ts';

// What coordinators tell each other in JSON: objects of the future may have more members, which are passed over.

const moment = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const words = z.string().max(300);

const place = z.object({ epoch: u32, sequence: u32 }).nullable();

/**
 * The first word after the certificates: the software; the last message of the other side that is durable here; and up to where messages
 * for the other side were given up (`null`: none).
 */
export const hello = z.object({ version: z.string().max(64), received: place, givenUp: place });
export type Hello = z.infer<typeof hello>;

/** How the sender sees its link to the receiver: times in milliseconds (since 1970, round trip), messages that wait for the receiver. */
export const view = z.object({
  since: moment,
  roundTrip: z.number().min(0).max(1e9).nullable(),
  queue: u32,
  lastError: z.object({ code: words, at: moment }).nullable(),
});
export type View = z.infer<typeof view>;

/** Why the sender leaves; where it has seen a later start of the receiver, with the receiver's own certificate that proves it. */
export const bye = z.object({ code: words, text: words, certificate: hex.optional() });
export type Bye = z.infer<typeof bye>;

/** What a bye says of an error: as much as fits. */
export const byeOf = (error: PeerError, certificate?: Bye['certificate']): Bye => ({
  code: error.code,
  text: error.message.slice(0, 300),
  ...(certificate === undefined ? {} : { certificate }),
});

/** The bytes of a word: JSON in UTF-8. */
export const writeWord = (word: Hello | View | Bye): Uint8Array => new TextEncoder().encode(JSON.stringify(word));

/** Reads a word; throws PeerError `peer.malformed`. */
export const readWord = <T>(schema: z.ZodType<T>, payload: Uint8Array): T => {
  if (payload.length > TEXT_LIMIT) throw new PeerError('peer.malformed', `a word has ${String(payload.length)} bytes`);
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)));
  } catch (cause) {
    throw new PeerError('peer.malformed', 'a word cannot be read', { cause });
  }
};
