import type { Config } from '../core/configSchema.ts';
import { openLog } from '../core/log.ts';
import { actId, LETTER_DROPPED, LETTER_REPLAY, type LetterAct } from '../domain/deadLetter/acts.ts';
import { allLetters, type Letter, type Letters, openLetters } from '../domain/deadLetter/letters.ts';
import { whyNotReplayed } from '../domain/deadLetter/whyNotReplayed.ts';
import type { Json } from '../domain/tables.ts';
import { topicsOf } from '../domain/topics.ts';
import { openKafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { printable } from './printable.ts';
import { LetterError, letterNamed, readLetters } from './readLetters.ts';
import { actLine, letterJson, lettersTable, letterText } from './showLetter.ts';
import { writeAsOperator } from './writeAsOperator.ts';

export interface ListLetters {
  /** Whether letters that something was done about are shown, too. */
  readonly all: boolean;
  readonly json: boolean;
}

export interface ActOnLetter {
  readonly reason: string;
}

const print = (text: string): void => {
  process.stdout.write(text);
};

const lettersOf = async (config: Config): Promise<Letters> => {
  await using opened = new AsyncDisposableStack();
  const connection = await kafkaConnection(config, openLog(config.general.log_level));
  const kafka = opened.adopt(await openKafkaAdmin(connection), (it) => it.close());
  return await readLetters(config, kafka);
};

/** Prints the dead letters of a deployment: those that are open, or all. */
export const listLetters = async (config: Config, { all, json }: ListLetters): Promise<void> => {
  const known = await lettersOf(config);
  const letters = all ? allLetters(known) : openLetters(known);
  if (json) print(`${JSON.stringify({ letters: letters.map(letterJson) })}\n`);
  else print(letters.length === 0 ? `no dead letters${all ? '' : ' are open'}\n` : lettersTable(letters, all));
};

/** Prints a dead letter with its raw bytes. */
export const showLetter = async (config: Config, asked: string, { json }: Pick<ListLetters, 'json'>): Promise<void> => {
  const letter = letterNamed(await lettersOf(config), asked);
  print(json ? `${JSON.stringify({ ...letterJson(letter), record: letter.record })}\n` : letterText(letter));
};

/** Writes down what is done about a letter; that it was done before is said, and doing another thing is refused. */
const act = async (config: Config, letter: Letter, type: LetterAct['type'], reason: string, more: { readonly [key: string]: Json }) => {
  const { attributes, topic, offset } = letter;
  const data = { letter: attributes.id, topic, offset, reason, ...more };
  await writeAsOperator(config, {
    topic: topicsOf(config.general.name).control,
    type,
    id: actId(type, attributes.id),
    time: new Date().toISOString(),
    subject: attributes.id,
    data,
  });
};

const doneBefore = ({ act: done, attributes }: Letter, what: 'dropped' | 'replayed'): boolean => {
  if (done === undefined) return false;
  if (done.what !== what) throw new LetterError('dlq.closed', `${attributes.id} was ${actLine(done)}`);
  print(`${printable(`${attributes.id} was ${actLine(done)}`)}; nothing more is done\n`);
  return true;
};

/** Closes a letter without doing anything about its record. */
export const dropLetter = async (config: Config, asked: string, { reason }: ActOnLetter): Promise<void> => {
  const letter = letterNamed(await lettersOf(config), asked);
  if (doneBefore(letter, 'dropped')) return;
  await act(config, letter, LETTER_DROPPED, reason, {});
  print(`dropped ${letter.attributes.id}\n`);
};

/** Orders the module that refused a letter's record to handle it again. */
export const replayLetter = async (config: Config, asked: string, { reason }: ActOnLetter): Promise<void> => {
  const letter = letterNamed(await lettersOf(config), asked);
  if (doneBefore(letter, 'replayed')) return;
  const { attributes, at } = letter;
  const why = whyNotReplayed(config.general.name, letter);
  if (why !== undefined) throw new LetterError('dlq.not-replayable', `${attributes.id} cannot be replayed: ${why}`);
  const data = JSON.parse(new TextDecoder().decode(at.value)) as Json;
  await act(config, letter, LETTER_REPLAY, reason, { record: { headers: { ...at.headers }, data } });
  print(
    `ordered: ${attributes.source} handles ${letter.topic} ${letter.offset ?? ''} again; should it refuse it again, there is another letter\n`,
  );
};
