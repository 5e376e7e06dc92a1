import type { Range, Row, Store, StoreDriver, Write, WriteOptions } from './store.ts';
import { StoreError } from './storeError.ts';

export interface PatientStoreOptions {
  readonly dir: string;
  readonly driver: StoreDriver;
  /** Bytes that are free on the disk of the folder. */
  readonly room: (dir: string) => Promise<number>;
  /** Bytes that stay free: with less no work is taken, so that what is under way can be brought to its end. */
  readonly reserve: number;
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** A store that waits until it can write again. */
export interface PatientStore extends Store {
  /** Since when writes wait, and why; undefined while they do not. */
  readonly waits: () => { readonly since: number; readonly reason: string; readonly writes: number } | undefined;
  /** Waits no longer: what could not be written is refused, with the reason. */
  giveUp(): void;
}

/** Milliseconds between two looks at the room there is. */
const LOOK = 1_000;

/** So much more than the reserve is free before writing goes on, that it does not stop again at once. */
const ENOUGH = 1.25;

/** What passes when somebody makes room, or mounts the disk again. */
const isPassing = (error: unknown): error is StoreError =>
  error instanceof StoreError && (error.code === 'store.full' || error.code === 'store.read-only');

const megabytes = (bytes: number): string => `${String(Math.floor(bytes / 1e6))} MB`;

/**
 * Opens a store that does not fail for want of room: a write waits, and with it, by back-pressure, all work that would need one, until the disk
 * has room again. Below the reserve it waits before anything failed; where a write did fail, the store is opened again and the write is done again.
 */
export const openPatientStore = async (options: PatientStoreOptions): Promise<PatientStore> =>
  new Patient(await options.driver(options.dir), options);

class Patient implements PatientStore {
  readonly #options: PatientStoreOptions;
  #store: Store;
  #reopening: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #reason: string | undefined;
  #since = 0;
  #writes = 0;
  #over = false;

  constructor(store: Store, options: PatientStoreOptions) {
    this.#store = store;
    this.#options = options;
  }

  waits(): ReturnType<PatientStore['waits']> {
    return this.#reason === undefined ? undefined : { since: this.#since, reason: this.#reason, writes: this.#writes };
  }

  giveUp(): void {
    this.#over = true;
  }

  async get(bucket: number, key: Uint8Array): Promise<Uint8Array | undefined> {
    for (;;) {
      const store = await this.#current();
      try {
        return await store.get(bucket, key);
      } catch (error) {
        if (!this.#wasReplaced(store, error)) throw error;
      }
    }
  }

  async *scan(bucket: number, range: Range = {}): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    let left = range;
    for (;;) {
      const store = await this.#current();
      try {
        for await (const row of store.scan(bucket, left)) {
          left = rest(left, row[0]);
          yield row;
        }
        return;
      } catch (error) {
        // The store was opened again below this scan: it goes on behind the last row it gave.
        if (!this.#wasReplaced(store, error)) throw error;
      }
    }
  }

  async *snapshot(): AsyncIterable<readonly Row[]> {
    yield* (await this.#current()).snapshot();
  }

  async write(batch: readonly Write[], how?: WriteOptions): Promise<void> {
    this.#writes += 1;
    try {
      for (;;) {
        await this.#roomy();
        const store = await this.#current();
        try {
          await store.write(batch, how);
          this.#reason = undefined;
          return;
        } catch (error) {
          if (this.#wasReplaced(store, error)) continue;
          if (!isPassing(error) || this.#over) throw error;
          this.#wait(error.message);
          await this.#reopen(store);
        }
      }
    } finally {
      this.#writes -= 1;
    }
  }

  async compact(): Promise<void> {
    await (await this.#current()).compact();
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.#reopening?.catch(() => undefined);
    await this.#store.close();
  }

  /** The store as it is open now, once that is so. */
  async #current(): Promise<Store> {
    await this.#reopening;
    return this.#store;
  }

  #wasReplaced(store: Store, error: unknown): boolean {
    return error instanceof StoreError && error.code === 'store.closed' && (store !== this.#store || this.#reopening !== undefined);
  }

  #wait(reason: string): void {
    if (this.#reason === undefined) this.#since = this.#options.now();
    this.#reason = reason;
  }

  /** Resolves while, or as soon as, more than the reserve is free. */
  async #roomy(): Promise<void> {
    const { dir, room, reserve, now, pause } = this.#options;
    if (now() - this.#lookedAt < LOOK) return;
    for (let wanted = reserve; ; wanted = reserve * ENOUGH) {
      const free = await room(dir);
      this.#lookedAt = now();
      if (free >= wanted) return;
      const reason = `only ${megabytes(free)} are free on the disk of ${dir}; no work is taken until there are ${megabytes(reserve * ENOUGH)} (general.min_free_mb)`;
      this.#wait(reason);
      if (this.#over) throw new StoreError('store.full', reason);
      await pause(LOOK);
    }
  }

  /** Opens the store again, once for all who found it broken, and tries until it opens. */
  #reopen(broken: Store): Promise<void> {
    if (broken !== this.#store) return Promise.resolve();
    this.#reopening ??= this.#openAgain(broken).finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #openAgain(broken: Store): Promise<void> {
    const { dir, driver, pause } = this.#options;
    await broken.close();
    for (;;) {
      await pause(LOOK);
      try {
        this.#store = await driver(dir);
        return;
      } catch (error) {
        if (!isPassing(error) || this.#over) throw error;
        this.#wait(error.message);
      }
    }
  }
}

/** What is left of a range behind a key. */
const rest = ({ gte, lt, reverse, limit }: Range, last: Uint8Array): Range => ({
  ...(limit === undefined ? {} : { limit: limit - 1 }),
  ...(reverse === undefined ? {} : { reverse }),
  ...(reverse === true ? (gte === undefined ? {} : { gte }) : { gte: Uint8Array.of(...last, 0) }),
  ...(reverse === true ? { lt: last } : lt === undefined ? {} : { lt }),
});
