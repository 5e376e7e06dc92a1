import fc from 'fast-check';
import { toHex } from '../../../src/domain/hex.ts';
import { toHeaders } from '../../../src/domain/record/cloudEvents.ts';
import { recordDigest } from '../../../src/domain/record/recordDigest.ts';
import { publicKeyOf, signRecord } from '../../../src/domain/record/signRecord.ts';
import type { HeldRecord } from '../../../src/domain/record/verifyTopic.ts';
import type { Tail, TopicRecord } from '../../../src/domain/record.ts';

/** The topic the records of these tests are for. */
export const TOPIC = 'alice-reports';

/** Whom tests let write, with their secrets. */
export const WRITERS = { '/alice/crypto': new Uint8Array(32).fill(1), '/alice/integrity': new Uint8Array(32).fill(2) } as const;

export type Writer = keyof typeof WRITERS;

export const pins: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  Object.entries(WRITERS).map(([source, secret]) => [source, publicKeyOf(secret)]),
);

/** A run to be written: who writes, and the data of each record. */
export interface Run {
  readonly source: Writer;
  readonly data: readonly string[];
}

export const held = (offset: bigint, { attributes, data }: TopicRecord): HeldRecord => ({
  offset,
  headers: toHeaders(attributes),
  value: data,
});

/** A record of a source behind its tail, signed or not. */
export const recordAfter = (
  source: Writer,
  tail: Tail | undefined,
  data: string,
  signed: boolean,
  secret = WRITERS[source],
): TopicRecord => {
  const sequence = (tail?.sequence ?? 0n) + 1n;
  const attributes = {
    id: `${source}/${String(sequence)}`,
    source,
    type: 'test.v1',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    sequence,
    previoushash: tail?.digest ?? toHex(new Uint8Array(32)),
    epoch: 1,
  };
  const record = { attributes, data: new TextEncoder().encode(JSON.stringify(data)) };
  if (!signed) return record;
  return { ...record, attributes: { ...attributes, signature: toHex(signRecord(TOPIC, record, secret)) } };
};

export const tailOf = (record: TopicRecord): Tail => ({
  sequence: record.attributes.sequence,
  digest: toHex(recordDigest(TOPIC, record)),
});

/** Writes runs one after the other, as the modules do; offsets leave room as Kafka's do for the marks of transactions. */
export const topicOf = (runs: readonly Run[]): HeldRecord[] => {
  const tails = new Map<Writer, Tail>();
  const records: HeldRecord[] = [];
  let offset = 0n;
  for (const { source, data } of runs) {
    for (const [index, text] of data.entries()) {
      const record = recordAfter(source, tails.get(source), text, index === data.length - 1);
      tails.set(source, tailOf(record));
      records.push(held(offset, record));
      offset += 1n;
    }
    offset += 1n;
  }
  return records;
};

const run: fc.Arbitrary<Run> = fc.record({
  source: fc.constantFrom<Writer>('/alice/crypto', '/alice/integrity'),
  data: fc.array(fc.string(), { minLength: 1, maxLength: 4 }),
});

/** Topics of one to eight runs. */
export const someRuns: fc.Arbitrary<readonly Run[]> = fc.array(run, { minLength: 1, maxLength: 8 });
