import { mkdir } from 'node:fs/promises';
import rocksdb, { type Database, type Iterator } from 'rocksdb';
import type { Range, Store } from '../../data/store.ts';
import { StoreError } from '../../data/storeError.ts';
import { verifyLogs, verifyTables } from './verifyFiles.ts';

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

/** Which rows a visit takes, by their full keys. */
interface Bounds {
  readonly gte: Buffer;
  readonly lt: Buffer;
  readonly reverse: boolean;
  readonly limit: number;
}

/** Before and behind all keys: buckets are numbered up to 65535, keys are shorter than this. */
const FIRST = Buffer.from([0]);
const BEYOND = Buffer.alloc(1024, 0xff);

/** Bytes that are read from the database at once. */
const READ_AHEAD = 64 * 1024;

const explain = (dir: string, cause: unknown): StoreError => {
  const text = String(cause);
  // First, for a `block` that is damaged has a `lock` in its name.
  if (/corruption|checksum|missing files/i.test(text))
    return new StoreError('store.corrupt', `the store in ${dir} is damaged (${text}); restore it from a backup (backup restore)`, {
      cause,
    });
  if (/lock/i.test(text))
    return new StoreError(
      'store.locked',
      `the store in ${dir} is in use by another process; stop that one, or give this one another folder`,
      { cause },
    );
  if (/no space|ENOSPC|EDQUOT|quota|too large|EFBIG/i.test(text))
    return new StoreError('store.full', `there is no room for the store in ${dir} (${text}); make room on its disk`, { cause });
  if (/read-only|EROFS|EACCES|permission denied/i.test(text))
    return new StoreError(
      'store.read-only',
      `the store in ${dir} cannot be written (${text}); look at the disk and at the folder's owner`,
      {
        cause,
      },
    );
  return new StoreError('store.io', `the store in ${dir} cannot be used (${text}); look at the disk's space and the folder's permissions`, {
    cause,
  });
};

type Pair = readonly [key: Buffer, value: Buffer];

/** Bytes of values that are handed on together, unless one alone has more. */
const TOGETHER = 64 * 1024;

/** The next rows, with one promise for all of them: a promise costs more than a row. None at the end. */
const nextRows = (iterator: Iterator): Promise<readonly Pair[]> =>
  new Promise((resolve, reject) => {
    const rows: Pair[] = [];
    let size = 0;
    const take = (error: Error | null | undefined, key?: Buffer, value?: Buffer): void => {
      if (error != null) {
        reject(error);
        return;
      }
      if (key === undefined || value === undefined) {
        resolve(rows);
        return;
      }
      rows.push([key, value]);
      size += key.length + value.length;
      if (size >= TOGETHER) resolve(rows);
      else iterator.next(take);
    };
    iterator.next(take);
  });

/** The numbers of the tables that are read from, as RocksDB lists them: level by level, ` 7:1017[…` for the seventh file of 1017 bytes. */
const tablesOf = (db: Database): number[] =>
  [...db.getProperty('rocksdb.sstables').matchAll(/^ (\d+):\d+\[/gm)].map(([, number]) => Number(number));

/** Opens the RocksDB in `dir`, making it where there is none. One process may have it open. */
export const openRocksdbStore = async (dir: string): Promise<Store> => {
  let db: Database;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await verifyLogs(dir);
    db = rocksdb(dir);
    await call((callback) => {
      // What is sealed does not get smaller; and indices stay as they can be looked into.
      db.open({ createIfMissing: true, compression: false, maxOpenFiles: 64, writeBufferSize: 4 * 1024 * 1024 }, callback);
    });
  } catch (cause) {
    throw cause instanceof StoreError ? cause : explain(dir, cause);
  }
  try {
    await verifyTables(dir, tablesOf(db));
  } catch (cause) {
    await call((callback) => {
      db.close(callback);
    });
    throw cause;
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

  /** Visits a snapshot of the rows between two full keys; leaving the loop early releases it. */
  async function* visit(bounds: Bounds): AsyncIterable<readonly Pair[]> {
    const iterator = await use(() =>
      Promise.resolve(db.iterator({ ...bounds, keyAsBuffer: true, valueAsBuffer: true, highWaterMark: READ_AHEAD })),
    );
    try {
      for (;;) {
        const rows = await use(() => nextRows(iterator));
        if (rows.length === 0) return;
        yield rows;
      }
    } finally {
      if (open)
        await use(() =>
          call((callback) => {
            iterator.end(callback);
          }),
        );
    }
  }

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
      for await (const rows of visit({ gte: fullKey(bucket, gte), lt: end, reverse, limit }))
        for (const [key, value] of rows) yield [key.subarray(2), value] as const;
    },
    async *snapshot() {
      for await (const rows of visit({ gte: Buffer.alloc(0), lt: BEYOND, reverse: false, limit: -1 }))
        yield rows.map(([key, value]) => ({ bucket: key.readUInt16BE(0), key: key.subarray(2), value }));
    },
    write: (batch, { sync = true } = {}) =>
      use(() => {
        const operations = batch.map(({ bucket, key, value }) =>
          value === undefined
            ? { type: 'del' as const, key: fullKey(bucket, key) }
            : { type: 'put' as const, key: fullKey(bucket, key), value: Buffer.from(value.buffer, value.byteOffset, value.length) },
        );
        return call((callback) => {
          db.batch(operations, { sync }, callback);
        });
      }),
    compact: () =>
      use(() =>
        call((callback) => {
          db.compactRange(FIRST, BEYOND, callback);
        }),
      ),
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
