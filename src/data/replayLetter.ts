import { utf8ToBytes } from '@noble/hashes/utils.js';
import { LETTER_DROPPED, letterAct } from '../domain/deadLetter/acts.ts';
import { letterData, type Refusal, refusedRecord } from '../domain/deadLetter/letter.ts';
import { fromHex } from '../domain/hex.ts';
import { fromHeaders } from '../domain/record/cloudEvents.ts';
import { RecordError } from '../domain/record/recordError.ts';
import { verifySignature } from '../domain/record/signRecord.ts';
import { type Draft, type Json, table } from '../domain/tables.ts';
import { handleRecord, type PlacedRecord, type TopicReading } from './topicStep.ts';

export interface ReplayLetter {
  /** `ce_source` of this module: letters of others are theirs to handle. */
  readonly self: string;
  /** Ed25519 public key this module signs its letters with. */
  readonly publicKey: Uint8Array;
  /** The only source whose orders count. */
  readonly operator: string;
  readonly deadLetter: string;
  /** How each topic is read by this module. */
  readonly readings: ReadonlyMap<string, TopicReading>;
  /** Writes a letter for a record that was refused again upon the order at `offset`. */
  readonly refuseAgain: (letter: string, offset: bigint) => TopicReading['refuse'];
  /** Hears of every letter that the operator did something about, whoever wrote it. */
  readonly closed?: ((draft: Draft, letter: string) => void) | undefined;
}

/** Letters whose record was handled again, by id: an order that comes twice is carried out once. */
const replayed = table<{ readonly offset: string }>('replayedLetters');

interface Kept {
  readonly reading: TopicReading;
  readonly record: PlacedRecord;
}

/** What an order brings along, proven to be a letter of ours about a record that we had proven. */
const keptIn = (
  { publicKey, deadLetter, readings }: ReplayLetter,
  letter: string,
  { headers, data }: { readonly headers: Readonly<Record<string, string>>; readonly data: Json },
): Kept => {
  const written = { attributes: fromHeaders(headers), data: utf8ToBytes(JSON.stringify(data)) };
  if (written.attributes.id !== letter || !verifySignature(deadLetter, written, publicKey))
    throw new RecordError('record.forged', `the order for ${letter} brings another letter than we wrote`);
  const { fate, topic, offset, record } = letterData.parse(data);
  const reading = readings.get(topic);
  const kept = refusedRecord.parse(record);
  if (fate !== 'refused' || reading === undefined || offset === null || kept.data === null)
    throw new Error(`the record of ${letter} cannot be handled again here`);
  return { reading, record: { offset: BigInt(offset), attributes: fromHeaders(kept.headers), data: fromHex(kept.data) } };
};

/** A record of `<name>-control`: the record of a letter of ours that is to be replayed is decided on again, as when it was read. */
export const understandLetterAct =
  (options: ReplayLetter): TopicReading['understand'] =>
  ({ attributes: { source, type }, offset }, data) => {
    const { self, operator, refuseAgain } = options;
    if (source !== operator) throw new RecordError('record.forged', `${source} gives no orders`);
    const act = letterAct.parse({ type, data });
    const { letter } = act.data;
    const close = (draft: Draft): void => options.closed?.(draft, letter);
    if (act.type === LETTER_DROPPED || act.data.record.headers['ce_source'] !== self) return close;
    const { reading, record } = keptIn(options, letter, act.data.record);
    return (draft) => {
      close(draft);
      if (replayed.get(draft, letter) !== undefined) return;
      replayed.put(draft, letter, { offset: offset.toString() });
      const refusal: Refusal | undefined = handleRecord(draft, reading, record);
      if (refusal !== undefined) refuseAgain(letter, offset)(draft, refusal);
    };
  };
