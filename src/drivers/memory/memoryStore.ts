import type { Range, Store, Row as StoredRow, Write } from '../../data/store.ts';
import { StoreError } from '../../data/storeError.ts';

/** Rows of a snapshot that are handed on together. */
const TOGETHER = 100;

type Row = readonly [key: Uint8Array, value: Uint8Array];

/** A store that lives as long as the process: for tests, and as the second subject of the store's contract. */
export const openMemoryStore = (): Store => {
  const buckets = new Map<number, readonly Row[]>();
  let open = true;

  const mustBeOpen = (): void => {
    if (!open) throw new StoreError('store.closed', 'this store was closed; open it again');
  };

  const rowsOf = (bucket: number): readonly Row[] => {
    mustBeOpen();
    return buckets.get(bucket) ?? [];
  };

  const place = (rows: readonly Row[], key: Uint8Array): { index: number; found: boolean } => {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = rows[middle]?.[0] ?? key;
      if (Buffer.compare(at, key) < 0) low = middle + 1;
      else high = middle;
    }
    const at = rows[low]?.[0];
    return { index: low, found: at !== undefined && Buffer.compare(at, key) === 0 };
  };

  const within = (rows: readonly Row[], { gte, lt, reverse = false, limit = Number.POSITIVE_INFINITY }: Range): readonly Row[] => {
    const from = gte === undefined ? 0 : place(rows, gte).index;
    const to = lt === undefined ? rows.length : place(rows, lt).index;
    const found = rows.slice(from, Math.max(from, to));
    return (reverse ? found.reverse() : found).slice(0, limit);
  };

  const rowsInOrder = (): StoredRow[] => {
    mustBeOpen();
    return [...buckets].sort(([a], [b]) => a - b).flatMap(([bucket, rows]) => rows.map(([key, value]) => ({ bucket, key, value })));
  };

  return {
    get: async (bucket, key) => {
      const rows = await Promise.resolve(rowsOf(bucket));
      const { index, found } = place(rows, key);
      return found ? rows[index]?.[1].slice() : undefined;
    },
    async *scan(bucket, range = {}) {
      // Writes replace a bucket's array, so this one is a snapshot.
      const rows = await Promise.resolve(within(rowsOf(bucket), range));
      for (const [key, value] of rows) yield [key.slice(), value.slice()] as const;
    },
    async *snapshot() {
      const rows = await Promise.resolve(rowsInOrder());
      for (let from = 0; from < rows.length; from += TOGETHER)
        yield rows.slice(from, from + TOGETHER).map(({ bucket, key, value }) => ({ bucket, key: key.slice(), value: value.slice() }));
    },
    write: async (batch: readonly Write[]) => {
      await Promise.resolve();
      mustBeOpen();
      const changed = new Map<number, Row[]>();
      for (const { bucket, key, value } of batch) {
        const rows = changed.get(bucket) ?? [...rowsOf(bucket)];
        const { index, found } = place(rows, key);
        if (value === undefined) rows.splice(index, found ? 1 : 0);
        else rows.splice(index, found ? 1 : 0, [key.slice(), value.slice()]);
        changed.set(bucket, rows);
      }
      for (const [bucket, rows] of changed) buckets.set(bucket, rows);
    },
    compact: async () => {
      await Promise.resolve();
      mustBeOpen();
    },
    close: () => {
      open = false;
      return Promise.resolve();
    },
  };
};
