import { describe, expect, it } from 'vitest';
import type { LaneRow } from '../../src/data/lanes.ts';
import { Ledger, type Standing } from '../../src/data/ledger.ts';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import { readRun } from '../../src/data/runCodec.ts';
import type { Store, Write } from '../../src/data/store.ts';
import { followRun } from '../../src/domain/record/followRun.ts';
import { proveRun } from '../../src/domain/record/proveRun.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import type { Draft, Json } from '../../src/domain/tables.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';

const secret = new Uint8Array(32).fill(1);
const SOURCE = '/a/test';

const open = (store: Store): Promise<Ledger> =>
  Ledger.open(
    store,
    new RecordWriter(
      {
        source: SOURCE,
        signingSecret: secret,
        keys: { epoch: 1, secret: new Uint8Array(32).fill(2) },
        counterpart: () => 'open',
        random: (length) => new Uint8Array(length),
      },
      [],
    ),
  );

/** A store that outlives the ledgers opened on it, and counts the writes it was asked for. */
const keptStore = (): Store & { readonly batches: (readonly Write[])[]; fail: boolean } => {
  const store = openMemoryStore();
  const kept = {
    ...store,
    batches: [] as (readonly Write[])[],
    fail: false,
    write: async (batch: readonly Write[]) => {
      if (kept.fail) throw new Error('disk full');
      kept.batches.push(batch);
      await store.write(batch);
    },
    close: () => Promise.resolve(),
  };
  return kept;
};

const put = (key: string, value: Json) => ({
  decide: (draft: Draft) => {
    draft.put('t', key, value);
  },
});

const doing = (value: number) => (draft: Draft) => {
  draft.do('lane', value);
};

const message = (id: string) => ({ topic: 'a-chain', type: 't.v1', id, time: new Date(0).toISOString(), data: { id } });

const take = (ledger: Ledger, lane: string, count: number): Promise<LaneRow[]> =>
  new Promise((resolve, reject) => {
    const rows: LaneRow[] = [];
    const stop = ledger.lane(lane).read(
      1,
      ([row]) => {
        if (row !== undefined) rows.push(row);
        if (rows.length === count) {
          stop();
          resolve(rows);
        }
        return Promise.resolve();
      },
      reject,
    );
  });

