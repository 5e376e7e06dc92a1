import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { x25519 } from '@noble/curves/ed25519.js';
import rocksdb from 'rocksdb';
import type { BackupKeys } from '../src/data/backup/backupKeys.ts';
import { createBackup } from '../src/data/backup/createBackup.ts';
import { restoreBackup } from '../src/data/backup/restoreBackup.ts';
import { BUCKETS } from '../src/data/buckets.ts';
import { Ledger } from '../src/data/ledger.ts';
import { RecordWriter } from '../src/data/recordWriter.ts';
import { openSealedStore, type SealedStore } from '../src/data/sealedStore.ts';
import type { Write } from '../src/data/store.ts';
import { publicKeyOf } from '../src/domain/record/signRecord.ts';
import { Secret } from '../src/domain/sealing/secret.ts';
import type { Draft } from '../src/domain/tables.ts';
import { openFolderTarget } from '../src/drivers/folder/folderTarget.ts';
import { openRocksdbStore } from '../src/drivers/rocksdb/rocksdbStore.ts';
import { type Figure, median } from './figure.ts';

const ROUNDS = 5;
const random = (length: number): Uint8Array => randomBytes(length);
const key = new Secret(new Uint8Array(32).fill(1));

type Bare = ReturnType<typeof rocksdb>;

const call = (run: (callback: (error: Error | null | undefined) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    run((error) => {
      if (error == null) resolve();
      else reject(error);
    });
  });

/** RocksDB through the same binding, with nothing of ours around it. */
const openBare = async (dir: string): Promise<Bare> => {
  const db = rocksdb(dir);
  await call((callback) => {
    db.open({ createIfMissing: true, compression: false, maxOpenFiles: 64, writeBufferSize: 4 * 1024 * 1024 }, callback);
  });
  return db;
};

const openSealed = async (dir: string): Promise<SealedStore> =>
  openSealedStore(await openRocksdbStore(dir), { storeId: 'bench', key, random });

/** What a signing attempt's step commits, about: a few rows, a sealed record to be sent, an inbox mark, a cursor. */
const transition = (number: number): { readonly table: string; readonly key: string; readonly value: string }[] => [
  ...['attempts', 'heard', 'words'].map((table) => ({ table, key: `Bitcoin/0/batch/${String(number % 500)}/0`, value: 'x'.repeat(320) })),
];

const perSecond = async (count: number, run: () => Promise<void>): Promise<number> => {
  const began = performance.now();
  await run();
  return count / ((performance.now() - began) / 1000);
};

/** Microseconds of all cores that one of so many took. */
const processorTime = (run: () => Promise<unknown>, count: number) => async (): Promise<number> => {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
};

/** Ours and the reference in turn; the medians. */
const inTurn = async (ours: () => Promise<number>, reference: () => Promise<number>): Promise<{ ours: number; reference: number }> => {
  const [a, b]: [number[], number[]] = [[], []];
  await ours();
  await reference();
  for (let round = 0; round < ROUNDS; round += 1) {
    a.push(await ours());
    b.push(await reference());
  }
  return { ours: median(a), reference: median(b) };
};

/** Whom the records of a transition are sealed for. */
const RECEIVER = { source: '/bench/processor', epoch: 1, publicKey: x25519.getPublicKey(new Uint8Array(32).fill(9)) };

const ledgerOn = (store: SealedStore): Promise<Ledger> =>
  Ledger.open(
    store,
    new RecordWriter(
      {
        source: '/bench/store',
        signingSecret: new Uint8Array(32).fill(1),
        keys: { epoch: 1, secret: new Uint8Array(32).fill(2) },
        counterpart: () => RECEIVER,
        random,
      },
      [],
    ),
  );

/** Steps that wait together, as a module under load has them. */
const TOGETHER = 32;

