import { randomUUID } from 'node:crypto';
import { type Consumer, type IHeaders, Kafka, logLevel, type Producer } from 'kafkajs';
import { toHex } from '../../domain/hex.ts';
import { fromHeaders, toHeaders } from '../../domain/record/cloudEvents.ts';
import { recordDigest } from '../../domain/record/recordDigest.ts';
import { unsentOf } from '../../domain/record/unsentOf.ts';
import type { Tail, TopicRecord } from '../../domain/record.ts';
import { TopicError } from '../../domain/topicError.ts';
import type { TopicLog } from '../../sinks/toTopic.ts';
import type { StoredRecord, TopicFeed } from '../../streams/fromTopic.ts';
import { KafkaError } from './kafkaError.ts';

export interface KafkaOptions {
  /** As in `localhost:9092`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Fences older instances of the same deployment. */
  readonly transactionalId: string;
  readonly log: { readonly debug: (fields: Readonly<Record<string, unknown>>, event: string) => void };
  /** Milliseconds the broker has to answer at the start. */
  readonly connectDeadline?: number;
}

/** The message bus on a Kafka broker. */
export interface KafkaBus extends TopicLog, TopicFeed {
  close(): Promise<void>;
}

/** Fetches without a record after which a topic's end is taken to be reached. */
const IDLE_FETCHES = 3;

/** Milliseconds between heartbeats while a record waits to be taken. */
const HEARTBEAT = 1_000;

const headersOf = (headers: IHeaders | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name, first.toString()] as const];
    }),
  );

const explain = (cause: unknown, brokers: readonly string[]): Error => {
  const text = String(cause);
  if (cause instanceof TopicError || cause instanceof KafkaError) return cause;
  if (/INVALID_PRODUCER_EPOCH|PRODUCER_FENCED|newer epoch/i.test(text))
    return new KafkaError('kafka.fenced', 'another instance of this coordinator has taken over on Kafka; only one may run', { cause });
  if (/does not host this topic|UNKNOWN_TOPIC/i.test(text))
    return new TopicError('topic.unknown', `the topic is not there: ${text}`, { cause });
  return new KafkaError(
    'kafka.unreachable',
    `no Kafka broker answers at ${brokers.join(', ')} (${text}); start it, or correct kafka.kafka_host and kafka.kafka_port`,
    {
      cause,
    },
  );
};

/** Connects to Kafka; rejects with KafkaError `kafka.unreachable` within the deadline. */
export const openKafka = async (options: KafkaOptions): Promise<KafkaBus> => {
  const { brokers, clientId, transactionalId, log, connectDeadline = 10_000 } = options;
  const kafka = new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: Math.min(connectDeadline, 3_000),
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ log: { message, ...fields } }) => {
        log.debug({ message, error: fields['error'] as unknown }, 'kafka.client');
      },
  });
  const producer = kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    retry: { initialRetryTime: 10, retries: 10 },
  });
  const admin = kafka.admin();
  try {
    await Promise.race([Promise.all([admin.connect(), producer.connect()]), late(connectDeadline)]);
  } catch (cause) {
    await Promise.allSettled([admin.disconnect(), producer.disconnect()]);
    throw explain(cause, brokers);
  }
  const tails = new Map<string, Map<string, Tail>>();
  let turn: Promise<unknown> = Promise.resolve();

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw explain(cause, brokers);
    }
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(() => guarded(work));
    turn = done.catch(() => undefined);
    return done;
  };

  const endOf = async (topic: string): Promise<bigint> => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return BigInt(offsets[0]?.high ?? '0');
  };

  /** Where each source's records end: an empty transaction settles what an older instance had in flight, then the topic is read. */
  const learn = async (topic: string): Promise<Map<string, Tail>> => {
    const known = tails.get(topic);
    if (known !== undefined) return known;
    await (await producer.transaction()).commit();
    const found = new Map<string, Tail>();
    await readUntil(kafka, topic, await endOf(topic), ({ headers, value }) => {
      try {
        const attributes = fromHeaders(headers);
        found.set(attributes.source, { sequence: attributes.sequence, digest: toHex(recordDigest(topic, { attributes, data: value })) });
      } catch {
        // Not a record of ours: readers refuse it, writers pass over it.
      }
    });
    tails.set(topic, found);
    return found;
  };

  return {
    createTopics: (topics) =>
      inTurn(async () => {
        const there = new Set(await admin.listTopics());
        const missing = topics.filter((topic) => !there.has(topic)).map((topic) => ({ topic, numPartitions: 1 }));
        if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
      }),
    append: (topic, run) =>
      inTurn(async () => {
        const [first] = run;
        if (first === undefined) return;
        const { source } = first.attributes;
        const known = await learn(topic);
        const unsent = unsentOf(topic, known.get(source), run);
        const last = unsent.at(-1);
        if (last === undefined) return;
        try {
          await send(producer, topic, unsent);
        } catch (error) {
          // What became of it is not known: the topic is asked again before anything else is written.
          tails.delete(topic);
          throw error;
        }
        known.set(source, { sequence: last.attributes.sequence, digest: toHex(recordDigest(topic, last)) });
      }),
    tail: (topic, source) => inTurn(async () => (await learn(topic)).get(source)),
    read: (topic, from, deliver, fail) => {
      const stop = new AbortController();
      const consumer = kafka.consumer({
        groupId: `${clientId}-${randomUUID()}`,
        retry: { retries: Number.MAX_SAFE_INTEGER, maxRetryTime: 5_000 },
      });
      const running = consume(consumer, topic, from, deliver, stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) fail(explain(error, brokers));
      });
      return async () => {
        stop.abort();
        await running;
        await consumer.disconnect().catch(() => undefined);
      };
    },
    close: async () => {
      await turn;
      await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
    },
  };
};

