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

const sizeOf = ({ key, value }: Row): number => 10 + key.length + value.length;

/** Writes a row as chunks hold it; returns where it ends. */
const writeRow = (into: Buffer, { bucket, key, value }: Row, start: number): number => {
  let at = into.writeUInt16LE(bucket, start);
  at = into.writeUInt32LE(key.length, at);
  into.set(key, at);
  at = into.writeUInt32LE(value.length, at + key.length);
  into.set(value, at);
  return at + value.length;
};

/** Rows as chunks hold them. */
export const encodeRows = (rows: readonly Row[]): Buffer => {
  const bytes = Buffer.allocUnsafe(rows.reduce((size, row) => size + sizeOf(row), 0));
  let at = 0;
  for (const row of rows) at = writeRow(bytes, row, at);
  return bytes;
};

/**
 * Cuts rows into chunks. Where one ends is for its last key to say, not for what came before it: so rows that did not change
 * lie in the same chunks again, however many were written elsewhere.
 */
export async function* cutChunks(rows: AsyncIterable<readonly Row[]>): AsyncIterable<Chunk> {
  let held: Row[] = [];
  let size = 0;
  const cut = (): Chunk => {
    const chunk = { rows: held.length, bytes: encodeRows(held) };
    held = [];
    size = 0;
    return chunk;
  };
  for await (const together of rows)
    for (const row of together) {
      if (size > 0 && size + sizeOf(row) > MOST) yield cut();
      held.push(row);
      size += sizeOf(row);
      if (size >= LEAST && crc32(row.key, row.bucket) % ENDS === 0) yield cut();
    }
  if (size > 0) yield cut();
}

/** How far a row goes in a chunk: its key and its value. Throws RangeError where it ends beyond it. */
const measureRow = (bytes: Buffer, start: number): { readonly key: number; readonly value: number; readonly end: number } => {
  const key = start + 6;
  const value = key + bytes.readUInt32LE(start + 2) + 4;
  const end = value + bytes.readUInt32LE(value - 4);
  if (end > bytes.length) throw new RangeError('a row ends beyond its chunk');
  return { key, value, end };
};

const bufferOver = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** The rows of a chunk. Throws RangeError where the bytes are not of one. */
export const rowsOfChunk = (chunk: Uint8Array): Row[] => {
  const bytes = bufferOver(chunk);
  const rows: Row[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { key, value, end } = measureRow(bytes, at);
    rows.push({ bucket: bytes.readUInt16LE(at), key: bytes.subarray(key, value - 4), value: bytes.subarray(value, end) });
    at = end;
  }
  return rows;
};

/** How many rows a chunk has. Throws RangeError where the bytes are not of one. */
export const countRows = (chunk: Uint8Array): number => {
  const bytes = bufferOver(chunk);
  let rows = 0;
  for (let at = 0; at < bytes.length; rows += 1) at = measureRow(bytes, at).end;
  return rows;
};
