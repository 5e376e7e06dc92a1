import { utf8ToBytes } from '@noble/hashes/utils.js';
import { openValue, sealValue } from '../domain/sealing/sealedValue.ts';
import type { Secret } from '../domain/sealing/secret.ts';
import type { Store } from './store.ts';
import { StoreError } from './storeError.ts';

export interface SealedStoreOptions {
  /** Names the store for ever: values of one store do not open in another. */
  readonly storeId: string;
  /** 32 bytes. */
  readonly key: Secret;
  readonly random: (length: number) => Uint8Array;
}

/** The bucket that holds the seal's own marker. */
const SEAL_BUCKET = 0;
const ID_KEY = utf8ToBytes('store-id');
const CHECK_KEY = utf8ToBytes('key-check');

/**
 * Wraps a store so that its values are sealed on disk; keys are not (they carry nothing secret). The first opening leaves a marker;
 * a later one with another key or for another store is refused, StoreError `store.wrong-key` or `store.foreign`, with nothing written.
 */
export const openSealedStore = async (store: Store, { storeId, key, random }: SealedStoreOptions): Promise<Store> => {
  await checkMarker(store, { storeId, key, random });
  const seal = (bucket: number, at: Uint8Array, value: Uint8Array): Uint8Array =>
    sealValue(key, { storeId, bucket, key: at }, value, random(24));
  const open = (bucket: number, at: Uint8Array, value: Uint8Array): Uint8Array => {
    try {
      return openValue(key, { storeId, bucket, key: at }, value);
    } catch (cause) {
      throw new StoreError('store.corrupt', `a value of store ${storeId} was changed on disk; restore the store from a backup`, { cause });
    }
  };
  return {
    get: async (bucket, at) => {
      const value = await store.get(bucket, at);
      return value === undefined ? undefined : open(bucket, at, value);
    },
    async *scan(bucket, range) {
      for await (const [at, value] of store.scan(bucket, range)) yield [at, open(bucket, at, value)] as const;
    },
    write: (batch) =>
      store.write(
        batch.map((write) => (write.value === undefined ? write : { ...write, value: seal(write.bucket, write.key, write.value) })),
      ),
    close: () => store.close(),
  };
};

const checkMarker = async (store: Store, { storeId, key, random }: SealedStoreOptions): Promise<void> => {
  const id = await store.get(SEAL_BUCKET, ID_KEY);
  if (id === undefined) {
    const check = sealValue(key, { storeId, bucket: SEAL_BUCKET, key: CHECK_KEY }, utf8ToBytes('sealed'), random(24));
    await store.write([
      { bucket: SEAL_BUCKET, key: ID_KEY, value: utf8ToBytes(storeId) },
      { bucket: SEAL_BUCKET, key: CHECK_KEY, value: check },
    ]);
    return;
  }
  const known = new TextDecoder().decode(id);
  if (known !== storeId)
    throw new StoreError('store.foreign', `this is the store ${known}, not ${storeId}; check general.data_dir and general.name`);
  const check = await store.get(SEAL_BUCKET, CHECK_KEY);
  try {
    openValue(key, { storeId, bucket: SEAL_BUCKET, key: CHECK_KEY }, check ?? new Uint8Array());
  } catch (cause) {
    throw new StoreError(
      'store.wrong-key',
      `the store ${storeId} was sealed with another master key; give the right keys.master_key_file, nothing was changed`,
      { cause },
    );
  }
};
