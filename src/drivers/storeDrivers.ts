import type { StoreDriver } from '../data/store.ts';
import { openMemoryStore } from './memory/memoryStore.ts';
import { openRocksdbStore } from './rocksdb/rocksdbStore.ts';

/** The drivers that `general.store` may name: a driver is a folder here and a line in this list. */
export const storeDrivers: Readonly<Record<string, StoreDriver>> = {
  rocksdb: openRocksdbStore,
  memory: () => Promise.resolve(openMemoryStore()),
};
