import { utf8ToBytes } from '@noble/hashes/utils.js';
import { toHex } from '../domain/hex.ts';
import { unwrapDataKey, wrapDataKey } from '../domain/sealing/dataKey.ts';
import { openValue, sealValue } from '../domain/sealing/sealedValue.ts';
import { Secret } from '../domain/sealing/secret.ts';
import type { Row, Store, Write } from './store.ts';
import { StoreError } from './storeError.ts';

export interface SealedStoreOptions {
  /** Names the store for ever: values of one store do not open in another. */
  readonly storeId: string;
  /** 32 bytes; wraps the data keys that values are sealed with. */
  readonly key: Secret;
  readonly random: (length: number) => Uint8Array;
}

/** A row whose value does not open, or is not what was written there. */
export interface ScrubFault {
  readonly bucket: number;
  readonly key: Uint8Array;
  readonly error: StoreError;
}

/** How far something long has come. */
export type Progress = (done: number) => void;

/** The data key that values are sealed with from now on, and older ones that still seal some. */
export interface DataKeys {
  readonly current: number;
  readonly older: readonly number[];
}

/** A store whose values are sealed on disk, each for its store, bucket and key. */
export interface SealedStore extends Store {
  readonly storeId: string;
  readonly dataKeys: DataKeys;
  /** Makes a fresh data key, durable before it seals anything; what older ones sealed is sealed anew by {@link SealedStore.reseal}. */
  newDataKey(): Promise<void>;
  /**
   * Seals with the current key what older ones sealed, while the store is in use, then takes the older keys off the disk. Where it
   * did not come to its end, it goes on when it is called again. Returns how many values it sealed.
   */
  reseal(options?: { readonly progress?: Progress; readonly signal?: AbortSignal }): Promise<number>;
  /** Opens every value there is; tells as it goes how many more it has opened, and what is wrong with which. */
  scrub(): AsyncIterable<{ readonly rows: number; readonly faults: readonly ScrubFault[] }>;
}

/** How stores are laid out by this version; 1 had one key for all values and no number before them. */
export const SCHEMA = 2;

/** The bucket of the sealed store's own rows, which are not rows of whoever uses it. */
export const SEAL_BUCKET = 0;
export const SEAL_KEYS = {
  /** The store's id, in clear. */
  id: utf8ToBytes('store-id'),
  /** The schema, in clear: decimal. Without it 1. */
  schema: utf8ToBytes('schema'),
  /** A value under the only key, in schema 1. */
  check: utf8ToBytes('key-check'),
  /** Stands while older data keys may lie about on the disk. */
  leftovers: utf8ToBytes('leftovers'),
} as const;

const DATA_KEY = 'data-key/';

/** The number of the data key (u32, little endian) before a sealed value. */
const NUMBER = 4;

const NONCE = 24;

/** Values that are sealed anew between two writes of whoever uses the store. */
const RESEALED_TOGETHER = 64;

/** Whether a row is one of whoever uses the store. */
const isOfUser = ({ bucket }: Row): boolean => bucket !== SEAL_BUCKET;

const dataKeyRow = (number: number): Uint8Array => utf8ToBytes(`${DATA_KEY}${String(number)}`);

const numberOf = (value: Uint8Array): number =>
  value.length < NUMBER ? 0 : new DataView(value.buffer, value.byteOffset, NUMBER).getUint32(0, true);

/** The schema a store is laid out by; undefined where nothing was ever written. */
export const schemaOf = async (store: Store): Promise<number | undefined> => {
  const schema = await store.get(SEAL_BUCKET, SEAL_KEYS.schema);
  if (schema !== undefined) return Number(new TextDecoder().decode(schema));
  return (await store.get(SEAL_BUCKET, SEAL_KEYS.id)) === undefined ? undefined : 1;
};

/** Throws StoreError `store.foreign` where this is another store than the one asked for. */
export const checkStoreId = async (store: Store, storeId: string): Promise<void> => {
  const id = await store.get(SEAL_BUCKET, SEAL_KEYS.id);
  const known = id === undefined ? storeId : new TextDecoder().decode(id);
  if (known !== storeId)
    throw new StoreError('store.foreign', `this is the store ${known}, not ${storeId}; check general.data_dir and general.name`);
};

const wrongKey = (storeId: string, cause: unknown): StoreError =>
  new StoreError(
    'store.wrong-key',
    `the store ${storeId} was sealed with another master key; give the right keys.master_key_file, nothing was changed`,
    { cause },
  );

/** The rows that make an empty store one that is sealed under a fresh data key. */
export const firstRows = ({ storeId, key, random }: SealedStoreOptions, dataKey: Secret): Write[] => [
  { bucket: SEAL_BUCKET, key: SEAL_KEYS.id, value: utf8ToBytes(storeId) },
  { bucket: SEAL_BUCKET, key: SEAL_KEYS.schema, value: utf8ToBytes(String(SCHEMA)) },
  { bucket: SEAL_BUCKET, key: dataKeyRow(1), value: wrapDataKey(key, { storeId, number: 1 }, dataKey, random(24)) },
];

