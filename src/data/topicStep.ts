import type { z } from 'zod';
import { type Refusal, refusalOf } from '../domain/deadLetter/letter.ts';
import type { Hex } from '../domain/hex.ts';
import { toHeaders } from '../domain/record/cloudEvents.ts';
import { ALWAYS_OPEN, EPOCH_OPENED, epochOpened } from '../domain/record/epochOpened.ts';
import { followRun, type Seen, unseen } from '../domain/record/followRun.ts';
import type { TopicRecord } from '../domain/record.ts';
import { Draft, type Json, table, type View } from '../domain/tables.ts';
import type { InboxMark, Ledger, Step } from './ledger.ts';
import { counterparts } from './moduleLedger.ts';
import { dataOf, type Unsealing } from './sealedData.ts';

/** A record with its place on the topic. */
export interface PlacedRecord extends TopicRecord {
  readonly offset: bigint;
}

/**
 * What becomes of a record that its source wrote, but that cannot be opened, understood or handled: `dead-letter`, it is kept and
 * its lane goes on; `park`, its lane waits there and tries again, because order bears meaning. What is not proven to be its
 * source's is no part of its lane and never parks it; where a source's records are missing, the lane always parks.
 */
export type RefusedPolicy = 'dead-letter' | 'park';

/** How one topic is read by one module. */
export interface TopicReading {
  readonly topic: string;
  /** Whether everything on it but announcements of keys must be sealed for us. */
  readonly sealed: boolean;
  readonly pins: Readonly<Record<string, Uint8Array>>;
  readonly unsealing: Unsealing;
  readonly refused: RefusedPolicy;
  /** Parses a record's type and data and returns the decision on it; throws where it is not understood. */
  readonly understand: (record: PlacedRecord, data: Json) => (draft: Draft) => void;
  readonly refuse: (draft: Draft, refusal: Refusal) => void;
  /** Hears that a source opened an epoch, and what was known of it before; without it, one that is not the next is refused. */
  readonly opened?: (draft: Draft, opening: Opening) => void;
  /** Hears what was decided on a record, to say which trace it belongs to. */
  readonly decided?: (draft: Draft, record: PlacedRecord, data: Json) => void;
}

/** An epoch that a source announced. */
export interface Opening {
  readonly source: string;
  readonly opened: z.infer<typeof epochOpened>;
  /** What it announced before. */
  readonly known: z.infer<typeof epochOpened> | undefined;
  /** Whether it is above all it announced before: otherwise its store was rolled back, or copied. */
  readonly isNext: boolean;
  /** Of the record that announces it. */
  readonly sequence: bigint;
}

interface Cursor {
  readonly offset: string;
  readonly seen: Readonly<Record<string, { readonly sequence: string; readonly digest: Hex }>>;
}

const text = new TextDecoder('utf-8', { fatal: true });

/** The offset a module reads a topic on from. */
export const resumeAt = (ledger: Ledger, topic: string): bigint => {
  const cursor = ledger.cursor(topic) as Cursor | undefined;
  return cursor === undefined ? 0n : BigInt(cursor.offset);
};

const seenOf = (ledger: Ledger, topic: string): Seen => {
  const cursor = ledger.cursor(topic) as Cursor | undefined;
  return Object.fromEntries(
    Object.entries(cursor?.seen ?? {}).map(([source, { sequence, digest }]) => [source, { sequence: BigInt(sequence), digest }]),
  );
};

/** Checks the runs of a topic one after the other, from where the last commit left off. */
export const runVerifier = (ledger: Ledger, reading: TopicReading): ((run: readonly PlacedRecord[]) => VerifiedRun) => {
  let seen = seenOf(ledger, reading.topic);
  return (records) => {
    const before = seen;
    seen = followRun(reading.topic, before, records);
    return { records, fresh: unseen(before, records), seen };
  };
};

/** A run that is proven to be its source's next. */
export interface VerifiedRun {
  readonly records: readonly PlacedRecord[];
  /** Those that were not seen before. */
  readonly fresh: readonly PlacedRecord[];
  readonly seen: Seen;
}

/** The record each topic is parked at, by topic. */
const parkedAt = table<{ readonly offset: string; readonly code: string }>('parkedTopics');

/**
 * What is to be committed for a run: its decisions, what had to be refused, and the cursor behind it, all in one. Where the
 * policy is to park, a record that is refused leaves everything as it was, the cursor included, and `parked` hears of it.
 */
