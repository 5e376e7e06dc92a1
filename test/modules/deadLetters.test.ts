import { Subject } from 'rxjs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { supervise } from '../../src/core/supervise.ts';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import type { Store } from '../../src/data/store.ts';
import type { RefusedPolicy } from '../../src/data/topicStep.ts';
import { actId, LETTER_REPLAY } from '../../src/domain/deadLetter/acts.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import type { Json, Message } from '../../src/domain/tables.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../../src/drivers/embeddedLog/embeddedLog.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openModule, type ParkedAlarm } from '../../src/modules/module.ts';
import type { StoredRecord } from '../../src/streams/fromTopic.ts';

const SELF = '/a/reader';
const WRITER = '/a/writer';
const OPERATOR = '/a/operator';
const DEAD = 'a-dead-letter';
const CONTROL = 'a-control';
const secretOf = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const secrets: Readonly<Record<string, Uint8Array>> = { [SELF]: secretOf(1), [WRITER]: secretOf(2), [OPERATOR]: secretOf(3) };
const pins = Object.fromEntries(Object.entries(secrets).map(([source, secret]) => [source, publicKeyOf(secret)]));

const writerOf = (source: string): RecordWriter =>
  new RecordWriter(
    {
      source,
      signingSecret: secrets[source] ?? secretOf(9),
      keys: { epoch: 1, secret: secretOf(4) },
      counterpart: () => 'open',
      random: (length) => new Uint8Array(length),
    },
    [],
  );

const message = (topic: string, id: string, data: Json, type = 'test.v1'): Message => ({
  topic,
  type,
  id,
  time: new Date(1_000).toISOString(),
  data,
});

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 10 });

const recordsOf = (log: EmbeddedLog, topic: string): StoredRecord[] => {
  const records: StoredRecord[] = [];
  const deliver = (record: StoredRecord): Promise<void> => {
    records.push(record);
    return Promise.resolve();
  };
  const stop = log.read(topic, 0n, deliver, () => undefined);
  onTestFinished(() => stop());
  return records;
};

interface LetterSaid {
  readonly topic: string;
  readonly offset: string;
  readonly fate: string;
  readonly code: string;
  readonly record: { readonly headers: Readonly<Record<string, string>>; readonly data: string };
}

const saidIn = ({ value }: StoredRecord): Json => JSON.parse(new TextDecoder().decode(value)) as Json;

/** A log, its writers, and a module that reads `a-things` into a table: numbers that are below `limit`. */
const open = async () => {
  const log = await openEmbeddedLog(openMemoryStore());
  await log.createTopics(['a-things', DEAD, CONTROL]);
  const letters = recordsOf(log, DEAD);
  const memory = openMemoryStore();
  const store: Store = { ...memory, close: () => Promise.resolve() };
  const writers = new Map(Object.keys(secrets).map((source) => [source, writerOf(source)]));
  const alarms: ParkedAlarm[] = [];
  const can: { limit: number; handle: boolean; lose: bigint | undefined } = { limit: 10, handle: true, lose: undefined };
  const bus: typeof log = {
    ...log,
    read: (topic, from, deliver, fail) => {
      const lost = ({ offset }: StoredRecord): boolean => topic === 'a-things' && offset === can.lose;
      return log.read(topic, from, (record) => (lost(record) ? Promise.resolve() : deliver(record)), fail);
    },
  };

  const append = async (source: string, ...messages: readonly Message[]): Promise<void> => {
    for (const one of messages)
      for (const run of (writers.get(source) ?? writerOf(source)).write(one.topic, [one])) await log.append(one.topic, run);
  };

  const run = async (refused: RefusedPolicy) => {
    const stop$ = new Subject<void>();
    const module = await openModule(
      {
        store,
        bus,
        source: SELF,
        signingSecret: secretOf(1),
        pins,
        writers: (topic) => (topic === 'a-things' ? [WRITER] : Object.keys(secrets)),
        deadLetter: DEAD,
        random: (length) => new Uint8Array(length),
        parkedFor: 30,
        parked: (alarm) => alarms.push(alarm),
        stop$,
      },
      {},
    );
    const understand = (_record: unknown, data: Json) => {
      const number = Number(data);
      if (number >= can.limit) throw new Error(`${String(number)} is not understood`);
      return (draft: { put(table: string, key: string, value: Json): void }): void => {
        draft.put('counts', String(number), (Number(module.ledger.get('counts', String(number))) || 0) + 1);
        if (!can.handle) throw new Error('cannot be handled');
      };
    };
    const routes = [
      module.read({ topic: 'a-things', sealed: false, refused, understand }),
      module.readControl({ topic: CONTROL, operator: OPERATOR, integrity: '/x/integrity', obey: () => undefined }),
      module.relayTopic(DEAD),
    ];
    const running = supervise(routes, stop$);
    let closed: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      running.stop(1_000);
      await running.ended;
      await module.ledger.close();
    };
    const end = (): Promise<void> => (closed ??= close());
    onTestFinished(() => end());
    return { counts: () => Object.fromEntries(module.ledger.rows('counts')), end };
  };

  const order = (letter: StoredRecord | undefined, id = letter?.headers['ce_id'] ?? ''): Message => {
    if (letter === undefined) throw new Error('there is no letter');
    const data = {
      letter: id,
      topic: 'a-things',
      offset: '0',
      reason: 'mended',
      record: { headers: letter.headers, data: saidIn(letter) },
    };
    return message(CONTROL, actId(LETTER_REPLAY, id), data, LETTER_REPLAY);
  };

  return { log, letters, alarms, can, append, run, order };
};

