import { randomBytes } from 'node:crypto';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { supervise } from '../../src/core/supervise.ts';
import { RESTORED } from '../../src/data/backup/restoreBackup.ts';
import { BUCKETS } from '../../src/data/buckets.ts';
import type { Store } from '../../src/data/store.ts';
import { fromHeaders } from '../../src/domain/record/cloudEvents.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import { beginProof, proveNext, reportOf } from '../../src/domain/record/verifyTopic.ts';
import type { Draft } from '../../src/domain/tables.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../../src/drivers/embeddedLog/embeddedLog.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openModule } from '../../src/modules/module.ts';
import type { StoredRecord } from '../../src/streams/fromTopic.ts';
import { lasting } from '../support/storeOver.ts';

const SEED = new Uint8Array(32).fill(4);
const SOURCE = '/a/writer';
const TOPIC = 'a-reports';
const SEALED = 'a-outbound';

const copyOf = async (store: Store): Promise<Store> => {
  const copy = openMemoryStore();
  for await (const rows of store.snapshot()) await copy.write(rows);
  return copy;
};

const say = (id: string) => ({
  decide: (draft: Draft) => {
    draft.put('said', id, true);
    draft.send({ topic: TOPIC, type: 't.v1', id, time: new Date(0).toISOString(), data: { id } });
  },
});

const recordsOf = async (log: EmbeddedLog, topic: string): Promise<StoredRecord[]> => {
  const end = await log.end(topic);
  const records: StoredRecord[] = [];
  if (end === 0n) return records;
  await new Promise<void>((resolve, reject) => {
    log.read(
      topic,
      0n,
      (record) => {
        records.push(record);
        if (record.offset + 1n === end) resolve();
        return Promise.resolve();
      },
      reject,
    );
  });
  return records;
};

/** A life of a module that says things, on a store and on topics that outlive it. */
const live = async (store: Store, log: EmbeddedLog, ids: readonly string[]) => {
  const stop$ = new Subject<void>();
  const noticed: string[] = [];
  const module = await openModule(
    {
      store: lasting(store),
      bus: log,
      source: SOURCE,
      signingSecret: SEED,
      pins: {},
      writers: () => [],
      deadLetter: 'a-dead-letter',
      random: (length) => new Uint8Array(randomBytes(length)),
      parkedFor: 50,
      parked: () => undefined,
      rolledBack: (_source, signs) => noticed.push(...signs),
      stop$,
    },
    { [SEALED]: '/a/reader' },
    { open: [TOPIC] },
  );
  const running = supervise([module.relayTopic(TOPIC), module.relayTopic(SEALED)], stop$);
  for (const id of ids) await module.ledger.commit(say(id));
  while (module.ledger.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
  running.stop(1_000);
  await running.ended;
  await module.ledger.close();
  return { noticed, epoch: module.epoch };
};

const openLog = async (): Promise<EmbeddedLog> => {
  const log = await openEmbeddedLog(openMemoryStore());
  await log.createTopics([TOPIC, SEALED, 'a-dead-letter']);
  return log;
};

describe('a store that is behind its topics', () => {
  it('is noticed, goes on behind them in a higher epoch, and does not say again what stands there', async () => {
    const [store, log] = [openMemoryStore(), await openLog()];
    await live(store, log, ['1', '2']);
    const copy = await copyOf(store);
    expect(await live(store, log, ['3', '4'])).toMatchObject({ noticed: [], epoch: 2 });
    expect(await live(store, log, ['5'])).toMatchObject({ noticed: [], epoch: 3 });

    const restored = await live(copy, log, ['3', '4', '5', '6']);
    expect(restored.noticed).toEqual([
      'a-outbound has records of ours up to 3, this store knows 1',
      'a-reports has records of ours up to 5, this store knows 2',
    ]);
    expect(restored.epoch).toBe(4);
    const records = await recordsOf(log, TOPIC);
    expect(records.map(({ headers }) => headers['ce_id'])).toEqual(['1', '2', '3', '4', '5', '6']);
    let proof = beginProof(TOPIC, { [SOURCE]: publicKeyOf(SEED) }, false);
    for (const record of records) proof = proveNext(proof, record);
    expect(reportOf(proof).faults).toEqual([]);
    expect((await recordsOf(log, SEALED)).map(({ headers }) => fromHeaders(headers).epoch)).toEqual([1, 2, 3, 4]);
    // The lives after that know.
    expect(await live(copy, log, ['7'])).toMatchObject({ noticed: [], epoch: 5 });
  });

  it('is noticed though it was deleted altogether', async () => {
    const [store, log] = [openMemoryStore(), await openLog()];
    await live(store, log, ['1', '2']);
    const { noticed, epoch } = await live(openMemoryStore(), log, ['1', '2', '3']);
    expect(noticed).toHaveLength(2);
    expect(epoch).toBe(2);
    expect((await recordsOf(log, TOPIC)).map(({ headers }) => headers['ce_id'])).toEqual(['1', '2', '3']);
  });

  it('remembers what stands there over a crash in the middle', async () => {
    const [store, log] = [openMemoryStore(), await openLog()];
    await live(store, log, ['1']);
    const copy = await copyOf(store);
    await live(store, log, ['2', '3']);
    await live(copy, log, ['2']);
    await live(copy, log, ['3', '4']);
    expect((await recordsOf(log, TOPIC)).map(({ headers }) => headers['ce_id'])).toEqual(['1', '2', '3', '4']);
  });
});

describe('a store that lost nothing', () => {
  it('is no roll-back, with rows that wait for their topic', async () => {
    const [store, log] = [openMemoryStore(), await openLog()];
    await live(store, log, ['1']);
    const stop$ = new Subject<void>();
    const away = { ...log, append: () => Promise.reject(new Error('away')) };
    const options = {
      store: lasting(store),
      source: SOURCE,
      signingSecret: SEED,
      pins: {},
      writers: () => [],
      deadLetter: 'a-dead-letter',
      parkedFor: 50,
      stop$,
    };
    const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
    const module = await openModule(
      { ...options, bus: away, random, parked: () => undefined },
      { [SEALED]: '/a/reader' },
      { open: [TOPIC] },
    );
    await module.ledger.commit(say('2'));
    await module.ledger.close();
    expect(await live(store, log, ['3'])).toMatchObject({ noticed: [] });
    expect((await recordsOf(log, TOPIC)).map(({ headers }) => headers['ce_id'])).toEqual(['1', '2', '3']);
  });
});

describe('a store that was restored', () => {
  it('says so once, whatever the topics know', async () => {
    const [store, log] = [openMemoryStore(), await openLog()];
    await live(store, log, ['1']);
    await store.write([{ bucket: BUCKETS.meta, key: RESTORED, value: utf8ToBytes('20260102T030405Z') }]);
    expect((await live(store, log, [])).noticed).toEqual(['the store was restored from backup 20260102T030405Z']);
    expect((await live(store, log, [])).noticed).toEqual([]);
  });
});
