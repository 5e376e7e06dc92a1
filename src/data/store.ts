/** One change of an atomic write: `value: undefined` deletes the key. */
export interface Write {
  readonly bucket: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** Which keys of a bucket a scan visits, in bytewise order. */
export interface Range {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** A row of a store. */
export interface Row {
  readonly bucket: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** How a write is done. */
export interface WriteOptions {
  /** Whether it is on disk when it is resolved; without it, yes. Writes that were not synced are with the next one that is. */
  readonly sync?: boolean;
}

/**
 * The port every storage driver implements (specification, Data Module; design §10).
 * Keys are ordered bytewise within a numbered bucket (0..65535).
 */
export interface Store {
  get(bucket: number, key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Visits a consistent snapshot of the bucket; leaving the loop early releases it. */
  scan(bucket: number, range?: Range): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** Visits all rows of one consistent snapshot, bucket by bucket, those together that were read together; leaving the loop early releases it. */
  snapshot(): AsyncIterable<readonly Row[]>;
  /** Writes all or nothing; resolved means synced to disk, unless it was asked for without. */
  write(batch: readonly Write[], options?: WriteOptions): Promise<void>;
  /** Rewrites what is on disk, so that nothing of what was deleted or overwritten is left there. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store of a folder, making it where there is none: what a driver is. Rejects with StoreError. */
export type StoreDriver = (dir: string) => Promise<Store>;