const said = (letters: readonly StoredRecord[]): LetterSaid[] => letters.map((letter) => saidIn(letter) as unknown as LetterSaid);

it('keeps what is not understood as a dead letter, and goes on', async () => {
  const { letters, append, run } = await open();
  const { counts } = await run('dead-letter');
  await append(WRITER, message('a-things', 'one', 1), message('a-things', 'big', 12), message('a-things', 'two', 2));
  await until(() => {
    expect(counts()).toEqual({ 1: 1, 2: 1 });
    expect(letters).toHaveLength(1);
  });
  expect(said(letters)).toMatchObject([
    {
      topic: 'a-things',
      offset: '1',
      fate: 'refused',
      code: 'record.undecodable',
      reason: 'Error: 12 is not understood',
      record: { headers: { ce_id: 'big', ce_source: WRITER }, data: `0x${Buffer.from('12').toString('hex')}` },
    },
  ]);
  expect(letters[0]?.headers).toMatchObject({ ce_id: 'serai.dead-letter.v1/a-things/1/a/reader', ce_time: new Date(1_000).toISOString() });
});

it('does not act on a source of ours that has no business on a topic, whatever its signature', async () => {
  const { letters, append, run } = await open();
  const { counts } = await run('park');
  await append(OPERATOR, message('a-things', 'x', 1));
  await append(WRITER, message('a-things', 'two', 2));
  await until(() => {
    expect(counts()).toEqual({ 2: 1 });
    expect(said(letters)).toMatchObject([{ offset: '0', fate: 'unproven', code: 'record.unknown-source' }]);
  });
});

it('leaves nothing behind of a decision that fails', async () => {
  const { letters, can, append, run } = await open();
  can.handle = false;
  const { counts } = await run('dead-letter');
  await append(WRITER, message('a-things', 'one', 1));
  await until(() => {
    expect(said(letters)).toMatchObject([{ fate: 'refused', code: 'record.unhandled' }]);
  });
  expect(counts()).toEqual({});
});

it.each<RefusedPolicy>(['dead-letter', 'park'])(
  'passes over what nobody is proven to have written, also where the policy is %s',
  async (policy) => {
    const { letters, alarms, append, run } = await open();
    const { counts } = await run(policy);
    await append('/a/stranger', message('a-things', 'x', 1));
    await append(WRITER, message('a-things', 'two', 2));
    await until(() => {
      expect(counts()).toEqual({ 2: 1 });
      expect(said(letters)).toMatchObject([{ offset: '0', fate: 'unproven', code: 'record.unknown-source' }]);
    });
    expect(alarms).toEqual([]);
  },
);