const late = async (milliseconds: number): Promise<never> => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
  throw new Error(`no answer within ${String(milliseconds / 1000)} s`);
};

const send = async (producer: Producer, topic: string, records: readonly TopicRecord[]): Promise<void> => {
  const transaction = await producer.transaction();
  try {
    const messages = records.map(({ attributes, data }) => ({ key: null, value: Buffer.from(data), headers: toHeaders(attributes) }));
    await transaction.send({ topic, acks: -1, messages });
    await transaction.commit();
  } catch (error) {
    await transaction.abort().catch(() => undefined);
    throw error;
  }
};

const consume = async (
  consumer: Consumer,
  topic: string,
  from: bigint,
  deliver: (record: StoredRecord) => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let next = from;
  const crashed = new Promise<never>((_resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      if (!restart) reject(error);
    });
  });
  // At every start of the client's own, restarts after a crash included, reading goes on behind what was delivered.
  consumer.on(consumer.events.GROUP_JOIN, () => {
    consumer.seek({ topic, partition: 0, offset: next.toString() });
  });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async (payload) => {
      for (const { offset, headers, value } of payload.batch.messages) {
        if (signal.aborted || !payload.isRunning() || payload.isStale()) return;
        // A restarted consumer begins again at the beginning of its batch.
        if (BigInt(offset) < next) {
          payload.resolveOffset(offset);
          continue;
        }
        const beat = setInterval(() => {
          payload.heartbeat().catch(() => undefined);
        }, HEARTBEAT);
        try {
          await Promise.race([
            deliver({ offset: BigInt(offset), headers: headersOf(headers), value: value ?? new Uint8Array() }),
            aborted(signal),
          ]);
        } finally {
          clearInterval(beat);
        }
        next = BigInt(offset) + 1n;
        payload.resolveOffset(offset);
      }
    },
  });
  await Promise.race([crashed, aborted(signal)]);
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });

/** Reads a topic, committed records only, from its beginning to an offset. */
const readUntil = async (kafka: Kafka, topic: string, end: bigint, take: (record: StoredRecord) => void): Promise<void> => {
  if (end === 0n) return;
  const consumer = kafka.consumer({ groupId: `tail-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const stop = new AbortController();
  let idle = 0;
  // Control records at the end of a topic are never delivered: fetches that bring nothing say that the end is reached.
  consumer.on(consumer.events.FETCH, () => {
    idle += 1;
    if (idle > IDLE_FETCHES) stop.abort();
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        for (const { offset, headers, value } of batch.messages)
          if (BigInt(offset) < end) take({ offset: BigInt(offset), headers: headersOf(headers), value: value ?? new Uint8Array() });
        idle = 0;
        if (BigInt(batch.lastOffset()) + 1n >= end) stop.abort();
        return Promise.resolve();
      },
    });
    await Promise.race([aborted(stop.signal), late(30_000)]);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
};
