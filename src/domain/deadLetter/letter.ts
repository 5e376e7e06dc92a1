import { z } from 'zod';
import { toHex } from '../hex.ts';
import { hex, u64Text } from '../processor/ids.ts';
import type { HeldRecord } from '../record/verifyTopic.ts';
import type { Message } from '../tables.ts';

/** The type of every record of `<name>-dead-letter`. */
export const DEAD_LETTER = 'serai.dead-letter.v1';

/** Bytes of a refused record that a letter keeps; in hex, twice as many must still fit into a record. */
const KEPT = 400_000;

/** Characters of the headers that a letter keeps. */
const HEADERS_KEPT = 16_000;

/** Characters of a reason that a letter keeps. */
const REASON = 4_000;

/**
 * What became of what a letter is about: `refused`, its source wrote it, but it cannot be opened, understood or handled;
 * `unproven`, it is not proven to be its source's; `parked`, its lane waits at it and tries again by itself.
 */
const fate = z.enum(['refused', 'unproven', 'parked']);

/** A refused record, whole: its headers and its data, still sealed where it was; no data where it is too large to be kept here. */
export const refusedRecord = z.object({ headers: z.record(z.string(), z.string()), data: hex.nullable() });

/** What a dead letter says; `record` holds raw bytes in the shape of their source. */
export const letterData = z.object({
  topic: z.string().min(1),
  offset: u64Text.nullable(),
  fate,
  code: z.string().min(1),
  reason: z.string(),
  record: z.json(),
});
export type LetterData = z.infer<typeof letterData>;

/** A record of a topic that was not handled: where it stands, why, and its raw bytes. */
export interface Refusal extends LetterData {
  readonly offset: string;
  readonly record: z.infer<typeof refusedRecord>;
}

/** What is wrong with a record. */
export interface Wrong {
  readonly fate: z.infer<typeof fate>;
  readonly code: string;
  readonly cause: unknown;
}

/** Headers in their order, as many as fit: a record of ours never has more, a stranger's may. */
const keptHeaders = (headers: HeldRecord['headers']): Record<string, string> => {
  let size = 0;
  const fits = ([name, value]: readonly [string, string]): boolean => {
    size += name.length + value.length;
    return size <= HEADERS_KEPT;
  };
  return Object.fromEntries(Object.entries(headers).filter(fits));
};

/** Makes the refusal of a record; what is kept of it fits into a record of ours, whatever its size. */
export const refusalOf = (topic: string, { offset, headers, value }: HeldRecord, { fate: how, code, cause }: Wrong): Refusal => ({
  topic,
  offset: offset.toString(),
  fate: how,
  code,
  reason: String(cause).slice(0, REASON),
  record: { headers: keptHeaders(headers), data: value.length > KEPT ? null : toHex(value) },
});

const timeOf = ({ record }: Refusal): string => {
  const time = z.iso.datetime().safeParse(record.headers['ce_time']);
  return time.success ? time.data : new Date(0).toISOString();
};

/** The dead letter of a refusal by `source`. A refusal has one id, whoever makes it how often; one of a parked lane, one per code. */
export const letterOf = (refusal: Refusal, source: string): Omit<Message, 'topic'> => {
  const { topic, offset, code, fate: how } = refusal;
  return {
    type: DEAD_LETTER,
    id: [DEAD_LETTER, topic, offset, ...(how === 'parked' ? [code] : []), source.replace(/^\//, '')].join('/'),
    time: timeOf(refusal),
    subject: topic,
    data: { ...refusal },
    // Each letter carries its writer's signature, so that it can be shown to its writer again.
    endsRun: true,
  };
};

/** The id of the letter that is written when the record of letter `id` was refused again upon the order at `offset`. */
export const againId = (id: string, offset: bigint): string => `${id.replace(/\/again\/\d+$/, '')}/again/${offset.toString()}`;
