import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Manifest } from '../../domain/backup/manifest.ts';
import { BUCKETS } from '../buckets.ts';
import type { Progress } from '../sealedStore.ts';
import type { Store, Write } from '../store.ts';
import { type BackupPlace, rowsOfBackup } from './readBackup.ts';

/** Bytes of values that are written together. */
const TOGETHER = 1024 * 1024;

/** The row by which a module knows, at its next start, that its store was restored: it holds the backup's id. */
export const RESTORED = utf8ToBytes('restored');

/**
 * Writes the rows of a backup into an empty store, and the mark that it was restored. Rejects with BackupError `backup.damaged` where
 * the backup is not whole: the store is then worth nothing.
 */
export const restoreBackup = async (place: BackupPlace, manifest: Manifest, store: Store, progress?: Progress): Promise<void> => {
  let batch: Write[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    await store.write(batch, { sync: false });
    batch = [];
    size = 0;
  };
  for await (const rows of rowsOfBackup(place, manifest, progress))
    for (const row of rows) {
      batch.push(row);
      size += row.key.length + row.value.length;
      if (size >= TOGETHER) await flush();
    }
  await flush();
  await store.write([{ bucket: BUCKETS.meta, key: RESTORED, value: utf8ToBytes(manifest.id) }]);
};
