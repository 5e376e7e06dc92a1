import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, type Message as KafkaMessage, logLevel } from 'kafkajs';
import { NEVER, Subject } from 'rxjs';
import { supervise } from '../src/core/supervise.ts';
import type { Store } from '../src/data/store.ts';
import { toHex } from '../src/domain/hex.ts';
import { toHeaders } from '../src/domain/record/cloudEvents.ts';
import { publicKeyOf } from '../src/domain/record/signRecord.ts';
import type { TopicRecord } from '../src/domain/record.ts';
import { type KafkaBus, openKafka } from '../src/drivers/kafka/openKafka.ts';
import { openRocksdbStore } from '../src/drivers/rocksdb/rocksdbStore.ts';
import { type ModuleShapes, openModule } from '../src/modules/module.ts';
import { startBroker } from '../test/support/kafkaBroker.ts';
import fetchJars from '../test/support/kafkaJars.ts';
import { type Figure, median } from './figure.ts';

const RECORDS = 12_800;
/** Records of a commit: one run. */
const TOGETHER = 10;
/** Runs that a relay appends together, as the module does. */
const RUNS = 64;
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const RATE = 100;
const SECONDS = 10;
const ROWS = 1_000_000;
const SEED = new Uint8Array(32).fill(7);
const SOURCE = '/bench/writer';
const log = { debug: () => undefined, warn: () => undefined };
const time = new Date(0).toISOString();

interface Ground {
  readonly address: string;
  readonly bus: KafkaBus;
  readonly kafka: Kafka;
  readonly newStore: () => Promise<Store>;
}

const openWriter = (bus: KafkaBus, store: Store, source = SOURCE): Promise<ModuleShapes> =>
  openModule(
    {
      store,
      bus,
      source,
      signingSecret: SEED,
      pins: { [SOURCE]: publicKeyOf(SEED) },
      writers: () => [SOURCE],
      deadLetter: 'bench-dead-letter',
      random: (length) => new Uint8Array(randomBytes(length)),
      stop$: NEVER,
      parkedFor: 1_000,
      parked: () => undefined,
    },
    {},
  );

let made = 0;
const newTopic = async ({ bus }: Ground): Promise<string> => {
  made += 1;
  const topic = `bench-${String(made)}`;
  await bus.createTopics([topic, 'bench-dead-letter']);
  return topic;
};

const commitRun = (module: ModuleShapes, topic: string, first: number, filler: string, records = TOGETHER): Promise<void> =>
  module.ledger.commit({
    decide: (draft) => {
      for (let index = 0; index < records; index += 1)
        draft.send({
          topic,
          type: 'bench.record.v1',
          id: `record/${String(first + index)}`,
          time,
          data: { at: performance.now(), filler },
        });
    },
  });

/** Runs routes while something is awaited. */
const during = async <T>(routes: readonly ReturnType<ModuleShapes['read']>[], work: () => Promise<T>): Promise<T> => {
  const stop$ = new Subject<void>();
  const running = supervise(routes, stop$);
  running.ended.catch(() => undefined);
  try {
    return await Promise.race([work(), running.ended.then(() => Promise.reject(new Error('the routes ended')))]);
  } finally {
    running.stop(0);
  }
};

const bareMessages = (records: readonly TopicRecord[]): KafkaMessage[] =>
  records.map(({ attributes, data }) => ({ key: null, value: Buffer.from(data), headers: toHeaders(attributes) }));

/** Records a second from a full outbox into the topic, and the same batches by a bare transactional producer. */
const relayRates = async (
  ground: Ground,
  size: number,
): Promise<{ readonly ours: number; readonly bare: number; readonly topic: string }> => {
  const topic = await newTopic(ground);
  const filler = 'x'.repeat(size);
  const store = await ground.newStore();
  const module = await openWriter(ground.bus, store);
  for (let first = 0; first < RECORDS; first += TOGETHER) await commitRun(module, topic, first, filler);
  await ground.bus.tail(topic, SOURCE);
  const began = performance.now();
  await during([module.relayTopic(topic)], async () => {
    while (module.ledger.waiting > 0) await pause(1);
  });
  const ours = RECORDS / ((performance.now() - began) / 1000);
  await module.ledger.close();

  const records: TopicRecord[] = [];
  await new Promise<void>((resolve, reject) => {
    const stop = ground.bus.read(
      topic,
      0n,
      ({ headers, value }) => {
        records.push({ attributes: attributesOf(headers), data: value });
        if (records.length === RECORDS) {
          resolve();
          void stop();
        }
        return Promise.resolve();
      },
      reject,
    );
  });
  const bareTopic = await newTopic(ground);
  const producer = ground.kafka.producer({ transactionalId: `bare-${bareTopic}`, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await (await producer.transaction()).commit();
  const started = performance.now();
  for (let at = 0; at < records.length; at += RUNS * TOGETHER) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: bareTopic, acks: -1, messages: bareMessages(records.slice(at, at + RUNS * TOGETHER)) });
    await transaction.commit();
  }
  const bare = RECORDS / ((performance.now() - started) / 1000);
  await producer.disconnect();
  return { ours, bare, topic };
};

