import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { unwrapDataKey, wrapDataKey } from '../domain/sealing/dataKey.ts';
import { openValue } from '../domain/sealing/sealedValue.ts';
import { Secret } from '../domain/sealing/secret.ts';
import { checkStoreId, type Progress, SCHEMA, SEAL_BUCKET, SEAL_KEYS, schemaOf, sealNumbered } from './sealedStore.ts';
import type { Row, Store, Write } from './store.ts';
import { StoreError } from './storeError.ts';

export interface MigrateStore {
  readonly storeId: string;
  /** The key that sealed every value in schema 1. */
  readonly before: Secret;
  /** Wraps the data keys since schema 2. */
  readonly key: Secret;
  readonly random: (length: number) => Uint8Array;
  /** Is given the rows as they stood, and resolves when they are safe elsewhere; nothing is changed before. */
  readonly backUp: (rows: Pick<Store, 'snapshot'>) => Promise<unknown>;
  readonly progress?: Progress;
}

/** How far the migration has come: bucket (u16, big endian) ‖ key of the last row of the new schema. */
const REACHED = utf8ToBytes('migrated-to');
const DATA_KEY = utf8ToBytes('data-key/1');

/** Rows between two writes. */
const TOGETHER = 256;

const positionOf = ({ bucket, key }: Row): Uint8Array => concatBytes(Uint8Array.of(bucket >> 8, bucket & 0xff), key);

/**
 * Brings a store of schema 1 to this version's, after a backup; where it was interrupted it goes on. Does nothing with a store that
 * is new already, and refuses one of the future. Returns whether there was something to do.
 */
export const migrateStore = async (store: Store, options: MigrateStore): Promise<boolean> => {
  const { storeId, random, backUp, progress } = options;
  const schema = await schemaOf(store);
  if (schema === undefined || schema >= SCHEMA) return false;
  await checkStoreId(store, storeId);
  await checkBefore(store, options);
  let reached = await store.get(SEAL_BUCKET, REACHED);
  if (reached === undefined) {
    await backUp({ snapshot: () => rowsBefore(store, options) });
    reached = new Uint8Array();
    const wrapped = wrapDataKey(options.key, { storeId, number: 1 }, new Secret(random(32)), random(24));
    await store.write([
      { bucket: SEAL_BUCKET, key: DATA_KEY, value: wrapped },
      { bucket: SEAL_BUCKET, key: REACHED, value: reached },
    ]);
  }
  const dataKey = unwrapDataKey(options.key, { storeId, number: 1 }, (await store.get(SEAL_BUCKET, DATA_KEY)) ?? new Uint8Array());
  let batch: Write[] = [];
  let done = 0;
  const flush = async (last: Row): Promise<void> => {
    done += batch.length;
    await store.write([...batch, { bucket: SEAL_BUCKET, key: REACHED, value: positionOf(last) }]);
    batch = [];
    progress?.(done);
  };
  let last: Row | undefined;
  for await (const rows of store.snapshot())
    for (const row of rows) {
      if (row.bucket === SEAL_BUCKET || Buffer.compare(positionOf(row), reached) <= 0) continue;
      const value = openBefore(options, row);
      const { bucket, key } = row;
      batch.push({ bucket, key, value: sealNumbered(dataKey, 1, { storeId, bucket, key }, value, random(24)) });
      last = row;
      if (batch.length >= TOGETHER) await flush(row);
    }
  if (last !== undefined) await flush(last);
  await store.write([
    { bucket: SEAL_BUCKET, key: SEAL_KEYS.schema, value: utf8ToBytes(String(SCHEMA)) },
    { bucket: SEAL_BUCKET, key: SEAL_KEYS.check, value: undefined },
    { bucket: SEAL_BUCKET, key: REACHED, value: undefined },
  ]);
  // What the old key sealed goes from the disk.
  await store.compact();
  return true;
};

const checkBefore = async (store: Store, { storeId, before }: MigrateStore): Promise<void> => {
  try {
    const check = (await store.get(SEAL_BUCKET, SEAL_KEYS.check)) ?? new Uint8Array();
    openValue(before, { storeId, bucket: SEAL_BUCKET, key: SEAL_KEYS.check }, check);
  } catch (cause) {
    throw new StoreError(
      'store.wrong-key',
      `the store ${storeId} was sealed with another master key; give the right keys.master_key_file, nothing was changed`,
      { cause },
    );
  }
};

const openBefore = ({ before, storeId }: MigrateStore, { bucket, key, value }: Row): Uint8Array => {
  try {
    return openValue(before, { storeId, bucket, key }, value);
  } catch (cause) {
    throw new StoreError(
      'store.corrupt',
      `a value in bucket ${String(bucket)} of store ${storeId} was changed on disk, so the store is not migrated; restore it from a backup`,
      { cause },
    );
  }
};

async function* rowsBefore(store: Store, options: MigrateStore): AsyncIterable<readonly Row[]> {
  for await (const rows of store.snapshot())
    yield rows
      .filter(({ bucket }) => bucket !== SEAL_BUCKET)
      .map((row) => ({ bucket: row.bucket, key: row.key, value: openBefore(options, row) }));
}
