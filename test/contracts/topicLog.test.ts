import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import type { Store } from '../../src/data/store.ts';
import { openEmbeddedLog } from '../../src/drivers/embeddedLog/embeddedLog.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { topicLogContract } from './topicLog.ts';

describe('the embedded log in memory', () => {
  const store = openMemoryStore();
  // The store outlives the log, as a database on disk does.
  const kept: Store = { ...store, close: () => Promise.resolve() };
  topicLogContract({ open: () => openEmbeddedLog(kept) });
});

describe('the embedded log in rocksdb', () => {
  const dir = mkdtempSync(join(tmpdir(), 'log-'));
  topicLogContract({ open: async () => openEmbeddedLog(await openRocksdbStore(dir)) });
});
