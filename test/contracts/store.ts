import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/data/store.ts';
import { rowsIn } from '../support/rowsIn.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const all = async (store: Store, bucket: number, range?: Parameters<Store['scan']>[1]): Promise<number[][]> => {
  const rows: number[][] = [];
  for await (const [key, value] of store.scan(bucket, range)) rows.push([...key, ...value]);
  return rows;
};

/** The contract of `Store`, to be run on every driver. */
export const storeContract = (open: () => Promise<Store>): void => {
  let store: Store;
  let bucket = 100;
  const fresh = async (): Promise<number> => {
    bucket += 1;
    await store.write([3, 1, 2].map((key) => ({ bucket, key: bytes(key), value: bytes(key * 10) })));
    return bucket;
  };
  beforeAll(async () => {
    store = await open();
  });
  afterAll(async () => {
    await store.close();
  });

  it('gives back what was written, and undefined for the rest', async () => {
    const own = await fresh();
    expect([...((await store.get(own, bytes(2))) ?? [])]).toEqual([20]);
    expect(await store.get(own, bytes(9))).toBeUndefined();
    expect(await store.get(own + 1000, bytes(2))).toBeUndefined();
  });

  it('scans in order of keys, within bounds, both ways', async () => {
    const own = await fresh();
    expect(await all(store, own)).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    expect(await all(store, own, { gte: bytes(2) })).toEqual([
      [2, 20],
      [3, 30],
    ]);
    expect(await all(store, own, { gte: bytes(1), lt: bytes(3), reverse: true })).toEqual([
      [2, 20],
      [1, 10],
    ]);
    expect(await all(store, own, { limit: 1 })).toEqual([[1, 10]]);
    expect(await all(store, own, { reverse: true, limit: 1 })).toEqual([[3, 30]]);
    expect(await all(store, own, { limit: 0 })).toEqual([]);
    expect(await all(store, own, { gte: bytes(3), lt: bytes(1) })).toEqual([]);
  });

  it('keeps buckets apart', async () => {
    const own = await fresh();
    await store.write([{ bucket: own + 5000, key: bytes(1), value: bytes(1) }]);
    expect(await all(store, own)).toHaveLength(3);
    expect(await all(store, own + 5000)).toEqual([[1, 1]]);
  });

  it('deletes, and lets the last write of a batch win', async () => {
    const own = await fresh();
    await store.write([
      { bucket: own, key: bytes(1), value: undefined },
      { bucket: own, key: bytes(2), value: bytes(21) },
      { bucket: own, key: bytes(2), value: bytes(22) },
    ]);
    expect(await all(store, own)).toEqual([
      [2, 22],
      [3, 30],
    ]);
  });

  it('scans what was there when the scan began', async () => {
    const own = await fresh();
    const seen: number[] = [];
    for await (const [key] of store.scan(own)) {
      if (seen.length === 0) await store.write([{ bucket: own, key: bytes(3), value: undefined }]);
      seen.push(...key);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(await all(store, own)).toHaveLength(2);
  });

  it('may be left in the middle of a scan', async () => {
    const own = await fresh();
    for await (const [key] of store.scan(own)) if (key[0] === 1) break;
    expect(await all(store, own)).toHaveLength(3);
  });

  it('visits all buckets of one snapshot, in order', async () => {
    const own = await fresh();
    await store.write([{ bucket: own + 1, key: bytes(), value: bytes(7) }]);
    bucket += 1;
    const seen: number[][] = [];
    for await (const { bucket: of, key, value } of rowsIn(store)) {
      if (seen.length === 0) await store.write([{ bucket: own, key: bytes(9), value: bytes(9) }]);
      if (of === own || of === own + 1) seen.push([of - own, ...key, ...value]);
    }
    expect(seen).toEqual([
      [0, 1, 10],
      [0, 2, 20],
      [0, 3, 30],
      [1, 7],
    ]);
    for await (const { bucket: of } of rowsIn(store)) if (of === own) break;
  });

  it('has what was written without syncing', async () => {
    const own = await fresh();
    await store.write([{ bucket: own, key: bytes(1), value: bytes(11) }], { sync: false });
    expect(await all(store, own)).toContainEqual([1, 11]);
  });

  it('holds the same after it was compacted', async () => {
    const own = await fresh();
    await store.write([{ bucket: own, key: bytes(1), value: undefined }]);
    await store.compact();
    expect(await all(store, own)).toEqual([
      [2, 20],
      [3, 30],
    ]);
  });

  it('refuses everything once closed, and may be closed twice', async () => {
    const other = await open();
    await other.close();
    await other.close();
    await expect(other.get(1, bytes(1))).rejects.toMatchObject({ code: 'store.closed' });
    await expect(other.write([])).rejects.toMatchObject({ code: 'store.closed' });
    await expect(other.compact()).rejects.toMatchObject({ code: 'store.closed' });
    await expect(other.snapshot()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'store.closed' });
  });
};
