import { randomUUID } from 'node:crypto';
import type { IHeaders, Kafka } from 'kafkajs';
import type { StoredRecord } from '../../streams/fromTopic.ts';
import { KafkaError } from './kafkaError.ts';

/** Milliseconds without anything new after which reading is given up. */
const STALLED = 30_000;

/** Headers as text; of one given several times, the first. */
export const headersOf = (headers: IHeaders = {}): Record<string, string> => {
  const texts: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) texts[name] = first.toString();
  }
  return texts;
};

export interface ReadTo {
  readonly topic: string;
  readonly from: bigint;
  /** The offset to stop before; everything below it must be settled (a last stable offset). */
  readonly end: bigint;
  /** Consumer groups are made up under this name. */
  readonly group: string;
  readonly take: (record: StoredRecord) => void;
}

/** Reads a stretch of a topic, committed records only; returns the topic's high watermark as last seen. */
export const readTo = async (kafka: Kafka, { topic, from, end, group, take }: ReadTo): Promise<bigint> => {
  if (from >= end) return end;
  const consumer = kafka.consumer({ groupId: `${group}-${randomUUID()}`, maxWaitTimeInMs: 100 });
  let next = from;
  let resolve: (highWatermark: bigint) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const done = new Promise<bigint>((...settle) => {
    [resolve, reject] = settle;
  });
  done.catch(() => undefined);
  const stalled = setTimeout(() => {
    const seconds = String(STALLED / 1000);
    reject(
      new KafkaError(
        'kafka.stalled',
        `reading ${topic} stands still at offset ${String(next)} of ${String(end)} for ${seconds} s; try again`,
      ),
    );
  }, STALLED);
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    if (!restart) reject(error);
  });
  consumer.on(consumer.events.GROUP_JOIN, () => {
    consumer.seek({ topic, partition: 0, offset: next.toString() });
  });
  // Also told of batches that hold nothing but the marks and leavings of transactions.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { lastOffset, highWatermark } }) => {
    stalled.refresh();
    if (BigInt(lastOffset) + 1n >= end) resolve(BigInt(highWatermark));
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async (payload) => {
        for (const { offset, headers, value } of payload.batch.messages) {
          const at = BigInt(offset);
          if (at < next || at >= end) continue;
          take({ offset: at, headers: headersOf(headers), value: value ?? new Uint8Array() });
          next = at + 1n;
        }
        await payload.heartbeat();
      },
    });
    return await done;
  } finally {
    clearTimeout(stalled);
    await consumer.disconnect().catch(() => undefined);
  }
};