/** Only what a message carries matters here. */
const attributesOf = (headers: Readonly<Record<string, string>>): TopicRecord['attributes'] => ({
  id: headers['ce_id'] ?? '',
  source: headers['ce_source'] ?? '',
  type: headers['ce_type'] ?? '',
  time: headers['ce_time'] ?? '',
  datacontenttype: 'application/json',
  sequence: BigInt(headers['ce_sequence'] ?? '0'),
  previoushash: toHex(SEED),
  epoch: 1,
  ...(headers['ce_signature'] === undefined ? {} : { signature: toHex(new Uint8Array(64)) }),
});

/** Records a second that are read, verified, decided on and committed; by a bare consumer; and by bare synced batches. */
const intakeRates = async (
  ground: Ground,
  topic: string,
  size: number,
): Promise<{ readonly ours: number; readonly consumer: number; readonly batches: number }> => {
  const store = await ground.newStore();
  const module = await openWriter(ground.bus, store, '/bench/reader');
  let handled = 0;
  const reading = module.read({
    topic,
    sealed: false,
    refused: 'dead-letter',
    understand: (_record, data) => (draft) => {
      handled += 1;
      draft.put('record', String(handled), data);
    },
  });
  let began = 0;
  await during([reading], async () => {
    while (handled === 0) await pause(1);
    began = performance.now();
    while (handled < RECORDS) await pause(1);
  });
  const ours = RECORDS / ((performance.now() - began) / 1000);
  await module.ledger.close();

  const consumer = ground.kafka.consumer({ groupId: `bare-${topic}-${String(Math.random())}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  let started = 0;
  const all = Promise.withResolvers<undefined>();
  await consumer.run({
    autoCommit: false,
    eachMessage: () => {
      if (seen === 0) started = performance.now();
      seen += 1;
      if (seen === RECORDS) all.resolve(undefined);
      return Promise.resolve();
    },
  });
  await all.promise;
  const consumed = RECORDS / ((performance.now() - started) / 1000);
  await consumer.disconnect();

  const bare = await ground.newStore();
  const value = randomBytes(size);
  const start = performance.now();
  for (let first = 0; first < RECORDS; first += TOGETHER)
    await bare.write(
      Array.from({ length: TOGETHER }, (_, index) => ({ bucket: 9, key: Buffer.from(`record\0${String(first + index)}`), value })),
    );
  const batches = RECORDS / ((performance.now() - start) / 1000);
  await bare.close();
  return { ours, consumer: consumed, batches };
};

/** Milliseconds from the decision to write a record to its having been handled, one at a time at a steady rate; the same by bare transactions. */
const latencies = async (ground: Ground, size: number): Promise<{ readonly ours: number[]; readonly bare: number[] }> => {
  const filler = 'x'.repeat(size);
  const topic = await newTopic(ground);
  const [writer, reader] = [
    await openWriter(ground.bus, await ground.newStore()),
    await openWriter(ground.bus, await ground.newStore(), '/bench/reader'),
  ];
  const ours: number[] = [];
  const reading = reader.read({
    topic,
    sealed: false,
    refused: 'dead-letter',
    understand: (_record, data) => () => {
      ours.push(performance.now() - (data as { at: number }).at);
    },
  });
  await during([writer.relayTopic(topic), reading], async () => {
    for (let sent = 0; sent < RATE * SECONDS; sent += 1) {
      await Promise.all([commitRun(writer, topic, sent, filler, 1), pause(1000 / RATE)]);
    }
    while (ours.length < RATE * SECONDS) await pause(5);
  });
  await writer.ledger.close();
  await reader.ledger.close();

  const bareTopic = await newTopic(ground);
  const bare: number[] = [];
  const consumer = ground.kafka.consumer({ groupId: bareTopic });
  await consumer.connect();
  await consumer.subscribe({ topic: bareTopic, fromBeginning: true });
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => {
      resolve();
    });
  });
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ message }) => {
      bare.push(performance.now() - Number(message.headers?.['at']?.toString()));
      return Promise.resolve();
    },
  });
  await joined;
  const producer = ground.kafka.producer({ transactionalId: bareTopic, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const waiting: KafkaMessage[] = [];
  let isSending = false;
  // As the relay does: what waits while a transaction is under way shares the next one.
  const send = async (): Promise<void> => {
    if (isSending) return;
    isSending = true;
    while (waiting.length > 0) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: bareTopic, acks: -1, messages: waiting.splice(0) });
      await transaction.commit();
    }
    isSending = false;
  };
  for (let sent = 0; sent < RATE * SECONDS; sent += 1) {
    waiting.push({ key: null, value: filler, headers: { at: String(performance.now()) } });
    void send();
    await pause(1000 / RATE);
  }
  while (bare.length < RATE * SECONDS) await pause(5);
  await producer.disconnect();
  await consumer.disconnect();
  // The first second warms up.
  return { ours: ours.slice(RATE), bare: bare.slice(RATE) };
};

const p99 = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;

/** Resident megabytes after a tenth of the rows and after all, with a relay that tries all the while and a broker that is away. */
const outboxMemory = async ({ bus, newStore }: Ground): Promise<{ readonly few: number; readonly all: number }> => {
  const away: KafkaBus = { ...bus, append: () => Promise.reject(Object.assign(new Error('away'), { code: 'kafka.unreachable' })) };
  const module = await openWriter(away, await newStore());
  const rss = async (): Promise<number> => {
    globalThis.gc?.();
    await pause(200);
    return process.memoryUsage.rss() / 1_048_576;
  };
  let few = 0;
  await during([module.relayTopic('bench-away')], async () => {
    for (let row = 0; row < ROWS; row += RUNS) {
      // Each run is a row: one record, so that there are as many rows as records.
      await Promise.all(Array.from({ length: RUNS }, (_, index) => commitRun(module, 'bench-away', row + index, 'x'.repeat(200), 1)));
      if (few === 0 && row >= ROWS / 10) few = await rss();
    }
  });
  const all = await rss();
  await module.ledger.close();
  return { few, all };
};

/** The bus on a real broker, each figure against the bare client or database of the same run. */
export const bus = async (report: (figure: Figure) => void): Promise<void> => {
  fetchJars();
  const broker = await startBroker();
  const dir = await mkdtemp(join(tmpdir(), 'serai-bench-bus-'));
  let stores = 0;
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  const ground: Ground = {
    address: broker.address,
    kafka,
    bus: await openKafka({ brokers: [broker.address], clientId: 'bench', transactionalId: 'bench', log }),
    newStore: () => openRocksdbStore(join(dir, String((stores += 1)))),
  };
  const common = { bench: 'bus' };
  for (const size of [256, 1024]) {
    const figures = { relay: [] as number[], producer: [] as number[], intake: [] as number[], floor: [] as number[] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const relayed = await relayRates(ground, size);
      const taken = await intakeRates(ground, relayed.topic, size);
      // The first round warms up.
      if (round === 0) continue;
      figures.relay.push(relayed.ours);
      figures.producer.push(relayed.bare);
      figures.intake.push(taken.ours);
      figures.floor.push(Math.min(taken.consumer, taken.batches));
    }

    const rate = { ...common, unit: 'rec/s', goal: '>=0.8' };
    const of = `${String(size)} B`;
    report({
      ...rate,
      case: `relay, ${of}`,
      ours: median(figures.relay),
      reference: median(figures.producer),
      referenceName: 'bare kafkajs transactions',
    });
    report({
      ...rate,
      case: `intake, ${of}`,
      ours: median(figures.intake),
      reference: median(figures.floor),
      referenceName: 'slower of bare consumer, bare synced batches',
    });
    const { ours, bare } = await latencies(ground, size);
    report({
      ...common,
      case: `end to end at ${String(RATE)}/s, p99, ${of}`,
      unit: 'ms',
      ours: p99(ours),
      reference: p99(bare),
      referenceName: 'bare kafkajs transactions',
      goal: '<=1.5',
    });
  }
  const { few, all } = await outboxMemory(ground);
  report({
    ...common,
    case: 'memory, 1,000,000 rows waiting',
    unit: 'MB',
    ours: all,
    reference: few,
    referenceName: '100,000 rows waiting',
    goal: '<=1.1',
  });
  await ground.bus.close();
  await broker.stop();
  await rm(dir, { recursive: true, force: true });
};
