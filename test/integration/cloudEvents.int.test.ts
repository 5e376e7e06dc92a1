import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { setFault } from '../../src/devnet/node/faults.ts';
import { openSeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { readTraceparent } from '../../src/domain/tracing/trace.ts';
import { openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import type { StoredRecord } from '../../src/streams/fromTopic.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';
import { JARS } from '../support/kafkaJars.ts';
import { openObserver } from '../support/observer.ts';

const tracer = { ratio: 1, now: () => 0, tell: () => undefined };

describe.runIf(brokerPossible)('a CloudEvents consumer of another language', () => {
  let broker: Broker;
  let published: readonly StoredRecord[] = [];
  beforeAll(async () => {
    broker = await startBroker();
    const log = { debug: () => undefined, warn: () => undefined };
    const bus = await openKafka({ brokers: [broker.address], clientId: 'events', transactionalId: 'events', log });
    let clock = 1_790_000_000_000;
    const node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
    setFault(node.faults, 'runtime-upgrade', 3);
    for (let block = 0; block < 8; block += 1) await node.produceBlock();
    const observer = await openObserver({ endpoints: [node.url], bus, name: 'events', tracer });
    await vi.waitFor(
      () => {
        expect(observer.heights()).toHaveLength(7);
      },
      { timeout: 15_000, interval: 50 },
    );
    published = [...observer.records];
    await observer.stop();
    await node.close();
    await bus.close();
  });
  afterAll(() => broker.stop());

  it('reads every record with all its attributes, by the stock SDK', async () => {
    const { stdout } = await promisify(execFile)(
      'java',
      ['-cp', `${JARS}/*`, 'test/support/kafka/ReadEvents.java', broker.address, 'events-chain'],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    const read = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    const written = published.map(({ headers, value }) => {
      const { 'content-type': datacontenttype, ce_time, ...rest } = headers;
      const attributes = Object.fromEntries(Object.entries(rest).map(([name, text]) => [name.replace(/^ce_/, ''), text]));
      return { ...attributes, datacontenttype, time: Date.parse(ce_time ?? ''), data: Buffer.from(value).toString('utf8') };
    });
    expect(read.map((event) => ({ ...event, time: Date.parse(event['time'] ?? '') }))).toEqual(written);
    expect(read.length).toBeGreaterThan(60);
    // The Distributed Tracing extension of CloudEvents, once more as W3C Trace Context.
    expect(read.filter(({ traceparent }) => readTraceparent(traceparent) === undefined)).toEqual([]);
  });
});
