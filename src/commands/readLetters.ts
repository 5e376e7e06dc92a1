import type { Config } from '../core/configSchema.ts';
import { allLetters, type Letter, type Letters, NO_LETTERS, withAct, withLetter } from '../domain/deadLetter/letters.ts';
import { CoordinatorError } from '../domain/errors.ts';
import { sourcesOf, topicsOf } from '../domain/topics.ts';
import type { KafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';
import { knownPins } from './deploymentKeys.ts';
import { readTopic } from './readTopic.ts';

/** A dead letter that cannot be had, or not be acted on. */
export class LetterError extends CoordinatorError {
  readonly code: 'dlq.unknown' | 'dlq.closed' | 'dlq.not-replayable';

  constructor(code: LetterError['code'], message: string) {
    super(message);
    this.name = 'LetterError';
    this.code = code;
  }
}

const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Reads a deployment's dead letters and what was done about them; says where the topics hold what their sources did not write. */
export const readLetters = async (config: Config, kafka: KafkaAdmin): Promise<Letters> => {
  const { name } = config.general;
  const { deadLetter, control } = topicsOf(name);
  const { operator } = sourcesOf(name);
  const pins = await knownPins(config, tell);
  let letters = NO_LETTERS;
  const read = async (topic: string, take: (record: StoredRecord) => void): Promise<void> => {
    const { faults } = await readTopic(kafka, { topic, pins: pins(topic), take });
    if (faults.length > 0) tell(`${topic} holds what its sources did not write so: look with verify ${topic}`);
  };
  await read(deadLetter, (record) => {
    letters = withLetter(letters, record);
  });
  await read(control, (record) => {
    letters = withAct(letters, record, operator);
  });
  if (letters.strange > 0) tell(`${deadLetter} holds ${String(letters.strange)} records that are no dead letters`);
  return letters;
};

/** The letter asked for, by its id or its offset on `<name>-dead-letter`. */
export const letterNamed = (letters: Letters, asked: string): Letter => {
  const letter = allLetters(letters).find(({ at, attributes }) => attributes.id === asked || String(at.offset) === asked);
  if (letter === undefined) throw new LetterError('dlq.unknown', `there is no dead letter ${asked}; dlq list --all shows what there is`);
  return letter;
};
