import { z } from 'zod';
import { u64Text } from '../processor/ids.ts';

export const LETTER_DROPPED = 'serai.control.dead-letter-dropped.v1';
export const LETTER_REPLAY = 'serai.control.dead-letter-replay.v1';

const about = {
  letter: z.string().min(1).max(512),
  /** Where the refused record stands. */
  topic: z.string().min(1),
  offset: u64Text.nullable(),
  reason: z.string().min(1).max(1_000),
};

/** What the operator does about a dead letter: a record of `<name>-control`. An order to replay brings the letter along, with its writer's signature. */
export const letterAct = z.discriminatedUnion('type', [
  z.object({ type: z.literal(LETTER_DROPPED), data: z.strictObject(about) }),
  z.object({
    type: z.literal(LETTER_REPLAY),
    data: z.strictObject({ ...about, record: z.strictObject({ headers: z.record(z.string(), z.string()), data: z.json() }) }),
  }),
]);
export type LetterAct = z.infer<typeof letterAct>;

/** An act on a letter has one id, however often it is asked for. */
export const actId = (type: LetterAct['type'], letter: string): string => `${type}/${letter}`;