describe('the ledger', () => {
  it('writes state, outbox, marks and cursor in one batch', async () => {
    const store = keptStore();
    const ledger = await open(store);
    await ledger.commit({
      cursor: { name: 'source', value: 7 },
      marks: [{ id: 'm', digest: '0x01' }],
      decide: (draft) => {
        draft.put('t', 'k', { a: 1 });
        draft.send(message('one'));
        draft.do('lane', { b: 2 });
      },
    });
    expect(store.batches).toHaveLength(1);
    const again = await open(store);
    expect(again.get('t', 'k')).toEqual({ a: 1 });
    expect(again.cursor('source')).toBe(7);
    expect(again.commits).toBe(1);
    expect(again.waiting).toBe(2);
    const [row] = await take(again, 'lane', 1);
    expect(JSON.parse(new TextDecoder().decode(row?.value))).toEqual({ b: 2 });
  });

  it('knows what it has handled: the same again is a duplicate, another under the same id a conflict', async () => {
    const store = keptStore();
    const ledger = await open(store);
    const seen: Standing[] = [];
    const step = (digest: `0x${string}`) => ({
      marks: [{ id: 'm', digest }],
      decide: (_draft: Draft, standing: (id: string) => Standing) => {
        seen.push(standing('m'));
      },
    });
    await Promise.all([ledger.commit(step('0x01')), ledger.commit(step('0x01'))]);
    await (await open(store)).commit(step('0x02'));
    expect(seen).toEqual(['new', 'duplicate', 'conflict']);
  });

  it('asks the inbox for all steps of a write together', async () => {
    let [asking, most] = [0, 0];
    const store = keptStore();
    const ledger = await open({
      ...store,
      get: async (...place) => {
        asking += 1;
        most = Math.max(most, asking);
        const value = await store.get(...place);
        asking -= 1;
        return value;
      },
    });
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => ledger.commit({ ...put('k', index), marks: [{ id: `m${String(index)}`, digest: '0x01' }] })),
    );
    expect(most).toBe(9);
    expect(ledger.get('t', 'k')).toBe(9);
  });

  it('decides in order, and lets steps that wait share a write', async () => {
    const store = keptStore();
    const ledger = await open(store);
    await Promise.all(Array.from({ length: 10 }, (_, index) => ledger.commit(put('k', index))));
    expect(ledger.get('t', 'k')).toBe(9);
    expect(store.batches.length).toBeLessThan(10);
  });

  it('applies nothing of a write that failed, and takes no more', async () => {
    const store = keptStore();
    const ledger = await open(store);
    await ledger.commit(put('k', 1));
    store.fail = true;
    await expect(ledger.commit(put('k', 2))).rejects.toThrow('disk full');
    expect(ledger.get('t', 'k')).toBe(1);
    store.fail = false;
    await expect(ledger.commit(put('k', 3))).rejects.toThrow('disk full');
    expect((await open(store)).get('t', 'k')).toBe(1);
  });

  it('signs each commit of a topic as one run, chained to the one before', async () => {
    const ledger = await open(keptStore());
    for (const ids of [['a', 'b'], ['c']])
      await ledger.commit({
        decide: (draft) => {
          for (const id of ids) draft.send(message(id));
        },
      });
    const runs = (await take(ledger, 'topic/a-chain', 2)).map(({ value }) => readRun(value));
    expect(runs.map((run) => run.map(({ attributes }) => attributes.id))).toEqual([['a', 'b'], ['c']]);
    const pins = { [SOURCE]: publicKeyOf(secret) };
    for (const run of runs) await expect(proveRun('a-chain', pins, run)).resolves.toBe(run);
    const seen = runs.reduce((before, run) => followRun('a-chain', before, run), {});
    expect(seen).toMatchObject({ [SOURCE]: { sequence: 3n } });
  });
});

describe('a lane', () => {
  it('gives rows until they were sent, and forgets them with the next commit', async () => {
    const store = keptStore();
    const ledger = await open(store);
    const send = (value: number) => ledger.commit({ decide: doing(value) });
    await send(1);
    await send(2);
    const [first] = await take(ledger, 'lane', 2);
    ledger.lane('lane').sent(first?.number ?? 0);
    expect(ledger.waiting).toBe(1);
    expect((await open(store)).waiting).toBe(2);
    await send(3);
    const again = await open(store);
    const rows = await take(again, 'lane', 2);
    expect(rows.map(({ value }) => new TextDecoder().decode(value))).toEqual(['2', '3']);
  });

  it('gives together what waits, within its bounds', async () => {
    const ledger = await open(keptStore());
    for (let value = 0; value < 5; value += 1) await ledger.commit({ decide: doing(value) });
    await ledger.commit({
      decide: (draft) => {
        for (let value = 0; value < 3; value += 1) draft.do('large', 'x'.repeat(500_000));
      },
    });
    const sizes = (lane: string, of: number): Promise<number[]> =>
      new Promise((resolve, reject) => {
        const read: number[] = [];
        const stop = ledger.lane(lane).read(
          of,
          (rows) => {
            read.push(rows.length);
            if (read.length === 2) {
              stop();
              resolve(read);
            }
            return Promise.resolve();
          },
          reject,
        );
      });
    await expect(sizes('lane', 3)).resolves.toEqual([3, 2]);
    await expect(sizes('large', 3)).resolves.toEqual([1, 1]);
  });

  it('waits for the promise of each row, and wakes for new ones', async () => {
    const ledger = await open(keptStore());
    const order: string[] = [];
    let done: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      done = resolve;
    });
    const stop = ledger.lane('lane').read(
      1,
      async ([row]) => {
        const name = new TextDecoder().decode(row?.value);
        order.push(`begin ${name}`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`end ${name}`);
        if (name === '2') done();
      },
      () => undefined,
    );
    for (const value of [1, 2]) await ledger.commit({ decide: doing(value) });
    await both;
    stop();
    expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });
});
