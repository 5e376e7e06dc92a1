import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Hex, toHex } from '../../src/domain/hex.ts';
import { fromHeaders } from '../../src/domain/record/cloudEvents.ts';
import { recordDigest } from '../../src/domain/record/recordDigest.ts';
import type { TopicRecord } from '../../src/domain/record.ts';
import type { TopicLog } from '../../src/sinks/toTopic.ts';
import type { StoredRecord, TopicFeed } from '../../src/streams/fromTopic.ts';

export type Bus = TopicLog & TopicFeed & { close(): Promise<void> };

/** What a driver of the message bus gives the suite: opening it again opens the same log. */
export interface TopicLogSubject {
  readonly open: () => Promise<Bus>;
}

const record = (topic: string, source: string, sequence: number, previous: Hex, padding = ''): TopicRecord => ({
  attributes: {
    id: `${source}/${String(sequence)}`,
    source,
    type: 'test.v1',
    time: new Date(0).toISOString(),
    datacontenttype: 'application/json',
    sequence: BigInt(sequence),
    previoushash: previous,
    epoch: 1,
  },
  data: new TextEncoder().encode(JSON.stringify({ topic, sequence, padding })),
});

/** A chain of records of one source. */
export const chainOf = (topic: string, source: string, count: number, padding = ''): TopicRecord[] => {
  const records: TopicRecord[] = [];
  let previous = toHex(new Uint8Array(32));
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const made = record(topic, source, sequence, previous, padding);
    previous = toHex(recordDigest(topic, made));
    records.push(made);
  }
  return records;
};

/** The next records of a topic from an offset on. */
export const take = (bus: Bus, topic: string, from: bigint, count: number): Promise<StoredRecord[]> =>
  new Promise((resolve, reject) => {
    const taken: StoredRecord[] = [];
    const stop = bus.read(
      topic,
      from,
      (one) => {
        taken.push(one);
        if (taken.length === count) {
          void stop();
          resolve(taken);
        }
        return Promise.resolve();
      },
      reject,
    );
  });

const idsOf = (records: readonly StoredRecord[]): string[] => records.map(({ headers }) => fromHeaders(headers).id);

let topics = 0;

/** The contract of `TopicLog` and `TopicFeed`, to be run on every driver. */
export const topicLogContract = ({ open }: TopicLogSubject): void => {
  let bus: Bus;
  const fresh = async (): Promise<string> => {
    topics += 1;
    const topic = `contract-${String(Date.now())}-${String(topics)}`;
    await bus.createTopics([topic]);
    return topic;
  };
  beforeAll(async () => {
    bus = await open();
  });
  afterAll(async () => {
    await bus.close();
  });

  it('gives records back in order, as they were written', async () => {
    const topic = await fresh();
    const records = chainOf(topic, '/a', 5);
    await bus.append(topic, records.slice(0, 2));
    await bus.append(topic, records.slice(2));
    const read = await take(bus, topic, 0n, 5);
    expect(read.map(({ headers, value }) => ({ attributes: fromHeaders(headers), data: new Uint8Array(value) }))).toEqual(records);
  });

  it('appends exactly once: what is there is passed over', async () => {
    const topic = await fresh();
    const records = chainOf(topic, '/a', 4);
    await bus.append(topic, records.slice(0, 3));
    await bus.append(topic, records.slice(0, 3));
    await bus.append(topic, records.slice(1));
    expect(idsOf(await take(bus, topic, 0n, 4))).toEqual(['/a/1', '/a/2', '/a/3', '/a/4']);
    expect(await bus.tail(topic, '/a')).toEqual({
      sequence: 4n,
      digest: toHex(recordDigest(topic, records[3] ?? record(topic, '/a', 0, '0x'))),
    });
  });

  it('refuses a run that leaves sequences out, and one that tells another story', async () => {
    const topic = await fresh();
    const records = chainOf(topic, '/a', 4);
    await bus.append(topic, records.slice(0, 1));
    await expect(bus.append(topic, records.slice(2))).rejects.toMatchObject({ code: 'topic.gap' });
    const other = record(topic, '/a', 1, `0x${'11'.repeat(32)}`);
    await expect(bus.append(topic, [other])).rejects.toMatchObject({ code: 'topic.conflict' });
    await bus.append(topic, records);
    expect(idsOf(await take(bus, topic, 0n, 4))).toEqual(['/a/1', '/a/2', '/a/3', '/a/4']);
  });

  it('counts each source for itself', async () => {
    const topic = await fresh();
    await bus.append(topic, chainOf(topic, '/a', 2));
    await bus.append(topic, chainOf(topic, '/b', 1));
    expect((await bus.tail(topic, '/a'))?.sequence).toBe(2n);
    expect((await bus.tail(topic, '/b'))?.sequence).toBe(1n);
    expect(await bus.tail(topic, '/c')).toBeUndefined();
  });

  it('reads on from an offset, one record at a time, and wakes for new ones', async () => {
    const topic = await fresh();
    const records = chainOf(topic, '/a', 4);
    await bus.append(topic, records.slice(0, 3));
    const [, second] = await take(bus, topic, 0n, 3);
    let open = 0;
    const seen: string[] = [];
    let finish: () => void = () => undefined;
    const all = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const stop = bus.read(
      topic,
      second?.offset ?? 0n,
      async (one) => {
        open += 1;
        expect(open).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
        seen.push(...idsOf([one]));
        if (seen.length === 2) await bus.append(topic, records.slice(3));
        if (seen.length === 3) finish();
      },
      finish,
    );
    await all;
    await stop();
    expect(seen).toEqual(['/a/2', '/a/3', '/a/4']);
  });

  it('takes more at once than one batch holds, and reads on when there is more than one fetch holds', async () => {
    const topic = await fresh();
    const records = chainOf(topic, '/a', 12, 'x'.repeat(300_000));
    await bus.append(topic, records);
    expect(idsOf(await take(bus, topic, 0n, 12))).toEqual(records.map(({ attributes }) => attributes.id));
  });

  it('goes on after it was opened again', async () => {
    const topic = await fresh();
    const records = chainOf(topic, '/a', 3);
    await bus.append(topic, records.slice(0, 2));
    await bus.close();
    bus = await open();
    await bus.createTopics([topic]);
    await bus.append(topic, records);
    expect(idsOf(await take(bus, topic, 0n, 3))).toEqual(['/a/1', '/a/2', '/a/3']);
  });

  it('knows no topic that was not created', async () => {
    const unknown = `contract-unknown-${String(Date.now())}`;
    await expect(bus.append(unknown, chainOf(unknown, '/a', 1))).rejects.toMatchObject({
      code: expect.stringMatching(/^(topic|kafka)\./) as string,
    });
  });
};
