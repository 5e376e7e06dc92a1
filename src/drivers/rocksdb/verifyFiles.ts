import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../../data/storeError.ts';
import { crc32c, masked } from './crc32c.ts';

/** A table's last bytes: kind of checksum (u8), handles of its meta index and index, padding, version (u32), magic number (u64). */
const FOOTER = 53;
const MAGIC = 0x88e241b785f4cff7n;
const CRC32C = 1;

/** Behind every block: how it is compressed (u8), and the masked CRC-32C of it and that byte. */
const TRAILER = 5;

/** A log is cut into blocks of this size; a record's head is its masked CRC-32C (u32), length (u16) and kind (u8). */
const LOG_BLOCK = 32 * 1024;
const LOG_HEAD = 7;

class Damage extends Error {}

/** Where a block lies. */
interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** Reads varints one after the other. */
class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 53; shift += 7) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) break;
      this.at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Damage('a number does not end');
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }
}

/** A block whose checksum holds; undefined where it is compressed, as an earlier version wrote it. */
const block = (file: Buffer, { offset, size }: Handle): Buffer | undefined => {
  const end = offset + size + 1;
  if (end + 4 > file.length) throw new Damage(`the block at ${String(offset)} is cut off`);
  if (masked(crc32c(file, offset, end)) !== file.readUInt32LE(end))
    throw new Damage(`the block at ${String(offset)} does not have its checksum`);
  if (file[offset + size] !== 0) return undefined;
  return file.subarray(offset, offset + size);
};

/** The values of an index block, which are handles: entries share the beginnings of their keys, restart points stand at the end. */
const handlesIn = (index: Buffer): Handle[] => {
  const restarts = index.readUInt32LE(index.length - 4);
  const end = index.length - 4 - 4 * restarts;
  const handles: Handle[] = [];
  const reader = new Reader(index, 0);
  while (reader.at < end) {
    reader.varint();
    const unshared = reader.varint();
    const length = reader.varint();
    const value = reader.at + unshared;
    handles.push(new Reader(index, value).handle());
    reader.at = value + length;
  }
  return handles;
};

/** Proves every block of a table; throws Damage at the first that is not as it was written. */
const verifyTable = (file: Buffer): void => {
  if (file.length < FOOTER) throw new Damage('it is cut off');
  const footer = file.subarray(-FOOTER);
  if (footer.readBigUInt64LE(FOOTER - 8) !== MAGIC || footer[0] !== CRC32C) throw new Damage('its end is not that of a table');
  const reader = new Reader(footer, 1);
  const [metaIndex, index] = [reader.handle(), reader.handle()];
  // Behind the handles up to the version there are zeros, and nothing checks them: what is changed there has no meaning.
  block(file, metaIndex);
  let covered = 0;
  const data = block(file, index);
  if (data === undefined) return;
  for (const handle of handlesIn(data)) {
    block(file, handle);
    covered += handle.size + TRAILER;
  }
  if (covered > file.length) throw new Damage('its index names more than there is');
};

/** Whether a log holds nothing more behind a place. */
const isEnd = (file: Buffer, at: number): boolean => file.subarray(at).every((byte) => byte === 0);

/** Proves every record of a log. Its last one may be torn, where the process ended while it wrote; a `whole` one may not. */
const verifyLog = (file: Buffer, whole: boolean): void => {
  for (let at = 0; at < file.length; ) {
    const left = LOG_BLOCK - (at % LOG_BLOCK);
    if (left < LOG_HEAD) {
      at += left;
      continue;
    }
    const end = at + LOG_HEAD + (at + LOG_HEAD <= file.length ? file.readUInt16LE(at + 4) : 0);
    const isWhole = at + LOG_HEAD <= file.length && end <= file.length && end <= at + left;
    if (!isWhole || masked(crc32c(file, at + 6, end)) !== file.readUInt32LE(at)) {
      // A torn end: what was being written when the process ended. Nothing of it was acknowledged.
      if (!whole && (end >= file.length || isEnd(file, at))) return;
      throw new Damage(`the record at ${String(at)} does not have its checksum`);
    }
    at = end;
  }
};

/** Reads a file and proves it; throws StoreError `store.corrupt` that names it. A file that went away meanwhile was done with. */
const verifyFile = async (path: string, verify: (file: Buffer) => void): Promise<void> => {
  try {
    verify(await readFile(path));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
    if (!(cause instanceof Damage) && !(cause instanceof RangeError)) throw cause;
    throw new StoreError('store.corrupt', `${path} was damaged: ${cause.message}; restore the store from a backup (backup restore)`, {
      cause,
    });
  }
};

/**
 * Proves, before a RocksDB is opened, that what it recovers from is as it was written: the binding has it skip what is damaged in a log, and
 * commits would be missing in the middle.
 */
export const verifyLogs = async (dir: string): Promise<void> => {
  const current = (await readFile(join(dir, 'CURRENT'), 'utf8').catch(() => '')).trim();
  for (const name of await readdir(dir)) {
    const isManifest = name === current;
    if (!isManifest && !name.endsWith('.log')) continue;
    await verifyFile(join(dir, name), (file) => {
      verifyLog(file, isManifest);
    });
  }
};

/**
 * Proves the tables that an open RocksDB reads from, by their numbers: the binding does not look at their checksums when it scans, and rows
 * would be missing without a word. Others may lie there that a killed process had not finished: nobody reads them.
 */
export const verifyTables = async (dir: string, numbers: readonly number[]): Promise<void> => {
  for (const number of numbers) await verifyFile(join(dir, `${String(number).padStart(6, '0')}.sst`), verifyTable);
};