/** A value as it lies on disk: number of the data key (u32, little endian) ‖ nonce (24, random) ‖ XChaCha20-Poly1305. */
export const sealNumbered = (
  dataKey: Secret,
  number: number,
  { storeId, bucket, key }: { readonly storeId: string; readonly bucket: number; readonly key: Uint8Array },
  value: Uint8Array,
  nonce: Uint8Array,
): Uint8Array => {
  const sealed = sealValue(dataKey, { storeId, bucket, key }, value, nonce, NUMBER);
  new DataView(sealed.buffer).setUint32(0, number, true);
  return sealed;
};

/**
 * Wraps a store so that its values are sealed on disk; keys are not (they carry nothing secret). The first opening makes a data key.
 * A store of another key, name or version is refused with nothing written: StoreError `store.wrong-key`, `store.foreign`,
 * `store.outdated`, `store.future`.
 */
export const openSealedStore = async (store: Store, options: SealedStoreOptions): Promise<SealedStore> => {
  const { storeId } = options;
  await checkStoreId(store, storeId);
  const schema = await schemaOf(store);
  if (schema === undefined) await store.write(firstRows(options, new Secret(options.random(32))));
  else if (schema > SCHEMA)
    throw new StoreError(
      'store.future',
      `the store ${storeId} was written by a newer version (schema ${String(schema)}, this one knows ${String(SCHEMA)}); run that version`,
    );
  else if (schema < SCHEMA)
    throw new StoreError('store.outdated', `the store ${storeId} is of schema ${String(schema)}; run the coordinator once to migrate it`);
  return new Sealed(store, options, await loadDataKeys(store, options));
};

const loadDataKeys = async (store: Store, { storeId, key }: SealedStoreOptions): Promise<Map<number, Secret>> => {
  const keys = new Map<number, Secret>();
  const bounds = { gte: utf8ToBytes(DATA_KEY), lt: utf8ToBytes(`${DATA_KEY}~`) };
  for await (const [at, wrapped] of store.scan(SEAL_BUCKET, bounds)) {
    const number = Number(new TextDecoder().decode(at).slice(DATA_KEY.length));
    try {
      keys.set(number, unwrapDataKey(key, { storeId, number }, wrapped));
    } catch (cause) {
      throw wrongKey(storeId, cause);
    }
  }
  if (keys.size === 0)
    throw new StoreError('store.corrupt', `the store ${storeId} has lost its data keys; restore it from a backup (backup restore)`);
  return keys;
};

class Sealed implements SealedStore {
  readonly storeId: string;
  readonly #store: Store;
  readonly #options: SealedStoreOptions;
  readonly #keys: Map<number, Secret>;
  /** What values are sealed with. */
  #current: number;
  #turn: Promise<unknown> = Promise.resolve();
  /** The visits under way, each until it is over. */
  readonly #visits = new Set<Promise<void>>();

  constructor(store: Store, options: SealedStoreOptions, keys: Map<number, Secret>) {
    this.storeId = options.storeId;
    this.#store = store;
    this.#options = options;
    this.#keys = keys;
    this.#current = Math.max(...keys.keys());
  }

