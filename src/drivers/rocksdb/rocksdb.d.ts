/** The part of `rocksdb` 4.1.0 (a LevelDOWN interface, which ships no types) that we use. */
declare module 'rocksdb' {
  type Callback = (error: Error | null | undefined) => void;

  interface Iterator {
    next(callback: (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void): void;
    end(callback: Callback): void;
  }

  interface Operation {
    readonly type: 'put' | 'del';
    readonly key: Buffer;
    readonly value?: Buffer;
  }

  interface Database {
    open(
      options: {
        readonly createIfMissing: boolean;
        readonly compression?: boolean;
        readonly maxOpenFiles?: number;
        readonly writeBufferSize?: number;
      },
      callback: Callback,
    ): void;
    close(callback: Callback): void;
    get(key: Buffer, options: { readonly asBuffer: true }, callback: (error: Error | null | undefined, value?: Buffer) => void): void;
    batch(operations: readonly Operation[], options: { readonly sync: boolean }, callback: Callback): void;
    iterator(options: {
      readonly gte: Buffer;
      readonly lt: Buffer;
      readonly reverse: boolean;
      readonly limit: number;
      readonly keyAsBuffer: true;
      readonly valueAsBuffer: true;
      readonly highWaterMark: number;
    }): Iterator;
    getProperty(name: string): string;
    compactRange(from: Buffer, to: Buffer, callback: Callback): void;
  }

  const rocksdb: (location: string) => Database;
  export default rocksdb;
  export type { Callback, Database, Iterator, Operation };
}
