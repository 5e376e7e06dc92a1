import { refusedRecord } from '../domain/deadLetter/letter.ts';
import type { Act, Letter } from '../domain/deadLetter/letters.ts';
import { columns } from './columns.ts';
import { printable } from './printable.ts';

/** Characters of a reason shown in a list. */
const SHORT = 100;

const originOf = ({ topic, offset }: Letter): string => (offset === null ? topic : `${topic} ${offset}`);

/** What was done about a letter, in words. */
export const actLine = ({ what, time, reason }: Act): string => `${what} ${time}: ${reason}`;

const stateOf = ({ act }: Letter): string => (act === undefined ? 'open' : actLine(act));

const shortened = (text: string): string => (text.length > SHORT ? `${text.slice(0, SHORT)}…` : text);

/** Letters as a table for people. */
export const lettersTable = (letters: readonly Letter[], all: boolean): string =>
  columns([
    ['offset', 'time', 'origin', 'fate', 'code', ...(all ? ['state'] : []), 'reason'],
    ...letters
      .map((letter) => [
        String(letter.at.offset),
        letter.attributes.time,
        originOf(letter),
        letter.fate,
        letter.code,
        ...(all ? [stateOf(letter)] : []),
        shortened(letter.reason),
      ])
      .map((row) => row.map(printable)),
  ]);

/** A letter for programs; without its raw bytes. */
export const letterJson = ({ at, attributes, topic, offset, fate, code, reason, act }: Letter) => ({
  offset: String(at.offset),
  id: attributes.id,
  time: attributes.time,
  source: attributes.source,
  origin: { topic, offset },
  fate,
  code,
  reason,
  act: act === undefined ? null : { what: act.what, time: act.time, reason: act.reason },
});

const textIn = (headers: Readonly<Record<string, string>>, data: string): string[] =>
  /json/i.test(headers['content-type'] ?? '') ? [`text    ${Buffer.from(data.slice(2), 'hex').toString('utf8')}`] : [];

const recordLines = ({ record }: Letter): string[] => {
  const kept = refusedRecord.safeParse(record);
  if (!kept.success) return [`record  ${JSON.stringify(record)}`];
  const { headers, data } = kept.data;
  return [
    ...Object.entries(headers).map(([name, value]) => `header  ${name}: ${value}`),
    ...(data === null ? ['data    too large to be kept here; it stands at the origin'] : [`data    ${data}`, ...textIn(headers, data)]),
  ];
};

/** A letter in full for people: a line for each of its parts. */
export const letterText = (letter: Letter): string => {
  const { at, attributes, fate, code, reason } = letter;
  const lines = [
    `offset  ${String(at.offset)}`,
    `id      ${attributes.id}`,
    `time    ${attributes.time}`,
    `by      ${attributes.source}`,
    `origin  ${originOf(letter)}`,
    `fate    ${fate}`,
    `code    ${code}`,
    `reason  ${reason}`,
    `state   ${stateOf(letter)}`,
    ...recordLines(letter),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
};