  get dataKeys(): DataKeys {
    return { current: this.#current, older: [...this.#keys.keys()].filter((number) => number !== this.#current) };
  }

  async get(bucket: number, key: Uint8Array): Promise<Uint8Array | undefined> {
    const value = await this.#store.get(bucket, key);
    return value === undefined ? undefined : this.#open(bucket, key, value);
  }

  async *scan(bucket: number, range?: Parameters<Store['scan']>[1]): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    for await (const [key, value] of this.#visit(this.#store.scan(bucket, range))) yield [key, this.#open(bucket, key, value)] as const;
  }

  async *snapshot(): AsyncIterable<readonly Row[]> {
    for await (const rows of this.#visit(this.#store.snapshot()))
      yield rows.filter(isOfUser).map(({ bucket, key, value }) => ({ bucket, key, value: this.#open(bucket, key, value) }));
  }

  write(batch: readonly Write[], options?: Parameters<Store['write']>[1]): Promise<void> {
    // In turn, so that sealing anew never writes an older value over a newer one.
    return this.#inTurn(() => this.#store.write(this.#sealAll(batch), options));
  }

  compact(): Promise<void> {
    return this.#store.compact();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  newDataKey(): Promise<void> {
    return this.#inTurn(async () => {
      const { storeId, key, random } = this.#options;
      const number = this.#current + 1;
      const fresh = new Secret(random(32));
      const wrapped = wrapDataKey(key, { storeId, number }, fresh, random(24));
      await this.#store.write([{ bucket: SEAL_BUCKET, key: dataKeyRow(number), value: wrapped }]);
      this.#keys.set(number, fresh);
      this.#current = number;
    });
  }

  async reseal({ progress, signal }: Parameters<SealedStore['reseal']>[0] = {}): Promise<number> {
    const { older } = this.dataKeys;
    const leftovers = await this.#store.get(SEAL_BUCKET, SEAL_KEYS.leftovers);
    if (older.length === 0 && leftovers === undefined) return 0;
    let sealed = 0;
    const waiting: Row[] = [];
    const flush = async (): Promise<void> => {
      const rows = waiting.splice(0);
      sealed += await this.#inTurn(() => this.#sealAnew(rows));
      progress?.(sealed);
    };
    for await (const rows of this.#store.snapshot())
      for (const row of rows.filter(({ bucket, value }) => bucket !== SEAL_BUCKET && older.includes(numberOf(value)))) {
        signal?.throwIfAborted();
        waiting.push(row);
        if (waiting.length >= RESEALED_TOGETHER) await flush();
      }
    await flush();
    await this.#inTurn(() => this.#forget(older));
    // What a visit began to read before, a backup above all, the disk keeps for it as it was.
    await Promise.all(this.#visits);
    await this.#store.compact();
    await this.#store.write([{ bucket: SEAL_BUCKET, key: SEAL_KEYS.leftovers, value: undefined }]);
    return sealed;
  }

  async *scrub(): ReturnType<SealedStore['scrub']> {
    for await (const all of this.#store.snapshot()) {
      const rows = all.filter(isOfUser);
      yield { rows: rows.length, faults: rows.flatMap((row) => this.#faultOf(row) ?? []) };
    }
  }

  async *#visit<T>(rows: AsyncIterable<T>): AsyncIterable<T> {
    const over = Promise.withResolvers<undefined>();
    this.#visits.add(over.promise);
    try {
      yield* rows;
    } finally {
      this.#visits.delete(over.promise);
      over.resolve(undefined);
    }
  }

  #faultOf({ bucket, key, value }: Row): ScrubFault | undefined {
    try {
      this.#open(bucket, key, value);
      return undefined;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return { bucket, key, error };
    }
  }

  /** Seals rows anew that are still as an older key sealed them. */
  async #sealAnew(rows: readonly Row[]): Promise<number> {
    const batch: Write[] = [];
    for (const { bucket, key } of rows) {
      const value = await this.#store.get(bucket, key);
      if (value !== undefined && numberOf(value) !== this.#current) batch.push({ bucket, key, value: this.#open(bucket, key, value) });
    }
    // Not synced one by one: the older keys go with a write that is, and until then they are there.
    await this.#store.write(this.#sealAll(batch), { sync: false });
    return batch.length;
  }

  async #forget(older: readonly number[]): Promise<void> {
    await this.#store.write([
      ...older.map((number) => ({ bucket: SEAL_BUCKET, key: dataKeyRow(number), value: undefined })),
      { bucket: SEAL_BUCKET, key: SEAL_KEYS.leftovers, value: utf8ToBytes('1') },
    ]);
    for (const number of older) this.#keys.delete(number);
  }

  #sealAll(batch: readonly Write[]): Write[] {
    const current = this.#current;
    const dataKey = this.#keys.get(current);
    if (dataKey === undefined) throw new StoreError('store.corrupt', `the store ${this.storeId} has no data key`);
    // The nonces of a batch are drawn together: asking for few random bytes costs as much as asking for many.
    const nonces = this.#options.random(NONCE * batch.length);
    return batch.map(({ bucket, key, value }, index) => {
      if (value === undefined) return { bucket, key, value };
      const nonce = nonces.subarray(NONCE * index, NONCE * (index + 1));
      return { bucket, key, value: sealNumbered(dataKey, current, { storeId: this.storeId, bucket, key }, value, nonce) };
    });
  }

  #open(bucket: number, key: Uint8Array, value: Uint8Array): Uint8Array {
    const dataKey = this.#keys.get(numberOf(value));
    if (dataKey === undefined) throw this.#changed(bucket, key, 'names a data key that there is not; it was changed on disk');
    try {
      return openValue(dataKey, { storeId: this.storeId, bucket, key }, value.subarray(NUMBER));
    } catch (cause) {
      throw this.#changed(bucket, key, 'was changed on disk, or moved there', cause);
    }
  }

  #changed(bucket: number, key: Uint8Array, how: string, cause?: unknown): StoreError {
    const place = `bucket ${String(bucket)}, key ${toHex(key)} of store ${this.storeId}`;
    const cure = 'stop the coordinator, see what else is wrong with "data check", and restore the store ("backup restore")';
    return new StoreError('store.corrupt', `the value at ${place} ${how}; ${cure}`, { cause });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
