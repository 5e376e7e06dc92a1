import { fromHeaders } from '../record/cloudEvents.ts';
import type { HeldRecord } from '../record/verifyTopic.ts';
import type { Attributes } from '../record.ts';
import { LETTER_DROPPED, letterAct } from './acts.ts';
import { DEAD_LETTER, type LetterData, letterData } from './letter.ts';

/** What the operator did about a letter. */
export interface Act {
  readonly letter: string;
  readonly what: 'dropped' | 'replayed';
  readonly time: string;
  readonly reason: string;
}

/** A letter of `<name>-dead-letter` with what was done about it; it is open while that is nothing. */
export interface Letter extends LetterData {
  readonly at: HeldRecord;
  readonly attributes: Attributes;
  readonly act: Act | undefined;
}

/** What the letters of a deployment are read from: folded record by record, both topics in their order. */
export interface Letters {
  readonly letters: ReadonlyMap<string, Omit<Letter, 'act'>>;
  readonly acts: ReadonlyMap<string, Act>;
  /** Records of `<name>-dead-letter` that are no dead letters. */
  readonly strange: number;
}

export const NO_LETTERS: Letters = { letters: new Map(), acts: new Map(), strange: 0 };

const text = new TextDecoder('utf-8', { fatal: true });

const said = ({ headers, value }: HeldRecord): { readonly attributes: Attributes; readonly data: unknown } | undefined => {
  try {
    return { attributes: fromHeaders(headers), data: JSON.parse(text.decode(value)) as unknown };
  } catch {
    return undefined;
  }
};

/** Takes in the next record of `<name>-dead-letter`. Of letters with one id the first one counts. */
export const withLetter = (known: Letters, at: HeldRecord): Letters => {
  const read = said(at);
  const data = letterData.safeParse(read?.data);
  if (read?.attributes.type !== DEAD_LETTER || !data.success) return { ...known, strange: known.strange + 1 };
  const { attributes } = read;
  if (known.letters.has(attributes.id)) return known;
  return { ...known, letters: new Map(known.letters).set(attributes.id, { ...data.data, at, attributes }) };
};

/** Takes in the next record of `<name>-control`. Of several acts on a letter the first one counts; only the operator's do. */
export const withAct = (known: Letters, at: HeldRecord, operator: string): Letters => {
  const read = said(at);
  if (read?.attributes.source !== operator) return known;
  const act = letterAct.safeParse({ type: read.attributes.type, data: read.data });
  if (!act.success || known.acts.has(act.data.data.letter)) return known;
  const { letter, reason } = act.data.data;
  const what = act.data.type === LETTER_DROPPED ? 'dropped' : 'replayed';
  return { ...known, acts: new Map(known.acts).set(letter, { letter, what, time: read.attributes.time, reason }) };
};

/** Every letter, in the topic's order, with what was done about it. */
export const allLetters = ({ letters, acts }: Letters): Letter[] => [...letters].map(([id, letter]) => ({ ...letter, act: acts.get(id) }));

/** The letters nothing was done about. */
export const openLetters = (known: Letters): Letter[] => allLetters(known).filter(({ act }) => act === undefined);
