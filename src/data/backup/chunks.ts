import { crc32 } from 'node:zlib';
import type { Row } from '../store.ts';

/** Rows that are kept together. */
export interface Chunk {
  readonly rows: number;
  /** Of each row: bucket (u16), length of its key (u32), key, length of its value (u32), value; little endian. */
  readonly bytes: Uint8Array;
}

/** Bytes of a chunk at least and at most, unless one row alone has more. */
const LEAST = 256 * 1024;
const MOST = 4 * 1024 * 1024;

/** Once a chunk is large enough, one key in so many ends it. */
const ENDS = 64;

/** A row as chunks hold it. */
export const encodeRow = ({ bucket, key, value }: Row): Buffer => {
  const bytes = Buffer.allocUnsafe(10 + key.length + value.length);
  bytes.writeUInt16LE(bucket, 0);
  bytes.writeUInt32LE(key.length, 2);
  bytes.set(key, 6);
  bytes.writeUInt32LE(value.length, 6 + key.length);
  bytes.set(value, 10 + key.length);
  return bytes;
};

/**
 * Cuts rows into chunks. Where one ends is for its last key to say, not for what came before it: so rows that did not change
 * lie in the same chunks again, however many were written elsewhere.
 */
export async function* cutChunks(rows: AsyncIterable<Row>): AsyncIterable<Chunk> {
  let held: Buffer[] = [];
  let size = 0;
  const cut = (): Chunk => {
    const chunk = { rows: held.length, bytes: Buffer.concat(held, size) };
    held = [];
    size = 0;
    return chunk;
  };
  for await (const row of rows) {
    const bytes = encodeRow(row);
    if (size > 0 && size + bytes.length > MOST) yield cut();
    held.push(bytes);
    size += bytes.length;
    if (size >= LEAST && crc32(row.key, row.bucket) % ENDS === 0) yield cut();
  }
  if (size > 0) yield cut();
}

/** The rows of a chunk. Throws RangeError where the bytes are not of one. */
export function* rowsOfChunk(bytes: Uint8Array): Iterable<Row> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > buffer.length) throw new RangeError('a row ends beyond its chunk');
    at += length;
    return buffer.subarray(at - length, at);
  };
  while (at < buffer.length) {
    const bucket = take(2).readUInt16LE(0);
    const key = take(take(4).readUInt32LE(0));
    yield { bucket, key, value: take(take(4).readUInt32LE(0)) };
  }
}