it('parks where the policy says so, keeps that once, and goes on when it can', async () => {
  const { letters, alarms, can, append, run } = await open();
  const first = await run('park');
  await append(WRITER, message('a-things', 'one', 1), message('a-things', 'big', 12), message('a-things', 'two', 2));
  await until(() => {
    expect(alarms.length).toBeGreaterThan(2);
  });
  expect(first.counts()).toEqual({ 1: 1 });
  await first.end();
  const tries = alarms.length;
  const second = await run('park');
  await until(() => {
    expect(alarms.length).toBeGreaterThan(tries + 1);
  });
  expect(said(letters)).toMatchObject([{ offset: '1', fate: 'parked', code: 'record.undecodable' }]);
  can.limit = 20;
  await until(() => {
    expect(second.counts()).toEqual({ 1: 1, 2: 1, 12: 1 });
  });
  expect(letters).toHaveLength(1);
});

it.each<RefusedPolicy>(['dead-letter', 'park'])('parks where records are missing, also where the policy is %s', async (policy) => {
  const { letters, alarms, can, append, run } = await open();
  can.lose = 1n;
  const { counts } = await run(policy);
  await append(WRITER, message('a-things', 'one', 1), message('a-things', 'two', 2), message('a-things', 'three', 3));
  await until(() => {
    expect(alarms.length).toBeGreaterThan(2);
    expect(said(letters)).toMatchObject([{ offset: '2', fate: 'parked', code: 'record.gap' }]);
  });
  expect(counts()).toEqual({ 1: 1 });
  can.lose = undefined;
  await until(() => {
    expect(counts()).toEqual({ 1: 1, 2: 1, 3: 1 });
  });
  expect(letters).toHaveLength(1);
});

it('handles a record again on order: once, also when told twice, and also after a start', async () => {
  const { letters, can, append, run, order } = await open();
  const first = await run('dead-letter');
  await append(WRITER, message('a-things', 'big', 12), message('a-things', 'two', 2));
  await until(() => {
    expect(letters).toHaveLength(1);
  });
  can.limit = 20;
  await append(OPERATOR, order(letters[0]), order(letters[0]));
  await until(() => {
    expect(first.counts()).toEqual({ 2: 1, 12: 1 });
  });
  await first.end();
  const second = await run('dead-letter');
  await append(OPERATOR, order(letters[0]));
  await append(WRITER, message('a-things', 'three', 3));
  await until(() => {
    expect(second.counts()).toEqual({ 2: 1, 3: 1, 12: 1 });
  });
  expect(letters).toHaveLength(1);
});

it('writes another letter when a record is refused again', async () => {
  const { letters, can, append, run, order } = await open();
  const { counts } = await run('dead-letter');
  await append(WRITER, message('a-things', 'big', 12));
  await until(() => {
    expect(letters).toHaveLength(1);
  });
  await append(OPERATOR, order(letters[0]));
  await until(() => {
    expect(letters.map(({ headers }) => headers['ce_id'])).toEqual([
      'serai.dead-letter.v1/a-things/0/a/reader',
      'serai.dead-letter.v1/a-things/0/a/reader/again/0',
    ]);
  });
  can.limit = 20;
  await append(OPERATOR, order(letters[1]));
  await until(() => {
    expect(counts()).toEqual({ 12: 1 });
  });
});

it('takes no order from anyone but the operator, none for what was not proven, and none that brings another letter', async () => {
  const { letters, can, append, run, order } = await open();
  const { counts } = await run('dead-letter');
  await append('/a/stranger', message('a-things', 'x', 1));
  await append(WRITER, message('a-things', 'big', 12));
  await until(() => {
    expect(letters).toHaveLength(2);
  });
  can.limit = 20;
  const [unproven, refused] = letters;
  if (refused === undefined) throw new Error('there is no letter');
  const forged = { ...refused, value: Buffer.from(Buffer.from(refused.value).toString().replaceAll('3132', '3133')) };
  await append(WRITER, order(refused));
  await append(OPERATOR, order(unproven), order(forged), order(refused, 'another'));
  await until(() => {
    expect(said(letters).slice(2)).toMatchObject([
      { topic: CONTROL, code: 'record.forged' },
      { topic: CONTROL, code: 'record.undecodable' },
      { topic: CONTROL, code: 'record.forged' },
      { topic: CONTROL, code: 'record.forged' },
    ]);
  });
  expect(counts()).toEqual({});
});
