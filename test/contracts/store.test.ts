import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSealedStore } from '../../src/data/sealedStore.ts';
import type { Store, StoreDriver, Write } from '../../src/data/store.ts';
import { Secret } from '../../src/domain/sealing/secret.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { storeDrivers } from '../../src/drivers/storeDrivers.ts';
import { openFileStore } from '../support/fileStore.ts';
import { storeContract } from './store.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'store-'));
const random = (length: number): Uint8Array => randomBytes(length);
const key = new Secret(new Uint8Array(32).fill(1));

/** Another driver: a folder of its own, and a line in the list. */
const drivers: Readonly<Record<string, StoreDriver>> = { ...storeDrivers, file: openFileStore };

describe.each(Object.entries(drivers))('%s', (_name, driver) => {
  storeContract(() => driver(folder()));
});

describe('rocksdb', () => {
  it('has what was written after it was opened again', async () => {
    const dir = folder();
    const first = await openRocksdbStore(dir);
    await first.write([{ bucket: 1, key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
    await first.close();
    const again = await openRocksdbStore(dir);
    expect([...((await again.get(1, Uint8Array.of(1))) ?? [])]).toEqual([2]);
    await again.close();
  });

  it('does not take a damaged block for a lock', async () => {
    const dir = folder();
    const store = await openRocksdbStore(dir);
    await store.write(Array.from({ length: 50 }, (_, row) => ({ bucket: 1, key: Uint8Array.of(row), value: randomBytes(200) })));
    await store.compact();
    await store.close();
    const damaged = await openRocksdbStore(dir);
    const [table = ''] = readdirSync(dir).filter((name) => name.endsWith('.sst'));
    const bytes = readFileSync(join(dir, table));
    writeFileSync(
      join(dir, table),
      bytes.map((byte, at) => (at === 500 ? byte ^ 1 : byte)),
    );
    await expect(damaged.get(1, Uint8Array.of(1))).rejects.toMatchObject({
      code: 'store.corrupt',
      message: expect.stringContaining('backup restore') as string,
    });
    await damaged.close();
  });

  it('says that it is in use', async () => {
    const dir = folder();
    const store = await openRocksdbStore(dir);
    await expect(openRocksdbStore(dir)).rejects.toMatchObject({ code: 'store.locked', message: expect.stringContaining(dir) as string });
    await store.close();
  });
});

describe('sealed', () => {
  storeContract(() => openSealedStore(openMemoryStore(), { storeId: 'a', key, random }));

  it('refuses another key and another store, and writes nothing then', async () => {
    const written: Write[] = [];
    const memory = openMemoryStore();
    const inner: Store = {
      ...memory,
      write: async (batch) => {
        written.push(...batch);
        await memory.write(batch);
      },
    };
    await openSealedStore(inner, { storeId: 'a', key, random });
    const before = written.length;
    await expect(openSealedStore(inner, { storeId: 'a', key: new Secret(new Uint8Array(32)), random })).rejects.toMatchObject({
      code: 'store.wrong-key',
    });
    await expect(openSealedStore(inner, { storeId: 'b', key, random })).rejects.toMatchObject({ code: 'store.foreign' });
    expect(written).toHaveLength(before);
  });

  it('never reads a value that was changed or moved below it', async () => {
    const memory = openMemoryStore();
    const store = await openSealedStore(memory, { storeId: 'a', key, random });
    await store.write([{ bucket: 7, key: Uint8Array.of(1), value: new TextEncoder().encode('plain text') }]);
    const sealed = (await memory.get(7, Uint8Array.of(1))) ?? new Uint8Array();
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('plain');
    await memory.write([{ bucket: 7, key: Uint8Array.of(2), value: sealed }]);
    await expect(store.get(7, Uint8Array.of(2))).rejects.toMatchObject({ code: 'store.corrupt' });
    await memory.write([{ bucket: 7, key: Uint8Array.of(1), value: sealed.map((byte, at) => (at === 30 ? byte ^ 1 : byte)) }]);
    await expect(store.get(7, Uint8Array.of(1))).rejects.toMatchObject({ code: 'store.corrupt' });
    // The number of its data key is part of a value as well.
    await memory.write([{ bucket: 7, key: Uint8Array.of(1), value: sealed.map((byte, at) => (at === 0 ? byte ^ 2 : byte)) }]);
    await expect(store.get(7, Uint8Array.of(1))).rejects.toMatchObject({ code: 'store.corrupt' });
  });
});
