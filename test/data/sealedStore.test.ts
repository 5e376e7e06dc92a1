import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { openSealedStore, SCHEMA, SEAL_BUCKET, SEAL_KEYS, type SealedStore } from '../../src/data/sealedStore.ts';
import type { Store } from '../../src/data/store.ts';
import { Secret } from '../../src/domain/sealing/secret.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { rowsIn } from '../support/rowsIn.ts';
import { lasting, storeOver } from '../support/storeOver.ts';

const random = (length: number): Uint8Array => randomBytes(length);
const key = new Secret(new Uint8Array(32).fill(1));
const open = (store: Store): Promise<SealedStore> => openSealedStore(store, { storeId: 'a', key, random });

const at = (number: number): Uint8Array => utf8ToBytes(`key ${String(number).padStart(5, '0')}`);

const fill = async (store: Store, rows: number): Promise<void> => {
  for (let from = 0; from < rows; from += 100)
    await store.write(
      Array.from({ length: Math.min(100, rows - from) }, (_, index) => ({
        bucket: 2 + ((from + index) % 3),
        key: at(from + index),
        value: utf8ToBytes(`value ${String(from + index)}`),
      })),
    );
};

const read = async (store: Store): Promise<Map<string, string>> => {
  const rows = new Map<string, string>();
  for await (const row of rowsIn(store))
    rows.set(`${String(row.bucket)}/${Buffer.from(row.key).toString()}`, Buffer.from(row.value).toString());
  return rows;
};

const numberBefore = async (raw: Store): Promise<Set<number>> => {
  const numbers = new Set<number>();
  for await (const { bucket, value } of rowsIn(raw)) if (bucket !== SEAL_BUCKET) numbers.add(Buffer.from(value).readUInt32LE(0));
  return numbers;
};

const wrappedKeys = async (raw: Store): Promise<string[]> => {
  const keys: string[] = [];
  for await (const [name] of raw.scan(SEAL_BUCKET)) keys.push(Buffer.from(name).toString());
  return keys.filter((name) => name.startsWith('data-key/'));
};

describe('fresh data keys', () => {
  it('seal everything anew, while it is read and written', async () => {
    const raw = openMemoryStore();
    const store = await open(lasting(raw));
    await fill(store, 1_000);
    const before = await read(store);
    await store.newDataKey();
    expect(store.dataKeys).toEqual({ current: 2, older: [1] });
    const written: Promise<void>[] = [];
    const sealed = await store.reseal({
      progress: (done) => {
        // What is written meanwhile is never overwritten with what it was before.
        written.push(store.write([{ bucket: 2, key: at(999), value: utf8ToBytes(`newer ${String(done)}`) }]));
      },
    });
    await Promise.all(written);
    expect(sealed).toBeGreaterThanOrEqual(999);
    const after = await read(store);
    expect(after.get('2/key 00999')).toMatch(/^newer /);
    after.set('2/key 00999', before.get('2/key 00999') ?? '');
    expect(after).toEqual(before);
    expect(store.dataKeys).toEqual({ current: 2, older: [] });
    expect(await numberBefore(raw)).toEqual(new Set([2]));
    expect(await wrappedKeys(raw)).toEqual(['data-key/2']);
    expect(await read(await open(raw))).toEqual(await read(store));
  });

  it('go on after a crash at any write', async () => {
    // Each life gets one write further than the one before it.
    const raw = openMemoryStore();
    await fill(await open(lasting(raw)), 300);
    const before = await read(await open(lasting(raw)));
    let lives = 0;
    for (let done = false; !done; lives += 1) {
      let left = 1 + (lives % 3);
      const dying = storeOver(raw, {
        write: (batch, options) => {
          left -= 1;
          return left < 0 ? Promise.reject(new Error('killed')) : raw.write(batch, options);
        },
        close: () => Promise.resolve(),
      });
      try {
        const store = await open(dying);
        if (store.dataKeys.current === 1) await store.newDataKey();
        await store.reseal();
        done = (await raw.get(SEAL_BUCKET, SEAL_KEYS.leftovers)) === undefined;
      } catch (error) {
        expect(String(error)).toContain('killed');
      }
      expect(await read(await open(lasting(raw)))).toEqual(before);
    }
    expect(lives).toBeGreaterThan(2);
    expect(await wrappedKeys(raw)).toEqual(['data-key/2']);
    expect(await numberBefore(raw)).toEqual(new Set([2]));
  });

  it('leave nothing of the older ones on the disk', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sealed-'));
    const raw = await openRocksdbStore(dir);
    const store = await open(raw);
    await fill(store, 500);
    const wrapped = Buffer.from((await raw.get(SEAL_BUCKET, utf8ToBytes('data-key/1'))) ?? []);
    const holding = (): string[] => readdirSync(dir).filter((name) => readFileSync(join(dir, name)).includes(wrapped));
    expect(holding().length).toBeGreaterThan(0);
    await store.newDataKey();
    await store.reseal();
    expect(holding()).toEqual([]);
    await store.close();
    expect(holding()).toEqual([]);
  });
});

