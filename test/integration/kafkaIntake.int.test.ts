import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { Subject } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { supervise } from '../../src/core/supervise.ts';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import type { Store } from '../../src/data/store.ts';
import { toHeaders } from '../../src/domain/record/cloudEvents.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import type { TopicRecord } from '../../src/domain/record.ts';
import { table } from '../../src/domain/tables.ts';
import { type KafkaBus, openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openModule } from '../../src/modules/module.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';
import { lasting } from '../support/storeOver.ts';

const SEED = new Uint8Array(32).fill(3);
const SOURCE = '/test/writer';
const handled = table<number>('handled');
const log = { debug: () => undefined, warn: () => undefined };

describe.runIf(brokerPossible)('intake from a real broker has its effect once', () => {
  let broker: Broker;
  let bus: KafkaBus;
  let kafka: Kafka;
  beforeAll(async () => {
    broker = await startBroker();
    bus = await openKafka({ brokers: [broker.address], clientId: 'intake', transactionalId: 'intake', log });
    kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  });
  afterAll(async () => {
    await bus.close();
    await broker.stop();
  });

  const runsOf = (topic: string, runs: number): TopicRecord[][] => {
    const writer = new RecordWriter(
      { source: SOURCE, signingSecret: SEED, keys: { epoch: 1, secret: SEED }, counterpart: () => 'open', random: () => SEED },
      [],
    );
    return Array.from({ length: runs }, (_, run) => {
      const messages = [0, 1].map((index) => {
        const number = run * 2 + index;
        return { topic, type: 'test.number.v1', id: `number/${String(number)}`, time: new Date(0).toISOString(), data: { number } };
      });
      return writer.write(topic, messages)[0] ?? [];
    });
  };

  /** Puts records on a topic as someone would who does not care what is there. */
  const put = async (topic: string, records: readonly TopicRecord[]): Promise<void> => {
    const producer = kafka.producer();
    await producer.connect();
    const messages = records.map(({ attributes, data }) => ({ value: Buffer.from(data), headers: toHeaders(attributes) }));
    await producer.send({ topic, messages });
    await producer.disconnect();
  };

  /** Handles a topic, and counts how often each number was handled. */
  const open = async (topic: string, store: Store, pace = 0) => {
    const stop$ = new Subject<void>();
    const module = await openModule(
      {
        store: lasting(store),
        bus,
        source: '/test/reader',
        signingSecret: SEED,
        pins: { [SOURCE]: publicKeyOf(SEED) },
        writers: () => [SOURCE],
        deadLetter: 'test-dead-letter',
        random: (length) => new Uint8Array(randomBytes(length)),
        stop$,
        parkedFor: 1_000,
        parked: () => undefined,
      },
      {},
    );
    const reading = module.read({
      topic,
      sealed: false,
      refused: 'dead-letter',
      before: () => sleep(pace),
      understand: (_record, data) => (draft) => {
        const key = String((data as { number: number }).number);
        handled.put(draft, key, (handled.get(draft, key) ?? 0) + 1);
      },
    });
    const running = supervise([reading], stop$);
    const close = async (): Promise<void> => {
      running.stop(1_000);
      await running.ended;
      await module.ledger.close();
    };
    return { counts: () => Object.fromEntries(handled.rows(module.ledger)), close };
  };

  const once = (numbers: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: numbers }, (_, number) => [String(number), 1]));

  const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 40_000, interval: 50 });

  const fresh = async (name: string): Promise<string> => {
    await bus.createTopics([name, 'test-dead-letter']);
    return name;
  };

  it('when records are delivered twice', async () => {
    const topic = await fresh('test-twice');
    const runs = runsOf(topic, 6);
    for (const run of runs.slice(0, 4)) {
      await put(topic, run);
      await put(topic, run);
    }
    await put(topic, runs.slice(0, 4).flat());
    await put(topic, runs.slice(2, 6).flat());
    const reader = await open(topic, openMemoryStore());
    onTestFinished(() => reader.close());
    await until(() => {
      expect(reader.counts()).toEqual(once(12));
    });
    await put(topic, runs.flat());
    await sleep(500);
    expect(reader.counts()).toEqual(once(12));
  });

  it('when its group is rebalanced in the middle of handling', async () => {
    const topic = await fresh('test-rebalance');
    for (const run of runsOf(topic, 30)) await put(topic, run);
    const admin = kafka.admin();
    await admin.connect();
    const before = new Set((await admin.listGroups()).groups.map(({ groupId }) => groupId));
    const reader = await open(topic, openMemoryStore(), 50);
    onTestFinished(() => reader.close());
    await until(() => {
      expect(Object.keys(reader.counts()).length).toBeGreaterThan(4);
    });
    const group = (await admin.listGroups()).groups.map(({ groupId }) => groupId).find((id) => !before.has(id)) ?? '';
    for (let round = 0; round < 2; round += 1) {
      const intruder = kafka.consumer({ groupId: group });
      await intruder.connect();
      await intruder.subscribe({ topic, fromBeginning: true });
      await intruder.run({ eachMessage: () => Promise.resolve() });
      await sleep(400);
      await intruder.disconnect();
    }
    await admin.disconnect();
    await until(() => {
      expect(reader.counts()).toEqual(once(60));
    });
  });

  it('when offsets are lost, or set to zero, between two starts', async () => {
    const topic = await fresh('test-offsets');
    const runs = runsOf(topic, 20);
    const store = openMemoryStore();
    const admin = kafka.admin();
    await admin.connect();
    for (let start = 0; start < 4; start += 1) {
      for (const run of runs.slice(start * 5, start * 5 + 5)) await put(topic, run);
      const reader = await open(topic, store);
      await until(() => {
        expect(reader.counts()).toEqual(once((start + 1) * 10));
      });
      const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
      await reader.close();
      if (start % 2 === 0) await Promise.all(groups.map((groupId) => admin.deleteGroups([groupId]).catch(() => undefined)));
      else await Promise.all(groups.map((groupId) => admin.resetOffsets({ groupId, topic, earliest: true }).catch(() => undefined)));
    }
    await admin.disconnect();
  });
});
