import { hash } from 'node:crypto';
import { x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import { readRun, writeRun } from '../../src/data/runCodec.ts';
import { fromHeaders, toHeaders } from '../../src/domain/record/cloudEvents.ts';
import { followRun } from '../../src/domain/record/followRun.ts';
import { proveRun } from '../../src/domain/record/proveRun.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import type { TopicRecord } from '../../src/domain/record.ts';
import { openRecord } from '../../src/domain/sealing/sealedRecord.ts';
import type { Message } from '../../src/domain/tables.ts';
import { spanOf, traceOfBlock, writeTraceparent } from '../../src/domain/tracing/trace.ts';

const filled = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const SOURCE = '/alice/crypto';
const pins = { [SOURCE]: publicKeyOf(filled(1)) };

const trace = traceOfBlock(`0x${'11'.repeat(32)}`);
const mark = { traceparent: writeTraceparent({ trace, span: spanOf(trace, 'leaves') }), parent: spanOf(trace, 'decided') };

/** Three records of a public topic, and three of a sealed one. */
const runsOf = (more: Partial<Message>): Map<string, TopicRecord[]> => {
  const writer = new RecordWriter(
    {
      source: SOURCE,
      signingSecret: filled(1),
      keys: { epoch: 3, secret: filled(2) },
      counterpart: (topic) =>
        topic === 'alice-reports' ? 'open' : { source: '/alice/connection', epoch: 5, publicKey: x25519.getPublicKey(filled(4)) },
      random: (length) => new Uint8Array(length).fill(9),
    },
    [],
  );
  const time = new Date(1_790_000_000_000).toISOString();
  const messageOf = (topic: string, n: number): Message => ({
    ...{ topic, type: 'serai.test.v1', id: `serai.test.v1/${String(n)}`, time, subject: String(n), data: { n } },
    ...more,
  });
  return new Map(
    ['alice-reports', 'alice-outbound'].map((topic) => [
      topic,
      writer.write(
        topic,
        [1, 2, 3].map((n) => messageOf(topic, n)),
      )[0] ?? [],
    ]),
  );
};

const bytesOf = (runs: Map<string, TopicRecord[]>): Buffer => Buffer.concat([...runs.values()].map(writeRun));

describe('records without traces', () => {
  it('have the bytes they had before there were any', () => {
    expect(hash('sha256', bytesOf(runsOf({})))).toBe('de71a90137ed46fac1ea24b4e82f06016ae87527ef0009734d48b3f6ff4db3a6');
  });
});

describe('records of a trace', () => {
  it.each([...runsOf({ trace: mark })])('on %s carry where they belong, proven like everything else they say', async (topic, run) => {
    expect(run.map(({ attributes }) => toHeaders(attributes)['ce_traceparent'])).toEqual(Array(3).fill(mark.traceparent));
    const read = run.map(({ attributes, data }) => ({ attributes: fromHeaders(toHeaders(attributes)), data }));
    expect(followRun(topic, {}, await proveRun(topic, pins, read))[SOURCE]?.sequence).toBe(3n);
    const other = writeTraceparent({ trace, span: spanOf(trace, 'elsewhere') });
    const moved = read.map((record, index) =>
      index === 2 ? { ...record, attributes: { ...record.attributes, traceparent: other } } : record,
    );
    await expect(proveRun(topic, pins, moved)).rejects.toMatchObject({ code: 'record.forged' });
  });

  it('say the same as those without', () => {
    const [plain, traced] = [runsOf({}), runsOf({ trace: mark })];
    const opened = (runs: Map<string, TopicRecord[]>): unknown[] =>
      (runs.get('alice-outbound') ?? []).map((record) =>
        new TextDecoder().decode(
          openRecord({ topic: 'alice-outbound', record, receiverSecret: filled(4), senderPublic: x25519.getPublicKey(filled(2)) }),
        ),
      );
    expect(opened(traced)).toEqual(opened(plain));
    expect(traced.get('alice-reports')?.map(({ data }) => data)).toEqual(plain.get('alice-reports')?.map(({ data }) => data));
  });

  it('keep in the outbox the span they were sent in, which is not part of them', () => {
    const run = runsOf({ trace: mark }).get('alice-reports') ?? [];
    const kept = readRun(writeRun(run));
    expect(kept.map(({ parent }) => parent)).toEqual(Array(3).fill(mark.parent));
    expect(kept.map(({ attributes }) => toHeaders(attributes))).toEqual(run.map(({ attributes }) => toHeaders(attributes)));
    expect(JSON.stringify(kept.map(({ attributes }) => toHeaders(attributes)))).not.toContain(mark.parent);
  });
});
