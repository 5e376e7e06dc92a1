import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Row, StoreDriver } from '../../src/data/store.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { storeOver } from './storeOver.ts';

/** A store in one file of JSON: what another driver takes. */
export const openFileStore: StoreDriver = async (dir) => {
  const file = join(dir, 'rows.json');
  const memory = openMemoryStore();
  if (existsSync(file)) {
    const rows = JSON.parse(await readFile(file, 'utf8')) as (readonly [number, string, string])[];
    await memory.write(rows.map(([bucket, key, value]) => ({ bucket, key: Buffer.from(key, 'hex'), value: Buffer.from(value, 'hex') })));
  }
  return storeOver(memory, {
    write: async (batch) => {
      await memory.write(batch);
      const rows: Row[] = [];
      for await (const together of memory.snapshot()) rows.push(...together);
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
      await writeFile(`${file}.new`, JSON.stringify(rows.map(({ bucket, key, value }) => [bucket, hex(key), hex(value)])));
      await rename(`${file}.new`, file);
    },
  });
};