export const topicStep = (reading: TopicReading, { records, fresh, seen }: VerifiedRun, parked: (refusal: Refusal) => void): Step => {
  let stays = false;
  return {
    cursor: { name: reading.topic, value: cursorAfter(records, seen) },
    stays: () => stays,
    decide: (draft) => {
      const run = new Draft(draft);
      for (const record of fresh) {
        const refusal = handleRecord(run, reading, record);
        if (refusal !== undefined && reading.refused === 'park') {
          stays = true;
          parked({ ...refusal, fate: 'parked' });
          return;
        }
        if (refusal !== undefined) reading.refuse(run, refusal);
      }
      if (parkedAt.get(run, reading.topic) !== undefined) parkedAt.delete(run, reading.topic);
      draft.absorb(run);
    },
  };
};

/** Keeps why a topic is parked; once, however often it is tried again. */
export const keepParked = (draft: Draft, refusal: Refusal, refuse: TopicReading['refuse']): void => {
  const { topic, offset, code } = refusal;
  const known = parkedAt.get(draft, topic);
  if (known?.offset === offset && known.code === code) return;
  parkedAt.put(draft, topic, { offset, code });
  refuse(draft, refusal);
};

/** The topics that are parked, and where. */
export const parkedTopics = (view: View): { readonly topic: string; readonly offset: string; readonly code: string }[] =>
  [...parkedAt.rows(view)].map(([topic, row]) => ({ topic, ...row }));

/** The inbox mark of a record that was refused before it could be part of a step: a second reading does not refuse it again. */
export const refusalMark = (topic: string, offset: bigint): InboxMark => ({ id: `refused/${topic}/${offset.toString()}`, digest: '0x' });

const cursorAfter = (records: readonly PlacedRecord[], seen: Seen): Json => ({
  offset: String((records.at(-1)?.offset ?? -1n) + 1n),
  seen: Object.fromEntries(
    Object.entries(seen).map(([source, { sequence, digest }]) => [source, { sequence: sequence.toString(), digest }]),
  ),
});

const codeOf = (cause: unknown, code: string): string => (cause instanceof Error && 'code' in cause ? String(cause.code) : code);

/** Decides on one record: all of its decision is made, or none of it and the refusal is returned. */
export const handleRecord = (draft: Draft, reading: TopicReading, record: PlacedRecord): Refusal | undefined => {
  const own = new Draft(draft);
  let code = 'record.undecodable';
  try {
    const data = openData(own, reading, record);
    const decide =
      record.attributes.type === EPOCH_OPENED ? counterpartOpened(own, reading, record, data) : reading.understand(record, data);
    code = 'record.unhandled';
    decide(own);
    reading.decided?.(own, record, data);
  } catch (cause) {
    const { attributes, offset, data } = record;
    const held = { offset, headers: toHeaders(attributes), value: data };
    return refusalOf(reading.topic, held, { fate: 'refused', code: codeOf(cause, code), cause });
  }
  draft.absorb(own);
  return undefined;
};

const openData = (view: View, reading: TopicReading, record: PlacedRecord): Json => {
  const { type, keyid } = record.attributes;
  if (reading.sealed && keyid === undefined && !ALWAYS_OPEN.has(type))
    throw new Error(`records of type ${type} must be sealed on ${reading.topic}`);
  return JSON.parse(text.decode(dataOf(view, reading.unsealing, reading.topic, record))) as Json;
};

/**
 * A module opened a new epoch: what is sealed for it from now on is sealed with its new key. A lower epoch, or a second instance of
 * one, is never believed: its store was rolled back, or copied (design §10).
 */
const counterpartOpened = (view: View, reading: TopicReading, record: TopicRecord, data: Json): ((draft: Draft) => void) => {
  const { source, sequence } = record.attributes;
  const opened = epochOpened.parse(data);
  const known = counterparts.get(view, source);
  const isNext = known === undefined || opened.epoch > known.epoch;
  if (!isNext && reading.opened === undefined)
    throw new Error(`${source} announced epoch ${String(opened.epoch)} after ${String(known.epoch)}`);
  return (draft) => {
    if (isNext) {
      counterparts.put(draft, source, opened);
      counterparts.put(draft, `${source}#${String(opened.epoch)}`, opened);
    }
    reading.opened?.(draft, { source, opened, known, isNext, sequence });
  };
};
