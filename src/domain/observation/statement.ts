import { createHash } from 'node:crypto';
import type { Hex } from '../hex.ts';
import type { ChainRecord } from './schemas.ts';

/** What a record of `<name>-chain` says, whichever instance wrote it and when: all but its number, chain, epoch and signature. */
export interface Statement {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  /** JSON, as it stands in the record. */
  readonly data: string;
}

/** What a record says that was made of a block. */
export const statementOf = ({ id, type, subject, time, data }: ChainRecord): Statement => ({
  id,
  type,
  subject,
  time,
  data: JSON.stringify(data),
});

/** What a record says that a topic holds. */
export const statementIn = ({
  headers,
  value,
}: {
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}): Statement => ({
  id: headers['ce_id'] ?? '',
  type: headers['ce_type'] ?? '',
  subject: headers['ce_subject'] ?? '',
  time: headers['ce_time'] ?? '',
  data: Buffer.from(value).toString('utf8'),
});

/** The block a statement is about, by its id (`<type>/<height>…`); undefined where it is about none. */
export const heightOf = ({ id }: Statement): number | undefined => {
  const height = /^[^/]+\/(\d{1,10})(\/|$)/.exec(id)?.[1];
  return height === undefined ? undefined : Number(height);
};

const listOf = ({ id, type, subject, time, data }: Statement): readonly string[] => [id, type, subject, time, data];

/** SHA-256 over statements in their order: equal for equal ones. */
export const digestOfStatements = (statements: readonly Statement[]): Hex =>
  `0x${createHash('sha256')
    .update(JSON.stringify(statements.map(listOf)))
    .digest('hex')}`;

/** Where two lists of statements part: undefined on the side that has ended. */
export interface Difference {
  readonly index: number;
  readonly published: Statement | undefined;
  readonly expected: Statement | undefined;
}

/** The first place at which what was published is not what was expected. */
export const firstDifference = (published: readonly Statement[], expected: readonly Statement[]): Difference | undefined => {
  const index = Array.from({ length: Math.max(published.length, expected.length) }).findIndex((_, at) => {
    const [one, other] = [published[at], expected[at]];
    return one === undefined || other === undefined || listOf(one).some((text, part) => text !== listOf(other)[part]);
  });
  return index === -1 ? undefined : { index, published: published[index], expected: expected[index] };
};
