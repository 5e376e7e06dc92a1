import { mkdir } from 'node:fs/promises';
import rocksdb, { type Database, type Iterator } from 'rocksdb';
import type { Range, Store } from '../../data/store.ts';
import { StoreError } from '../../data/storeError.ts';

const call = (run: (callback: (error: Error | null | undefined) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    run((error) => {
      if (error == null) resolve();
      else reject(error);
    });
  });

/** bucket u16 big endian ‖ key: buckets stand one after the other, keys in bytewise order within. */
const fullKey = (bucket: number, key: Uint8Array): Buffer => {
  const full = Buffer.allocUnsafe(2 + key.length);
  full.writeUInt16BE(bucket);
  full.set(key, 2);
  return full;
};

const explain = (dir: string, cause: unknown): StoreError => {
  const text = String(cause);
  if (/lock/i.test(text))
    return new StoreError(
      'store.locked',
      `the store in ${dir} is in use by another process; stop that one, or give this one another folder`,
      { cause },
    );
  if (/corruption|checksum|missing files/i.test(text))
    return new StoreError('store.corrupt', `the store in ${dir} is damaged (${text}); restore it from a backup`, { cause });
  return new StoreError('store.io', `the store in ${dir} cannot be used (${text}); look at the disk's space and the folder's permissions`, {
    cause,
  });
};

const nextRow = (iterator: Iterator): Promise<readonly [Buffer, Buffer] | undefined> =>
  new Promise((resolve, reject) => {
    iterator.next((error, key, value) => {
      if (error != null) reject(error);
      else resolve(key === undefined || value === undefined ? undefined : [key, value]);
    });
  });

/** Opens the RocksDB in `dir`, making it where there is none. One process may have it open. */
export const openRocksdbStore = async (dir: string): Promise<Store> => {
  let db: Database;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    db = rocksdb(dir);
    await call((callback) => {
      db.open({ createIfMissing: true, maxOpenFiles: 64, writeBufferSize: 4 * 1024 * 1024 }, callback);
    });
  } catch (cause) {
    throw explain(dir, cause);
  }
  let open = true;
  // The binding aborts the process if it is closed under a running call, so closing waits for those.
  const running = new Set<Promise<unknown>>();

  const use = async <T>(run: () => Promise<T>): Promise<T> => {
    if (!open) throw new StoreError('store.closed', `the store in ${dir} was closed; open it again`);
    const result = run();
    running.add(result);
    try {
      return await result;
    } catch (cause) {
      throw cause instanceof StoreError ? cause : explain(dir, cause);
    } finally {
      running.delete(result);
    }
  };

  return {
    get: (bucket, key) =>
      use(
        () =>
          new Promise((resolve, reject) => {
            db.get(fullKey(bucket, key), { asBuffer: true }, (error, value) => {
              if (error == null) resolve(value);
              else if (/notfound/i.test(String(error))) resolve(undefined);
              else reject(error);
            });
          }),
      ),
    async *scan(bucket, { gte = new Uint8Array(), lt, reverse = false, limit = -1 }: Range = {}) {
      if (limit === 0) return;
      const end = lt === undefined ? fullKey(bucket + 1, new Uint8Array()) : fullKey(bucket, lt);
      const iterator = await use(() =>
        Promise.resolve(db.iterator({ gte: fullKey(bucket, gte), lt: end, reverse, limit, keyAsBuffer: true, valueAsBuffer: true })),
      );
      try {
        for (;;) {
          const row = await use(() => nextRow(iterator));
          if (row === undefined) return;
          yield [row[0].subarray(2), row[1]] as const;
        }
      } finally {
        if (open)
          await use(() =>
            call((callback) => {
              iterator.end(callback);
            }),
          );
      }
    },
    write: (batch) =>
      use(() => {
        const operations = batch.map(({ bucket, key, value }) =>
          value === undefined
            ? { type: 'del' as const, key: fullKey(bucket, key) }
            : { type: 'put' as const, key: fullKey(bucket, key), value: Buffer.from(value.buffer, value.byteOffset, value.length) },
        );
        return call((callback) => {
          db.batch(operations, { sync: true }, callback);
        });
      }),
    close: async () => {
      if (!open) return;
      open = false;
      await Promise.allSettled(running);
      await call((callback) => {
        db.close(callback);
      });
    },
  };
};
