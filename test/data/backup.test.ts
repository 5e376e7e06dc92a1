import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BackupKeys } from '../../src/data/backup/backupKeys.ts';
import type { BackupTarget } from '../../src/data/backup/backupTarget.ts';
import { cutChunks, rowsOfChunk } from '../../src/data/backup/chunks.ts';
import { type Created, createBackup } from '../../src/data/backup/createBackup.ts';
import { digestOfRows } from '../../src/data/backup/digestOfRows.ts';
import { pruneBackups } from '../../src/data/backup/pruneBackups.ts';
import { lastVerified, listBackups, manifestOf, verifyBackup } from '../../src/data/backup/readBackup.ts';
import { RESTORED, restoreBackup } from '../../src/data/backup/restoreBackup.ts';
import { BUCKETS } from '../../src/data/buckets.ts';
import type { Row, Store } from '../../src/data/store.ts';
import { backupIdAt } from '../../src/domain/backup/manifest.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import { Secret } from '../../src/domain/sealing/secret.ts';
import { openFolderTarget } from '../../src/drivers/folder/folderTarget.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';

const sign = new Uint8Array(32).fill(3);
const keys: BackupKeys = {
  seal: new Secret(new Uint8Array(32).fill(1)),
  name: new Secret(new Uint8Array(32).fill(2)),
  sign: new Secret(sign),
  publicKey: publicKeyOf(sign),
  masterKey: 'abc',
};
const OF = { deployment: 'alice', module: 'crypto' } as const;

let nonce = 0;
const random = (length: number): Uint8Array => {
  nonce += 1;
  return new Uint8Array(length).fill(nonce % 251);
};

const folder = (): { dir: string; target: BackupTarget } => {
  const dir = join(mkdtempSync(join(tmpdir(), 'backups-')), 'kept');
  return { dir, target: openFolderTarget(dir) };
};

const take = (target: BackupTarget, rows: Store, day = 1): Promise<Created> =>
  createBackup({
    ...{ target, keys, rows, ...OF, storeId: 'alice/crypto', cause: 'operator', random },
    id: backupIdAt(Date.UTC(2026, 0, day)),
    takenAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
  });

/** A store with this many rows of about 330 bytes, which compress as JSON does. */
const filled = async (rows: number): Promise<Store> => {
  const store = openMemoryStore();
  const row = (index: number) => ({
    bucket: BUCKETS.rows,
    key: utf8ToBytes(`attempts\0Bitcoin/0/batch/${String(index).padStart(6, '0')}`),
    value: utf8ToBytes(JSON.stringify({ id: index, digest: `0x${String(index).repeat(10)}`, of: 'x'.repeat(250) })),
  });
  await store.write(Array.from({ length: rows }, (_, index) => row(index)));
  await store.write([
    { bucket: BUCKETS.meta, key: utf8ToBytes('epoch'), value: utf8ToBytes('7') },
    { bucket: BUCKETS.meta, key: utf8ToBytes('commit'), value: utf8ToBytes('1234') },
    { bucket: BUCKETS.cursors, key: utf8ToBytes('finalized'), value: utf8ToBytes('{"number":99}') },
  ]);
  return store;
};

const filesIn = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );

