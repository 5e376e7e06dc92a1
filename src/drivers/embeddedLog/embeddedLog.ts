import type { Store, Write } from '../../data/store.ts';
import { type Hex, toHex } from '../../domain/hex.ts';
import { toHeaders } from '../../domain/record/cloudEvents.ts';
import { recordDigest } from '../../domain/record/recordDigest.ts';
import { unsentOf } from '../../domain/record/unsentOf.ts';
import type { Tail, TopicRecord } from '../../domain/record.ts';
import { TopicError } from '../../domain/topicError.ts';
import type { TopicLog } from '../../sinks/toTopic.ts';
import type { StoredRecord, TopicFeed } from '../../streams/fromTopic.ts';

/** Buckets of the log's store; numbers are never reused. */
const BUCKETS = { topics: 1, records: 2, tails: 3 } as const;

/** Records read into memory at once. */
const CHUNK = 64;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const recordKey = (topic: string, offset: bigint): Uint8Array => {
  const name = text(`${topic}\0`);
  const key = new Uint8Array(name.length + 8);
  key.set(name);
  new DataView(key.buffer).setBigUint64(name.length, offset);
  return key;
};

const offsetOf = (key: Uint8Array): bigint => new DataView(key.buffer, key.byteOffset + key.length - 8, 8).getBigUint64(0);

/** A stored record: length of the headers' JSON (u32 big endian) ‖ that JSON ‖ data. */
const encode = (headers: Readonly<Record<string, string>>, data: Uint8Array): Uint8Array => {
  const head = text(JSON.stringify(headers));
  const bytes = new Uint8Array(4 + head.length + data.length);
  new DataView(bytes.buffer).setUint32(0, head.length);
  bytes.set(head, 4);
  bytes.set(data, 4 + head.length);
  return bytes;
};

const decode = (offset: bigint, bytes: Uint8Array): StoredRecord => {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  const headers = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Record<string, string>;
  return { offset, headers, value: bytes.subarray(4 + length) };
};

interface Topic {
  end: bigint;
  readonly tails: Map<string, Tail>;
  readonly readers: Set<() => void>;
}

/** A log of topics in a store, for one process: what Kafka is to a deployment, without a server to install. */
export interface EmbeddedLog extends TopicLog, TopicFeed {
  close(): Promise<void>;
}

/** Opens the log kept in `store`. It has one writer at a time, and every append is one atomic, synced write (design §4). */
export const openEmbeddedLog = async (store: Store): Promise<EmbeddedLog> => {
  const topics = await load(store);
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  const topicOf = (name: string): Topic => {
    const topic = topics.get(name);
    if (closed) throw new TopicError('topic.closed', 'the log was closed');
    if (topic === undefined) throw new TopicError('topic.unknown', `there is no topic ${name}; create it first`);
    return topic;
  };

  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const done = writing.then(work);
    writing = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  };

  const appendNow = async (name: string, run: readonly TopicRecord[]): Promise<void> => {
    const topic = topicOf(name);
    const [first] = run;
    if (first === undefined) return;
    const { source } = first.attributes;
    const unsent = unsentOf(name, topic.tails.get(source), run);
    const last = unsent.at(-1);
    if (last === undefined) return;
    const tail: Tail = { sequence: last.attributes.sequence, digest: toHex(recordDigest(name, last)) };
    const end = topic.end + BigInt(unsent.length);
    const batch: Write[] = unsent.map(({ attributes, data }, index) => ({
      bucket: BUCKETS.records,
      key: recordKey(name, topic.end + BigInt(index)),
      value: encode(toHeaders(attributes), data),
    }));
    batch.push({
      bucket: BUCKETS.tails,
      key: text(`${name}\0${source}`),
      value: text(JSON.stringify({ sequence: tail.sequence.toString(), digest: tail.digest })),
    });
    batch.push({ bucket: BUCKETS.topics, key: text(name), value: text(end.toString()) });
    await store.write(batch);
    topic.tails.set(source, tail);
    topic.end = end;
    for (const wake of topic.readers) wake();
  };

  const chunk = async (name: string, from: bigint, end: bigint): Promise<StoredRecord[]> => {
    const records: StoredRecord[] = [];
    for await (const [key, value] of store.scan(BUCKETS.records, { gte: recordKey(name, from), lt: recordKey(name, end), limit: CHUNK }))
      records.push(decode(offsetOf(key), value));
    return records;
  };

  return {
    createTopics: (names) =>
      exclusively(async () => {
        const missing = names.filter((name) => !topics.has(name));
        await store.write(missing.map((name) => ({ bucket: BUCKETS.topics, key: text(name), value: text('0') })));
        for (const name of missing) topics.set(name, { end: 0n, tails: new Map(), readers: new Set() });
      }),
    append: (name, run) => exclusively(() => appendNow(name, run)),
    tail: (name, source) => exclusively(() => Promise.resolve(topicOf(name).tails.get(source))),
    end: (name) => exclusively(() => Promise.resolve(topicOf(name).end)),
    read: (name, from, deliver, fail) => {
      const stop = new AbortController();
      const stopped = (): boolean => stop.signal.aborted;
      let wake = (): void => undefined;
      const poke = (): void => {
        wake();
      };
      const run = async (): Promise<void> => {
        const topic = topicOf(name);
        topic.readers.add(poke);
        let next = from;
        while (!stopped()) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve;
          });
          if (next >= topic.end) await woken;
          if (stopped()) return;
          for (const record of await chunk(name, next, topic.end)) {
            if (stopped()) return;
            next = record.offset + 1n;
            await deliver(record);
          }
        }
      };
      const running = run().catch((error: unknown) => {
        if (!stopped()) fail(error);
      });
      return async () => {
        stop.abort();
        wake();
        topics.get(name)?.readers.delete(poke);
        await running;
      };
    },
    close: async () => {
      await writing;
      closed = true;
      await store.close();
    },
  };
};

const load = async (store: Store): Promise<Map<string, Topic>> => {
  const decoder = new TextDecoder();
  const topics = new Map<string, Topic>();
  for await (const [name, end] of store.scan(BUCKETS.topics))
    topics.set(decoder.decode(name), { end: BigInt(decoder.decode(end)), tails: new Map(), readers: new Set() });
  for await (const [key, value] of store.scan(BUCKETS.tails)) {
    const [name = '', source = ''] = decoder.decode(key).split('\0');
    const { sequence, digest } = JSON.parse(decoder.decode(value)) as { sequence: string; digest: Hex };
    topics.get(name)?.tails.set(source, { sequence: BigInt(sequence), digest });
  }
  return topics;
};
