import { Subject } from 'rxjs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { supervise } from '../../src/core/supervise.ts';
import type { Store } from '../../src/data/store.ts';
import { type Hex, toHex } from '../../src/domain/hex.ts';
import { fromHeaders } from '../../src/domain/record/cloudEvents.ts';
import { recordDigest } from '../../src/domain/record/recordDigest.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import type { TopicRecord } from '../../src/domain/record.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { type ModuleShapes, openModule, type Route } from '../../src/modules/module.ts';
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

/** A store that outlives the module that is opened on it; `lose` makes its writes fail, as a process that is killed does. */
const keptStore = (): Store & { lose: boolean } => {
  const store = openMemoryStore();
  const kept = {
    ...store,
    lose: false,
    write: (batch: Parameters<Store['write']>[0]) => (kept.lose ? Promise.reject(new Error('killed')) : store.write(batch)),
    close: () => Promise.resolve(),
  };
  return kept;
};

const SEED = new Uint8Array(32).fill(5);
const WRITER = '/contract/writer';

/** A module whose routes run until it is killed: nothing is closed, and nothing it does afterwards is kept. */
const living = async (
  bus: Bus,
  store: Store & { lose: boolean },
  source: string,
  routesOf: (module: ModuleShapes) => Route[],
): Promise<{ readonly module: ModuleShapes; readonly kill: () => void }> => {
  const stop$ = new Subject<void>();
  store.lose = false;
  const module = await openModule(
    {
      store,
      bus,
      source,
      signingSecret: SEED,
      pins: { [WRITER]: publicKeyOf(SEED) },
      writers: () => [WRITER],
      deadLetter: 'contract-dead-letter',
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      parkedFor: 50,
      parked: () => undefined,
      stop$,
    },
    {},
  );
  const running = supervise(routesOf(module), stop$);
  running.ended.catch(() => undefined);
  return {
    module,
    kill: () => {
      store.lose = true;
      running.stop(0);
    },
  };
};

/** Writes numbers to a topic, each in a commit of its own. */
const writeNumbers = async (module: ModuleShapes, topic: string, numbers: readonly number[]): Promise<void> => {
  for (const number of numbers)
    await module.ledger.commit({
      decide: (draft) => {
        draft.send({ topic, type: 'test.number.v1', id: `number/${String(number)}`, time: new Date(0).toISOString(), data: { number } });
      },
    });
};

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

  it('finds where a source ended, however much others have written since', async () => {
    const topic = await fresh();
    const records = chainOf(topic, '/a', 3);
    await bus.append(topic, records.slice(0, 2));
    await bus.append(topic, chainOf(topic, '/b', 2_500));
    await bus.close();
    bus = await open();
    expect((await bus.tail(topic, '/a'))?.sequence).toBe(2n);
    await bus.append(topic, records);
    expect((await bus.tail(topic, '/b'))?.sequence).toBe(2_500n);
    expect((await bus.tail(topic, '/a'))?.sequence).toBe(3n);
  });

  it('creates what is missing, and leaves what is there as it is', async () => {
    const topic = await fresh();
    await bus.append(topic, chainOf(topic, '/a', 2));
    await bus.createTopics([topic, `${topic}-more`]);
    expect(idsOf(await take(bus, topic, 0n, 2))).toEqual(['/a/1', '/a/2']);
    expect(await bus.tail(`${topic}-more`, '/a')).toBeUndefined();
  });

  it('gives no record to a reader that pauses, and all of them once it goes on', async () => {
    const topic = await fresh();
    const records = chainOf(topic, '/a', 40);
    await bus.append(topic, records.slice(0, 20));
    const pause = Promise.withResolvers<undefined>();
    const seen: string[] = [];
    const stop = bus.read(
      topic,
      0n,
      async (one) => {
        seen.push(...idsOf([one]));
        if (seen.length === 5) await pause.promise;
      },
      (error) => {
        throw error;
      },
    );
    await vi.waitFor(
      () => {
        expect(seen).toHaveLength(5);
      },
      { timeout: 20_000 },
    );
    await bus.append(topic, records.slice(20));
    expect(idsOf(await take(bus, topic, 0n, 40))).toHaveLength(40);
    expect(seen).toHaveLength(5);
    pause.resolve(undefined);
    await vi.waitFor(
      () => {
        expect(seen).toEqual(records.map(({ attributes }) => attributes.id));
      },
      { timeout: 20_000 },
    );
    await stop();
  });

  it('tells where a topic ends, so that a reader knows how far it lags behind', async () => {
    const topic = await fresh();
    expect(await bus.end(topic)).toBe(0n);
    await bus.append(topic, chainOf(topic, '/a', 3));
    const read = await take(bus, topic, 0n, 3);
    const end = await bus.end(topic);
    expect(end).toBeGreaterThan(read.at(-1)?.offset ?? 0n);
    // A transaction's mark may stand only a moment after its end was answered.
    expect(await bus.end(topic)).toBeGreaterThanOrEqual(end);
    await bus.append(topic, chainOf(topic, '/b', 2));
    await vi.waitFor(async () => {
      expect(await bus.end(topic)).toBeGreaterThanOrEqual(end + 2n);
    });
  });

  it('holds each record once, though its writer is killed again and again between the append and its mark', async () => {
    const topic = await fresh();
    const store = keptStore();
    const numbers = Array.from({ length: 12 }, (_, index) => index);
    for (let life = 0; life < 4; life += 1) {
      const { module, kill } = await living(bus, store, WRITER, ({ relayTopic }) => [relayTopic(topic)]);
      await writeNumbers(module, topic, numbers.slice(life * 3, life * 3 + 3));
      const last = BigInt(life * 3 + 3);
      await vi.waitFor(
        async () => {
          expect((await bus.tail(topic, WRITER))?.sequence).toBe(last);
        },
        { timeout: 20_000 },
      );
      kill();
    }
    expect(idsOf(await take(bus, topic, 0n, 12))).toEqual(numbers.map((number) => `number/${String(number)}`));
  });

  it('is read in order, and a reader that is killed in the middle goes on behind its last commit', async () => {
    const topic = await fresh();
    const numbers = Array.from({ length: 30 }, (_, index) => index);
    const writer = await living(bus, keptStore(), WRITER, ({ relayTopic }) => [relayTopic(topic)]);
    await writeNumbers(writer.module, topic, numbers);
    const store = keptStore();
    for (let life = 1; life <= 3; life += 1) {
      const reader = await living(bus, store, '/contract/reader', ({ read }) => [
        read({
          topic,
          sealed: false,
          refused: 'park',
          understand: (_record, data) => (draft) => {
            const handled = (draft.get('numbers', 'all') ?? []) as number[];
            // Killed in the middle of a decision: this one is never committed.
            if (handled.length === life * 10) reader.kill();
            draft.put('numbers', 'all', [...handled, (data as { number: number }).number]);
          },
        }),
      ]);
      await vi.waitFor(
        () => {
          expect(reader.module.ledger.get('numbers', 'all')).toHaveLength(life * 10);
        },
        { timeout: 20_000 },
      );
      if (life === 3) expect(reader.module.ledger.get('numbers', 'all')).toEqual(numbers);
      reader.kill();
    }
    writer.kill();
  });

  it('knows no topic that was not created', async () => {
    const unknown = `contract-unknown-${String(Date.now())}`;
    await expect(bus.append(unknown, chainOf(unknown, '/a', 1))).rejects.toMatchObject({
      code: expect.stringMatching(/^(topic|kafka)\./) as string,
    });
  });
};
