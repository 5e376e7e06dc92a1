import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { StoredRecord, TopicFeed } from '../../streams/fromTopic.ts';
import { headersOf } from './readTo.ts';

/** A reader is alone in its group, which only the client needs; a client that was cut off is waited for no longer than this, in milliseconds. */
const GROUP = { sessionTimeout: 10_000, rebalanceTimeout: 10_000, heartbeatInterval: 2_000 } as const;

/** Milliseconds between heartbeats while a record waits to be taken. */
const HEARTBEAT = 1_000;

/** Follows topics of a broker, committed records only; `explain` turns the client's errors into ours. */
export const openFeed = (client: Kafka, group: string, explain: (cause: unknown) => Error): Pick<TopicFeed, 'read'> => ({
  read: (topic, from, deliver, fail) => {
    const stop = new AbortController();
    const consumer = client.consumer({
      groupId: `${group}-${randomUUID()}`,
      ...GROUP,
      retry: { retries: Number.MAX_SAFE_INTEGER, maxRetryTime: 5_000 },
    });
    const running = consume(consumer, topic, from, deliver, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) fail(explain(error));
    });
    return async () => {
      stop.abort();
      await running;
      await consumer.disconnect().catch(() => undefined);
    };
  },
});

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
  let release: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    const abort = (): void => {
      release();
      resolve();
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  /** Waits until the record was taken, or until nobody wants it any more. */
  const taken = (record: StoredRecord): Promise<void> =>
    new Promise((resolve, reject) => {
      release = resolve;
      deliver(record).then(resolve, reject);
    });
  const crashed = new Promise<never>((_resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      if (!restart) reject(error);
    });
  });
  // At every start of the client's own, restarts after a crash included, reading goes on behind what was delivered.
  consumer.on(consumer.events.GROUP_JOIN, () => {
    consumer.seek({ topic, partition: 0, offset: next.toString() });
  });
  const takeAll = async (payload: EachBatchPayload): Promise<void> => {
    for (const { offset, headers, value } of payload.batch.messages) {
      if (signal.aborted || !payload.isRunning() || payload.isStale()) return;
      // A restarted consumer begins again at the beginning of its batch.
      if (BigInt(offset) >= next) {
        await taken({ offset: BigInt(offset), headers: headersOf(headers), value: value ?? new Uint8Array() });
        next = BigInt(offset) + 1n;
      }
      payload.resolveOffset(offset);
    }
  };
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async (payload) => {
      const beat = setInterval(() => {
        payload.heartbeat().catch(() => undefined);
      }, HEARTBEAT);
      try {
        await takeAll(payload);
      } finally {
        clearInterval(beat);
      }
    },
  });
  await Promise.race([crashed, aborted]);
};