/** Synced commits of a typical transition, one after the other and so many at a time, against bare synced batches with the same rows. */
const commits = async (dir: string, report: (figure: Figure) => void): Promise<void> => {
  const ledger = await ledgerOn(await openSealed(join(dir, 'commits')));
  const bare = await openBare(join(dir, 'bare-commits'));
  let number = 0;
  const ours = (): Promise<void> => {
    number += 1;
    const own = number;
    return ledger.commit({
      cursor: { name: 'topic', value: { offset: String(own) } },
      marks: [{ id: `0x00/${String(own)}`, digest: `0x${own.toString(16).padStart(64, '0')}` }],
      decide: (draft: Draft) => {
        for (const { table, key: name, value } of transition(own)) draft.put(table, name, value);
        draft.send({
          topic: 'bench-commands',
          type: 'bench.v1',
          id: String(own),
          time: new Date(0).toISOString(),
          data: { filling: 'x'.repeat(500) },
        });
      },
    });
  };
  let bareNumber = 0;
  const reference = (): Promise<void> => {
    bareNumber += 1;
    const rows = [
      ...transition(bareNumber).map(({ table, key: name, value }) => [`r${table}\0${name}`, value] as const),
      [`o${String(bareNumber).padStart(12, '0')}`, 'x'.repeat(1_100)] as const,
      [`i0x00/${String(bareNumber)}`, 'x'.repeat(66)] as const,
      ['ctopic', String(bareNumber)] as const,
      ['tbench-commands', 'x'.repeat(90)] as const,
      ['mcommit', String(bareNumber)] as const,
    ];
    return call((callback) => {
      bare.batch(
        rows.map(([name, value]) => ({ type: 'put' as const, key: Buffer.from(name), value: Buffer.from(value) })),
        { sync: true },
        callback,
      );
    });
  };
  const run = (commit: () => Promise<void>, count: number, together: number) => () =>
    perSecond(count, async () => {
      for (let done = 0; done < count; done += together) await Promise.all(Array.from({ length: together }, commit));
    });
  const cases = [
    ['one after the other', 300, 1],
    [`${String(TOGETHER)} waiting together`, 1_600, TOGETHER],
  ] as const;
  for (const [name, count, together] of cases) {
    const result = await inTurn(run(ours, count, together), run(reference, count, together));
    const of = { bench: 'store', referenceName: 'bare rocksdb, sync, the same rows' } as const;
    report({ ...of, case: `synced commits, ${name}`, unit: '/s', ...result, goal: '>=0.8' });
    const spent = await inTurn(processorTime(run(ours, count, together), count), processorTime(run(reference, count, together), count));
    report({ ...of, case: `processor time of a commit, ${name}`, unit: 'us', ...spent, goal: null });
  }
  await ledger.close();
  await call((callback) => {
    bare.close(callback);
  });
};

/** Unsynced sealed puts and gets of 300 bytes, against bare ones. */
const putsAndGets = async (dir: string, report: (figure: Figure) => void): Promise<void> => {
  const COUNT = 4_000;
  const BATCH = 16;
  const store = await openSealed(join(dir, 'puts'));
  const bare = await openBare(join(dir, 'bare-puts'));
  const value = Buffer.alloc(300, 7);
  const name = (index: number): Buffer => Buffer.from(`key ${String(index).padStart(8, '0')}`);
  const puts = await inTurn(
    () =>
      perSecond(COUNT, async () => {
        for (let from = 0; from < COUNT; from += BATCH)
          await store.write(
            Array.from({ length: BATCH }, (_, index) => ({ bucket: BUCKETS.rows, key: name(from + index), value })),
            { sync: false },
          );
      }),
    () =>
      perSecond(COUNT, async () => {
        for (let from = 0; from < COUNT; from += BATCH)
          await call((callback) => {
            bare.batch(
              Array.from({ length: BATCH }, (_, index) => ({
                type: 'put' as const,
                key: Buffer.concat([Buffer.of(0, 2), name(from + index)]),
                value,
              })),
              { sync: false },
              callback,
            );
          });
      }),
  );
  report({ bench: 'store', case: 'sealed puts, 300 B, unsynced', unit: '/s', ...puts, referenceName: 'bare rocksdb', goal: null });
  const gets = await inTurn(
    () =>
      perSecond(COUNT, async () => {
        for (let index = 0; index < COUNT; index += 1) await store.get(BUCKETS.rows, name(index));
      }),
    () =>
      perSecond(COUNT, async () => {
        for (let index = 0; index < COUNT; index += 1)
          await new Promise((resolve, reject) => {
            bare.get(Buffer.concat([Buffer.of(0, 2), name(index)]), { asBuffer: true }, (error, found) => {
              if (error == null) resolve(found);
              else reject(error);
            });
          });
      }),
  );
  report({ bench: 'store', case: 'sealed gets, 300 B', unit: '/s', ...gets, referenceName: 'bare rocksdb', goal: null });
  await store.close();
  await call((callback) => {
    bare.close(callback);
  });
};