describe('a backup that is being taken while data keys change', () => {
  it('keeps nothing of the older ones on the disk, for what it still reads is waited for', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sealed-'));
    const raw = await openRocksdbStore(dir);
    const store = await open(raw);
    await fill(store, 2_000);
    const wrapped = Buffer.from((await raw.get(SEAL_BUCKET, utf8ToBytes('data-key/1'))) ?? []);
    const backup = store.snapshot()[Symbol.asyncIterator]();
    await backup.next();
    await store.newDataKey();
    let isOver = false;
    const resealed = store.reseal().finally(() => {
      isOver = true;
    });
    while (store.dataKeys.older.length > 0) await new Promise(setImmediate);
    expect(isOver).toBe(false);
    await backup.return?.();
    expect(await resealed).toBe(2_000);
    expect(readdirSync(dir).filter((name) => readFileSync(join(dir, name)).includes(wrapped))).toEqual([]);
    await store.close();
  });
});

describe('what seals a store', () => {
  it('is refused under another master key, and where its keys are lost', async () => {
    const raw = openMemoryStore();
    await open(lasting(raw));
    await expect(openSealedStore(raw, { storeId: 'a', key: new Secret(new Uint8Array(32)), random })).rejects.toMatchObject({
      code: 'store.wrong-key',
    });
    await raw.write([{ bucket: SEAL_BUCKET, key: utf8ToBytes('data-key/1'), value: undefined }]);
    await expect(open(raw)).rejects.toMatchObject({ code: 'store.corrupt' });
  });

  it('refuses a store from the future', async () => {
    const raw = openMemoryStore();
    await open(lasting(raw));
    await raw.write([{ bucket: SEAL_BUCKET, key: SEAL_KEYS.schema, value: utf8ToBytes(String(SCHEMA + 1)) }]);
    await expect(open(raw)).rejects.toMatchObject({ code: 'store.future', message: expect.stringContaining('newer version') as string });
  });

  it('tells of each value that is not what was written, and goes on', async () => {
    const raw = openMemoryStore();
    const store = await open(raw);
    await fill(store, 9);
    const value = (await raw.get(2, at(3))) ?? new Uint8Array();
    await raw.write([{ bucket: 2, key: at(3), value: value.map((byte, place) => (place === 40 ? byte ^ 1 : byte)) }]);
    const faults: string[] = [];
    let rows = 0;
    for await (const told of store.scrub()) {
      rows += told.rows;
      faults.push(...told.faults.map(({ error }) => error.message));
    }
    expect(rows).toBe(9);
    expect(faults).toEqual([expect.stringMatching(/bucket 2, key 0x6b6579203030303033 of store a .*backup restore/)]);
  });
});
