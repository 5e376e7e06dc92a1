import { type LettersStatus, SHOWN } from '../health/status.ts';
import { type Draft, table, type View } from '../tables.ts';
import type { LetterData } from './letter.ts';

/** Letters that are kept one by one; of more than these only the number is. */
const KEPT = 1_000;

/** A letter nothing was done about. */
interface OpenLetter extends Omit<LetterData, 'record' | 'reason'> {
  /** Its offset on `<name>-dead-letter`. */
  readonly at: string;
  /** Which module refused the record. */
  readonly by: string;
  /** The record's own time. */
  readonly time: string;
}

/** By id. */
const letters = table<OpenLetter>('openLetters');
/** How many open letters there are beside those kept. */
const beyond = table<number>('openLettersBeyond');
/** Letters that were acted on before they were read here: both topics are read side by side. */
const closedEarly = table<true>('lettersClosedEarly');

/** A letter was written. What it says of the record may be secret or hostile: it is not kept. */
export const letterWritten = (draft: Draft, id: string, { at, by, time, topic, offset, fate, code }: OpenLetter): void => {
  if (closedEarly.get(draft, id) !== undefined) {
    closedEarly.delete(draft, id);
    return;
  }
  if (letters.get(draft, id) !== undefined) return;
  letters.put(draft, id, { at, by, time, topic, offset, fate, code });
  const known = [...letters.rows(draft)];
  if (known.length <= KEPT) return;
  const [oldest] = known.reduce((one, other) => (BigInt(other[1].at) < BigInt(one[1].at) ? other : one));
  letters.delete(draft, oldest);
  beyond.put(draft, '', (beyond.get(draft, '') ?? 0) + 1);
};

/** The operator dropped a letter, or has its record handled again. */
export const letterClosed = (draft: Draft, id: string): void => {
  const more = beyond.get(draft, '') ?? 0;
  if (letters.get(draft, id) !== undefined) letters.delete(draft, id);
  else if (more > 0) beyond.put(draft, '', more - 1);
  else closedEarly.put(draft, id, true);
};

/** How many letters are open, and the newest of them (docs/status.md). */
export const lettersStatus = (view: View): LettersStatus => {
  const known = [...letters.rows(view)].map(([, letter]) => letter).sort((a, b) => Number(BigInt(b.at) - BigInt(a.at)));
  return { open: known.length + (beyond.get(view, '') ?? 0), newest: known.slice(0, SHOWN.letters) };
};
