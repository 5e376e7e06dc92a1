import type { StoredRecord } from '../streams/fromTopic.ts';
import { printable } from './printable.ts';

const isJson = ({ headers }: StoredRecord): boolean => /json/i.test(headers['content-type'] ?? headers['ce_datacontenttype'] ?? '');

const textOf = ({ value }: StoredRecord): string => Buffer.from(value).toString('utf8');

const attributesOf = ({ headers }: StoredRecord): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.replace(/^ce_/, ''), value]));

/** A record in a line for people: offset, time, type, what it is about, and what it says as far as it is not sealed. */
export const recordLine = (record: StoredRecord): string => {
  const { headers, value, offset } = record;
  const said = isJson(record)
    ? textOf(record)
    : `sealed, ${String(value.length)} bytes${headers['ce_keyid'] === undefined ? '' : ` for ${headers['ce_keyid']}`}`;
  return printable([String(offset), headers['ce_time'] ?? '-', headers['ce_type'] ?? '-', headers['ce_subject'] ?? '-', said].join('  '));
};

const dataOf = (record: StoredRecord): unknown => {
  if (isJson(record)) {
    try {
      return JSON.parse(textOf(record)) as unknown;
    } catch {
      // Not what it says it is: its bytes.
    }
  }
  return { base64: Buffer.from(record.value).toString('base64') };
};

/** A record as one line of JSON: `offset`, its CloudEvents attributes, and `data`, as `{"base64":…}` where it is no JSON. */
export const recordJson = (record: StoredRecord): string =>
  JSON.stringify({ offset: String(record.offset), ...attributesOf(record), data: dataOf(record) });