describe('a backup', () => {
  it('holds the store of one moment, and says how far it had come', async () => {
    const store = await filled(3_000);
    const { target } = folder();
    const { manifest } = await take(target, store);
    expect(manifest).toMatchObject({ epoch: 7, commits: 1234, cursors: { finalized: { number: 99 } }, rows: 3_003 });
    expect(manifest.digest).toBe(await digestOfRows(store));
    const again = openMemoryStore();
    await restoreBackup({ target, keys }, await manifestOf({ target, keys }, OF, manifest.id), again);
    expect(new TextDecoder().decode((await again.get(BUCKETS.meta, RESTORED)) ?? new Uint8Array())).toBe(manifest.id);
    expect(await digestOfRows(again, ({ key }) => Buffer.compare(key, RESTORED) !== 0)).toBe(manifest.digest);
  });

  it('is of the moment it was begun at, though the store is written to', async () => {
    const store = await filled(3_000);
    const digest = await digestOfRows(store);
    const { target } = folder();
    const { manifest } = await createBackup({
      ...{
        target,
        keys,
        rows: store,
        ...OF,
        storeId: 'alice/crypto',
        cause: 'interval',
        random,
        id: backupIdAt(0),
        takenAt: new Date(0).toISOString(),
      },
      progress: () => void store.write([{ bucket: BUCKETS.rows, key: utf8ToBytes('zzz'), value: utf8ToBytes('late') }]),
    });
    expect(manifest.digest).toBe(digest);
  });

  it('writes only what changed since the one before', async () => {
    const store = await filled(12_000);
    const { target } = folder();
    const first = await take(target, store, 1);
    expect(first.written.chunks).toBe(first.manifest.chunks.length);
    expect(first.written.bytes).toBeLessThan(first.manifest.bytes / 3);
    await store.write([{ bucket: BUCKETS.rows, key: utf8ToBytes('attempts\0Bitcoin/0/batch/006000'), value: utf8ToBytes('"changed"') }]);
    await store.write([{ bucket: BUCKETS.rows, key: utf8ToBytes('attempts\0Bitcoin/0/batch/001000x'), value: utf8ToBytes('"new"') }]);
    const second = await take(target, store, 2);
    expect(second.manifest.chunks.length).toBeGreaterThan(8);
    expect(second.written.chunks).toBeLessThanOrEqual(4);
    expect((await take(target, store, 3)).written.chunks).toBe(0);
  });

  it('shows nothing of what is in it, and is for this user alone', async () => {
    const { dir, target } = folder();
    await take(target, await filled(2_000));
    for (const file of filesIn(dir)) {
      expect(statSync(file).mode & 0o077).toBe(0);
      expect(readFileSync(file).includes('attempts')).toBe(false);
    }
    expect(statSync(dir).mode & 0o077).toBe(0);
  });

  it('is noticed to be damaged, whichever byte of whichever file is changed', async () => {
    const { dir, target } = folder();
    const { manifest } = await take(target, await filled(1_500));
    const place = { target, keys };
    const check = async (): Promise<unknown> => verifyBackup(place, await manifestOf(place, OF, manifest.id), () => 0);
    await check();
    const files = filesIn(dir).filter((file) => !file.includes('verified'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        async (file, part, change) => {
          const whole = readFileSync(file);
          const bent = Buffer.from(whole);
          const at = Math.floor(part * whole.length);
          bent[at] = (bent[at] ?? 0) ^ change;
          writeFileSync(file, bent);
          await expect(check()).rejects.toMatchObject({ code: expect.stringMatching(/^backup\.(damaged|forged)$/) as string });
          writeFileSync(file, whole.subarray(0, at));
          await expect(check()).rejects.toMatchObject({ code: expect.stringMatching(/^backup\.(damaged|forged)$/) as string });
          writeFileSync(file, whole);
        },
      ),
      { numRuns: 60 },
    );
    await check();
    expect(await lastVerified(place, OF, manifest.id)).toMatchObject({ at: '1970-01-01T00:00:00.000Z' });
  });

  it('is refused where another deployment, module or key made it', async () => {
    const { target } = folder();
    const { manifest } = await take(target, await filled(10));
    const name = `alice/crypto/manifests/${manifest.id}.manifest.json`;
    const bytes = (await target.get(name)) ?? new Uint8Array();
    await target.put(name.replace('alice', 'bob'), bytes);
    await expect(manifestOf({ target, keys }, { ...OF, deployment: 'bob' }, manifest.id)).rejects.toMatchObject({ code: 'backup.forged' });
    const other = { ...keys, publicKey: publicKeyOf(new Uint8Array(32)) };
    await expect(manifestOf({ target, keys: other }, OF, manifest.id)).rejects.toMatchObject({ code: 'backup.forged' });
    await expect(manifestOf({ target, keys }, OF, '20250101T000000Z')).rejects.toMatchObject({ code: 'backup.not-found' });
  });

  it('is not there until it is whole', async () => {
    const { target } = folder();
    let left = 3;
    const failing: BackupTarget = {
      ...target,
      put: (name, bytes) => {
        left -= 1;
        return left < 0 ? Promise.reject(new Error('no room')) : target.put(name, bytes);
      },
    };
    await expect(take(failing, await filled(20_000))).rejects.toThrow('no room');
    expect(await listBackups({ target }, OF)).toEqual([]);
    // What had come there is of use to the next one.
    const { written, manifest } = await take(target, await filled(20_000));
    expect(written.chunks).toBe(manifest.chunks.length - 3);
  });

  it('goes when the rule does not keep it, and takes along what no other needs', async () => {
    const store = await filled(4_000);
    const { dir, target } = folder();
    for (let day = 1; day <= 5; day += 1) {
      await store.write([{ bucket: BUCKETS.rows, key: utf8ToBytes(`zz${String(day)}`), value: utf8ToBytes(`"${String(day)}"`) }]);
      await take(target, store, day);
    }
    const chunks = (): number => filesIn(dir).filter((file) => file.includes('chunks')).length;
    const before = chunks();
    const { backups } = await pruneBackups({ target, keys }, OF, { last: 2, daily: 0, weekly: 0, monthly: 0 });
    expect(backups).toEqual(['20260101T000000Z', '20260102T000000Z', '20260103T000000Z']);
    expect(chunks()).toBe(before - 3);
    for (const id of await listBackups({ target }, OF))
      await verifyBackup({ target, keys }, await manifestOf({ target, keys }, OF, id), () => 0);
  });
});

describe('chunks', () => {
  it('hold any rows, in order', async () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const row = fc.record({
      bucket: fc.integer({ min: 0, max: 65_535 }),
      key: bytes,
      value: fc.oneof(bytes, fc.constant(new Uint8Array(90_000))),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), async (rows, together) => {
        // However they come together.
        async function* given(): AsyncIterable<readonly Row[]> {
          for (let from = 0; from < rows.length; from += together) yield await Promise.resolve(rows.slice(from, from + together));
        }
        const back: Row[] = [];
        for await (const chunk of cutChunks(given())) back.push(...rowsOfChunk(chunk.bytes));
        const plain = (each: readonly Row[]) => each.map(({ bucket, key, value }) => [bucket, [...key], value.length, value[0]]);
        expect(plain(back)).toEqual(plain(rows));
      }),
      { numRuns: 30 },
    );
  });
});
