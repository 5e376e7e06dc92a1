import { describe, expect, it } from 'vitest';
import type { TopicRecord } from '../../src/domain/record.ts';
import { Draft, type Json, type Message } from '../../src/domain/tables.ts';
import type { Span } from '../../src/domain/tracing/span.ts';
import { spanOf, traceOfBatch, traceOfBlock, writeTraceparent } from '../../src/domain/tracing/trace.ts';
import { ModuleTracing } from '../../src/modules/moduleTracing.ts';

const SOURCE = '/alice/crypto';
const block = traceOfBlock('0x01');
const batch = traceOfBatch('0x02', 'Bitcoin', '1');

/** What the module knows by itself, told by what is said. */
const about = (_view: unknown, said: Json): string | undefined => (typeof said === 'string' ? { block, batch }[said] : undefined);

const open = (ratio = 1, knows: ((view: unknown, said: Json) => string | undefined) | undefined = about) => {
  const told: Span[] = [];
  const tell = (span: Span): void => {
    told.push(span);
  };
  return { told, tracing: new ModuleTracing({ source: SOURCE, about: knows, tracer: { ratio, now: () => 0, tell } }) };
};

const record = (type: string, traceparent?: string): TopicRecord => ({
  attributes: {
    ...{ id: `${type}/1`, source: '/x', type, time: '', datacontenttype: '', sequence: 1n, previoushash: '0x', epoch: 1 },
    ...(traceparent === undefined ? {} : { traceparent }),
  },
  data: new Uint8Array(),
});

const message = (id: string, data: Json): Message => ({ topic: 'alice-reports', type: 't.v1', id, time: '', data });

/** What a decision on a record sends, marked. */
const decide = (tracing: ModuleTracing, on: TopicRecord, data: Json, ...sent: readonly string[]): readonly Message[] => {
  const draft = new Draft({ get: () => undefined, rows: () => [] });
  for (const said of sent) draft.send(message(said, said));
  tracing.ofRecord('alice-chain')(draft, on, data);
  return draft.decision().messages;
};

describe('a decision', () => {
  it('belongs to the trace its record names, and what it sends to the decision', () => {
    const { told, tracing } = open();
    const on = record('a.v1', writeTraceparent({ trace: block, span: 'b'.repeat(16) }));
    const [sent] = decide(tracing, on, 'nothing', 'something');
    const own = spanOf(block, SOURCE, 'alice-chain', 'a.v1/1');
    expect(sent?.trace).toEqual({
      traceparent: writeTraceparent({ trace: block, span: spanOf(block, SOURCE, 'alice-reports', 'something') }),
      parent: own,
    });
    tracing.decisions.settled(on, 1, 5, undefined);
    expect(told).toMatchObject([{ trace: block, span: own, parent: 'b'.repeat(16), name: 'decide a.v1', start: 1, end: 5 }]);
  });

  it('sends what is about something else into the trace of that, from where the module took it up', () => {
    const { told, tracing } = open();
    const begun = record('serai.external.batch.v1');
    decide(tracing, begun, 'batch');
    tracing.decisions.settled(begun, 0, 1, undefined);
    const on = record('a.v1', writeTraceparent({ trace: block, span: 'b'.repeat(16) }));
    const [sent] = decide(tracing, on, 'nothing', 'batch');
    expect(sent?.trace?.traceparent).toContain(batch);
    expect(sent?.trace?.parent).toBe(told[0]?.span);
    expect(told[0]).toMatchObject({ trace: batch, parent: undefined });
  });

  it('has no span where nothing came of it, nor a trace where it belongs to none', () => {
    const { told, tracing } = open();
    const idle = record('a.v1', writeTraceparent({ trace: block, span: 'b'.repeat(16) }));
    decide(tracing, idle, 'nothing');
    const stray = record('a.v1');
    const [sent] = decide(tracing, stray, 'nothing', 'something');
    for (const on of [idle, stray]) tracing.decisions.settled(on, 0, 1, undefined);
    expect([sent?.trace, told]).toEqual([undefined, []]);
  });

  it('tells why it was refused', () => {
    const { told, tracing } = open();
    const on = record('serai.chain.block.v1', writeTraceparent({ trace: block, span: 'b'.repeat(16) }));
    decide(tracing, on, 'nothing');
    tracing.decisions.settled(on, 0, 1, 'record.unhandled');
    expect(told).toMatchObject([{ error: 'record.unhandled' }]);
  });

  it('leaves no mark and no span where its trace is not sampled', () => {
    const { told, tracing } = open(Number.MIN_VALUE);
    const on = record('a.v1', writeTraceparent({ trace: block, span: 'b'.repeat(16) }));
    const [sent] = decide(tracing, on, 'nothing', 'something');
    tracing.decisions.settled(on, 0, 1, undefined);
    expect([sent?.trace, told]).toEqual([undefined, []]);
  });
});

describe('what leaves', () => {
  it('is told once for each span, as a child of the decision it was made in', () => {
    const { told, tracing } = open();
    const traceparent = writeTraceparent({ trace: block, span: 'c'.repeat(16) });
    const leaving = (id: string) => ({ ...record(id, traceparent), parent: 'd'.repeat(16) });
    tracing.records('alice-chain').settled([leaving('a.v1'), record('untraced.v1'), leaving('b.v1')], 2, 3, undefined);
    expect(told).toMatchObject([{ trace: block, span: 'c'.repeat(16), parent: 'd'.repeat(16), name: 'publish b.v1' }]);
  });
});