/** State as a long life leaves it: inbox marks above all, and what one set's signables and attempts are. */
const fill = async (store: SealedStore, bytes: number): Promise<void> => {
  const mark = (number: number): Write => ({
    bucket: BUCKETS.inbox,
    key: Buffer.from(`0x${String(number % 150).padStart(64, '0')}/sign.preprocesses/Bitcoin/0/batch/${String(number)}/0`),
    value: Buffer.from(`0x${number.toString(16).padStart(64, '0')}`),
  });
  const row = (number: number): Write => ({
    bucket: BUCKETS.rows,
    key: Buffer.from(`signables\0Bitcoin/0/batch/${String(number)}`),
    value: Buffer.from(
      JSON.stringify({
        set: { network: 'Bitcoin', session: 0 },
        kind: 'batch',
        id: String(number),
        message: `0x${number.toString(16).padStart(400, '0')}`,
        state: 'done',
      }),
    ),
  });
  let written = 0;
  for (let number = 0; written < bytes; ) {
    const batch: Write[] = [];
    for (let index = 0; index < 2_000; index += 1, number += 1) batch.push(number % 20 === 0 ? row(number) : mark(number));
    written += batch.reduce((sum, { key: name, value }) => sum + name.length + (value?.length ?? 0) + 44, 0);
    await store.write(batch, { sync: false });
  }
  await store.compact();
};

const sizeOf = async (dir: string): Promise<number> => {
  let size = 0;
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name), 'r');
    size += (await file.stat()).size;
    await file.close();
  }
  return size;
};

/** Backup, restore and start-up with much state, against a plain copy of the same files, synced. */
const large = async (dir: string, megabytes: number, report: (figure: Figure) => void): Promise<void> => {
  const there = join(dir, 'large');
  const store = await openSealed(there);
  await fill(store, megabytes * 1e6);
  const sign = new Uint8Array(32).fill(3);
  const keys: BackupKeys = { seal: key, name: key, sign: new Secret(sign), publicKey: publicKeyOf(sign), masterKey: 'bench' };
  const target = openFolderTarget(join(dir, 'backups'));
  const place = { target, keys };
  const of = {
    deployment: 'bench',
    module: 'crypto',
    storeId: 'bench',
    cause: 'operator',
    takenAt: new Date().toISOString(),
    random,
  } as const;
  const began = performance.now();
  const { manifest } = await createBackup({ ...place, ...of, rows: store, id: '20260101T000000Z' });
  const made = performance.now() - began;
  const againBegan = performance.now();
  await createBackup({ ...place, ...of, rows: store, id: '20260102T000000Z' });
  const madeAgain = performance.now() - againBegan;
  await store.close();

  const size = await sizeOf(there);
  const copyBegan = performance.now();
  await mkdir(join(dir, 'copy'));
  await cp(there, join(dir, 'copy'), { recursive: true });
  for (const name of await readdir(join(dir, 'copy'))) {
    const file = await open(join(dir, 'copy', name), 'r+');
    await file.sync();
    await file.close();
  }
  const copied = size / 1e6 / ((performance.now() - copyBegan) / 1000);
  const bytes = manifest.bytes / 1e6;
  const rate = (milliseconds: number): number => bytes / (milliseconds / 1000);
  const against = { unit: 'MB/s', reference: copied, referenceName: 'plain synced copy of the store', goal: null, bench: 'store' } as const;
  report({ ...against, case: `backup, first, ${String(megabytes)} MB`, ours: rate(made) });
  report({ ...against, case: 'backup, nothing changed', ours: rate(madeAgain) });

  const restoreBegan = performance.now();
  const restored = await openSealed(join(dir, 'restored'));
  await restoreBackup(place, manifest, restored);
  await restored.close();
  report({ ...against, case: `restore, ${String(megabytes)} MB`, ours: rate(performance.now() - restoreBegan) });
};

/** From opening the folder to a ledger that decides. */
const startUp = async (dir: string, megabytes: number, report: (figure: Figure) => void): Promise<void> => {
  const there = join(dir, 'start-up');
  const filled = await openSealed(there);
  await fill(filled, megabytes * 1e6);
  await filled.close();
  const began = performance.now();
  const ledger = await ledgerOn(await openSealed(there));
  const ours = (performance.now() - began) / 1000;
  await ledger.close();
  report({
    bench: 'store',
    case: `start-up with ${String(megabytes)} MB of state`,
    unit: 's',
    ours,
    reference: null,
    referenceName: null,
    goal: null,
  });
};

/** The store: commits, sealing, backups, start-up. */
export const store = async (report: (figure: Figure) => void): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'serai-bench-store-'));
  try {
    await commits(dir, report);
    await putsAndGets(dir, report);
    await large(dir, 100, report);
    await startUp(dir, 1_000, report);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
