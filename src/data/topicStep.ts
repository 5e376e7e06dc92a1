import { type Hex, toHex } from '../domain/hex.ts';
import { epochOpened } from '../domain/record/epochOpened.ts';
import { type Seen, unseen, verifyRun } from '../domain/record/verifyRun.ts';
import type { TopicRecord } from '../domain/record.ts';
import type { Draft, Json, View } from '../domain/tables.ts';
import type { InboxMark, Ledger, Step } from './ledger.ts';
import { counterparts } from './moduleLedger.ts';
import { EPOCH_OPENED } from './recordWriter.ts';
import { dataOf, type Unsealing } from './sealedData.ts';

/** A record with its place on the topic. */
export interface PlacedRecord extends TopicRecord {
  readonly offset: bigint;
}

/** A record that could not be opened, understood or handled: kept whole, with the reason. */
export interface Refused {
  readonly topic: string;
  readonly offset: string;
  readonly code: string;
  readonly reason: string;
  readonly record: Json;
}

/** How one topic is read by one module. */
export interface TopicReading {
  readonly topic: string;
  /** Whether everything on it but announcements of keys must be sealed for us. */
  readonly sealed: boolean;
  readonly pins: Readonly<Record<string, Uint8Array>>;
  readonly unsealing: Unsealing;
  /** Parses a record's type and data and returns the decision on it; throws where it is not understood. */
  readonly understand: (record: TopicRecord, data: Json) => (draft: Draft) => void;
  readonly refuse: (draft: Draft, refused: Refused) => void;
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
    seen = verifyRun(reading.topic, before, reading.pins, records);
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

/** What is to be committed for a run: its decisions, what had to be refused, and the cursor behind it, all in one. */
export const topicStep = (reading: TopicReading, { records, fresh, seen }: VerifiedRun): Step => ({
  cursor: { name: reading.topic, value: cursorAfter(records, seen) },
  decide: (draft) => {
    for (const record of fresh) handleRecord(draft, reading, record);
  },
});

/** The inbox mark of a record that was refused before it could be part of a step: a second reading does not refuse it again. */
export const refusalMark = (topic: string, offset: bigint): InboxMark => ({ id: `refused/${topic}/${offset.toString()}`, digest: '0x' });

const cursorAfter = (records: readonly PlacedRecord[], seen: Seen): Json => ({
  offset: String((records.at(-1)?.offset ?? -1n) + 1n),
  seen: Object.fromEntries(
    Object.entries(seen).map(([source, { sequence, digest }]) => [source, { sequence: sequence.toString(), digest }]),
  ),
});

const handleRecord = (draft: Draft, reading: TopicReading, record: PlacedRecord): void => {
  let decide: (draft: Draft) => void;
  try {
    const data = openData(draft, reading, record);
    decide = record.attributes.type === EPOCH_OPENED ? counterpartOpened(draft, record, data) : reading.understand(record, data);
  } catch (error) {
    const { attributes, offset } = record;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'record.undecodable';
    const shown = { ...attributes, sequence: attributes.sequence.toString() };
    reading.refuse(draft, {
      topic: reading.topic,
      offset: offset.toString(),
      code,
      reason: String(error),
      record: { ...shown, data: toHex(record.data) },
    });
    return;
  }
  decide(draft);
};

const openData = (view: View, reading: TopicReading, record: PlacedRecord): Json => {
  const { type, keyid } = record.attributes;
  if (reading.sealed && keyid === undefined && type !== EPOCH_OPENED)
    throw new Error(`records of type ${type} must be sealed on ${reading.topic}`);
  return JSON.parse(text.decode(dataOf(view, reading.unsealing, reading.topic, record))) as Json;
};

/** A module opened a new epoch: what is sealed for it from now on is sealed with its new key. A lower epoch is never believed. */
const counterpartOpened = (view: View, { attributes: { source } }: TopicRecord, data: Json): ((draft: Draft) => void) => {
  const opened = epochOpened.parse(data);
  const known = counterparts.get(view, source);
  if (known !== undefined && opened.epoch <= known.epoch)
    throw new Error(`${source} announced epoch ${String(opened.epoch)} after ${String(known.epoch)}`);
  return (draft) => {
    counterparts.put(draft, source, opened);
    counterparts.put(draft, `${source}#${String(opened.epoch)}`, opened);
  };
};
