import { type Sources, sourcesOf, topicsOf } from '../topics.ts';
import { refusedRecord } from './letter.ts';
import type { Letter } from './letters.ts';

const readers = ({ crypto, connection, integrity }: Sources): readonly string[] => [crypto, connection, integrity];

/** Why nobody can handle a letter's record again; undefined where somebody can. */
export const whyNotReplayed = (name: string, letter: Letter): string | undefined => {
  const { fate, topic, attributes, record, code } = letter;
  if (fate === 'parked') return `${topic} is parked there, and is tried again by itself; nothing is to be replayed`;
  if (fate === 'unproven') return `it is not proven to be its source's (${code}), so nobody may act on it; drop it`;
  if (topic === topicsOf(name).control) return 'it is an order itself; give that order again';
  if (!readers(sourcesOf(name)).includes(attributes.source)) return `${attributes.source} takes no orders`;
  if (attributes.signature === undefined) return `${attributes.source} did not sign it`;
  if (refusedRecord.safeParse(record).data?.data == null) return `its bytes are not kept in the letter; they stand on ${topic}`;
  return undefined;
};
