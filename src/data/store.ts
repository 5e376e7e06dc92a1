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

/**
 * The port every storage driver implements (specification, Data Module; design §10).
 * Keys are ordered bytewise within a numbered bucket (0..65535).
 */
export interface Store {
  get(bucket: number, key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Visits a consistent snapshot of the bucket; leaving the loop early releases it. */
  scan(bucket: number, range?: Range): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** Writes all or nothing; resolved means synced to disk. */
  write(batch: readonly Write[]): Promise<void>;
  close(): Promise<void>;
}
