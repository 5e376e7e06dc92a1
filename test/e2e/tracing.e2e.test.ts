import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTraceparent, traceOfBlock } from '../../src/domain/tracing/trace.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { type ProvenTopic, provenTopics } from '../support/devnetTopics.ts';
import { type OtlpReceiver, openOtlpReceiver, type ReceivedSpan } from '../support/otlpReceiver.ts';

const NAMES = ['alice', 'bob', 'charlie', 'dave'] as const;
const SERVICES = NAMES.map((name) => `${name}-coordinator`);

describe('traces of the devnet', () => {
  let otlp: OtlpReceiver;
  let topics: Map<string, ProvenTopic>;
  beforeAll(async () => {
    otlp = await openOtlpReceiver();
    const dir = mkdtempSync(join(tmpdir(), 'traced-'));
    const { code, stderr } = await runCommand('devnet', '--cycles', '1', '--seed', '7', '--json', '--data', dir, '--trace', otlp.url);
    expect(code, stderr).toBe(0);
    topics = await provenTopics(dir, 'alice', ['Bitcoin']);
  });
  afterAll(() => otlp.close());

  const byId = (): Map<string, ReceivedSpan> => new Map(otlp.spans.map((span) => [`${span.trace}/${span.span}`, span]));
  const parentOf = (spans: ReadonlyMap<string, ReceivedSpan>, { trace, parent }: ReceivedSpan): ReceivedSpan | undefined =>
    parent === undefined ? undefined : spans.get(`${trace}/${parent}`);

  /** A span and those it came of, the first one last. */
  const upFrom = (span: ReceivedSpan): ReceivedSpan[] => {
    const spans = byId();
    const path: ReceivedSpan[] = [];
    for (let at: ReceivedSpan | undefined = span; at !== undefined; at = parentOf(spans, at)) path.push(at);
    return path;
  };

  const signed = (kind: string): ReceivedSpan[] =>
    otlp.spans.filter(
      ({ name, attributes }) =>
        name === 'publish serai.report.signed.v1' && attributes['cloudevents.event_subject']?.includes(`/${kind}/`) === true,
    );

  it('are what OTLP says, each span once, of all four validators', () => {
    expect(otlp.malformed).toEqual([]);
    expect(byId().size).toBe(otlp.spans.length);
    expect(new Set(otlp.spans.map(({ service }) => service))).toEqual(new Set(SERVICES));
    for (const { start, end } of otlp.spans) expect(end).toBeGreaterThanOrEqual(start);
  });

  it('lead a burn from its block to its signature, over all four validators', () => {
    const [signature] = signed('plan');
    if (signature === undefined) throw new Error('no signature of a plan was told of');
    const spans = otlp.spans.filter(({ trace }) => trace === signature.trace);
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(SERVICES));
    // Every validator observes the block; each other span until the signature came of one that is there.
    const roots = spans.filter(({ parent }) => parent === undefined);
    expect(roots.map(({ service, name }) => `${service} ${name}`).sort()).toEqual(SERVICES.map((name) => `${name} observe block`));
    const hash = roots[0]?.attributes['serai.block.hash'];
    expect(traceOfBlock(hash as `0x${string}`)).toBe(signature.trace);
    const all = byId();
    // What others did after it may have been under way when the devnet stopped: a message is told of once it is acknowledged.
    const before = spans.filter(({ start }) => start <= signature.start);
    expect(before.filter((span) => span.parent !== undefined && parentOf(all, span) === undefined)).toEqual([]);
  });

  it('go over every topic and the links between validators on the way', () => {
    // Some validator completed the signature with shares of others: the way back leads over at least one of them.
    const ways = signed('plan').map(upFrom);
    for (const way of ways) expect(way.at(-1)?.name).toBe('observe block');
    const way = ways.find((one) => new Set(one.map(({ service }) => service)).size > 1);
    const names = (way ?? []).map(({ name }) => name).reverse();
    expect(names.slice(0, 3)).toEqual(['observe block', 'publish serai.chain.block.v1', 'decide serai.chain.block.v1']);
    const order = ['publish serai.substrate.block.v1', 'publish serai.substrate.block-ack.v1', 'publish serai.sign.attempt.v1'];
    expect(names.filter((name) => order.includes(name))).toEqual(order);
    const tells = names.indexOf('tell peer');
    expect(names.slice(tells - 1, tells + 4)).toEqual([
      'decide serai.peer.message.v1',
      'tell peer',
      expect.stringMatching(/^hear sign\./),
      'publish serai.peer.message.v1',
      'decide serai.peer.message.v1',
    ]);
    expect(names.at(-1)).toBe('publish serai.report.signed.v1');
    const hear = way?.find(({ name }) => name.startsWith('hear '));
    expect(hear === undefined ? undefined : parentOf(byId(), hear)?.service).not.toBe(hear?.service);
  });

  it('lead a batch from its external block to its signature and on to the chain', () => {
    const [signature] = signed('batch');
    const spans = otlp.spans.filter(({ trace }) => trace === signature?.trace);
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(SERVICES));
    expect(new Set(spans.filter(({ parent }) => parent === undefined).map(({ name }) => name))).toEqual(
      new Set(['decide serai.external.batch.v1']),
    );
    expect(spans.some(({ name }) => name === 'submit execute_batch')).toBe(true);
  });

  it('stand in the records, which are proven with them', () => {
    const told = byId();
    const carried = new Map<string, string[]>();
    for (const [topic, { records, report }] of topics) {
      expect(report.faults).toEqual([]);
      const parents = records.flatMap(({ headers }) => headers['ce_traceparent'] ?? []);
      if (parents.length > 0) carried.set(topic, parents);
    }
    expect([...carried.keys()].sort()).toEqual(
      ['alice-bitcoin-commands', 'alice-bitcoin-replies', 'alice-chain', 'alice-inbound', 'alice-outbound', 'alice-reports'].sort(),
    );
    // What was published was told of: the header names the span of the record's own publishing.
    const spans = [...carried.values()].flat().map((text) => {
      const ref = readTraceparent(text);
      return ref === undefined ? undefined : told.get(`${ref.trace}/${ref.span}`);
    });
    const untold = spans.filter((span) => span === undefined).length;
    expect(spans.every((span) => span === undefined || span.name.startsWith('publish '))).toBe(true);
    // Those under way when it was stopped may have been cut off.
    expect(untold).toBeLessThan(spans.length / 20);
  });
});
