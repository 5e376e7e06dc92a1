import { randomBytes } from 'node:crypto';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { type MigrateStore, migrateStore } from '../../src/data/migrateStore.ts';
import { openSealedStore, SEAL_BUCKET, SEAL_KEYS, schemaOf } from '../../src/data/sealedStore.ts';
import type { Store } from '../../src/data/store.ts';
import { sealValue } from '../../src/domain/sealing/sealedValue.ts';
import { Secret } from '../../src/domain/sealing/secret.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { rowsIn } from '../support/rowsIn.ts';
import { lasting, storeOver } from '../support/storeOver.ts';

const random = (length: number): Uint8Array => randomBytes(length);
const before = new Secret(new Uint8Array(32).fill(1));
const key = new Secret(new Uint8Array(32).fill(2));
const ROWS = 700;

/** A store as the version before this one wrote it. */
const storeOfSchema1 = async (): Promise<Store> => {
  const store = openMemoryStore();
  const seal = (bucket: number, at: Uint8Array, value: Uint8Array) => ({
    bucket,
    key: at,
    value: sealValue(before, { storeId: 'a', bucket, key: at }, value, random(24)),
  });
  await store.write([
    { bucket: SEAL_BUCKET, key: SEAL_KEYS.id, value: utf8ToBytes('a') },
    seal(SEAL_BUCKET, SEAL_KEYS.check, utf8ToBytes('sealed')),
    ...Array.from({ length: ROWS }, (_, row) => seal(2 + (row % 2), utf8ToBytes(String(row)), utf8ToBytes(`value ${String(row)}`))),
  ]);
  return store;
};

const options = (backUp: MigrateStore['backUp']): MigrateStore => ({ storeId: 'a', before, key, random, backUp });

const rowsOf = async (store: Pick<Store, 'snapshot'>): Promise<string[]> => {
  const rows: string[] = [];
  for await (const row of rowsIn(store))
    rows.push(`${String(row.bucket)}/${Buffer.from(row.key).toString()}=${Buffer.from(row.value).toString()}`);
  return rows;
};

describe('a store of the version before', () => {
  it('is not opened as it is', async () => {
    await expect(openSealedStore(await storeOfSchema1(), { storeId: 'a', key, random })).rejects.toMatchObject({ code: 'store.outdated' });
  });

  it('migrates after a backup, though it is killed at any write', async () => {
    const raw = await storeOfSchema1();
    const backups: string[][] = [];
    let lives = 0;
    while ((await schemaOf(raw)) !== 2) {
      lives += 1;
      let left = 1 + (lives % 2);
      const dying = storeOver(raw, {
        write: (batch, how) => {
          left -= 1;
          return left < 0 ? Promise.reject(new Error('killed')) : raw.write(batch, how);
        },
      });
      const backUp = async (rows: Pick<Store, 'snapshot'>): Promise<void> => {
        backups.push(await rowsOf(rows));
      };
      await migrateStore(dying, options(backUp)).catch((error: unknown) => {
        expect(String(error)).toContain('killed');
      });
    }
    expect(lives).toBeGreaterThan(2);
    expect(backups).toHaveLength(1);
    expect(backups[0]).toHaveLength(ROWS);
    expect(await schemaOf(raw)).toBe(2);
    expect(await rowsOf(await openSealedStore(lasting(raw), { storeId: 'a', key, random }))).toEqual(backups[0]);
    expect(
      await migrateStore(
        raw,
        options(() => Promise.reject(new Error('no second backup'))),
      ),
    ).toBe(false);
  });

  it('is left alone where no backup could be made, or the key is another', async () => {
    const raw = await storeOfSchema1();
    const was = await rowsOf(raw);
    await expect(
      migrateStore(
        raw,
        options(() => Promise.reject(new Error('no room'))),
      ),
    ).rejects.toThrow('no room');
    const other = { ...options(() => Promise.resolve()), before: key };
    await expect(migrateStore(raw, other)).rejects.toMatchObject({ code: 'store.wrong-key' });
    expect(await rowsOf(raw)).toEqual(was);
  });
});
