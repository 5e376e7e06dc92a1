import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { type KeptBackups, keepBackups } from '../../src/commands/keepBackups.ts';
import { loadConfig } from '../../src/core/loadConfig.ts';
import type { BackupTarget } from '../../src/data/backup/backupTarget.ts';
import { BUCKETS } from '../../src/data/buckets.ts';
import type { Store } from '../../src/data/store.ts';
import { BackupError } from '../../src/domain/backup/backupError.ts';
import { openFolderTarget } from '../../src/drivers/folder/folderTarget.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { configFile, MASTER } from '../support/configFile.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1, 1);

/** A deployment whose clock goes on only while nothing is to be done, and stops at a time. */
const world = () => {
  const config = loadConfig(configFile('127.0.0.1:1'), {}, []);
  const dir = config.general.backup_dir;
  const made: string[] = [];
  const failed: string[] = [];
  let clock = START;
  let end = START;
  let wake: (() => void) | undefined;
  let idle = Promise.withResolvers<undefined>();
  const pause = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
    const until = clock + milliseconds;
    while (until > end) {
      idle.resolve(undefined);
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        signal.addEventListener('abort', () => {
          reject(new Error('stopped'));
        });
      });
    }
    clock = until;
  };
  const start = (store: Pick<Store, 'snapshot'>, target: BackupTarget = openFolderTarget(dir)): KeptBackups =>
    keepBackups(config, 'crypto', store, {
      master: MASTER,
      targets: [target],
      now: () => clock,
      pause,
      made: (_module, id) => made.push(id),
      failed: (_module, error) => failed.push(String(error)),
    });
  /** Lets the clock go on to a time, and resolves when nothing more is to be done by then. */
  const until = async (time: number): Promise<void> => {
    await idle.promise;
    idle = Promise.withResolvers<undefined>();
    end = time;
    wake?.();
    await idle.promise;
    clock = time;
  };
  return {
    config,
    dir,
    made,
    failed,
    start,
    until,
    manifests: join(dir, 'alice/crypto/manifests'),
    chunks: join(dir, 'alice/crypto/chunks'),
  };
};

const filled = async (): Promise<Store> => {
  const store = openMemoryStore();
  await store.write(
    Array.from({ length: 2_000 }, (_, row) => ({
      bucket: BUCKETS.rows,
      key: utf8ToBytes(`t\0${String(row)}`),
      value: utf8ToBytes(JSON.stringify({ row })),
    })),
  );
  return store;
};

describe('backups on an interval', () => {
  it('are taken at whole multiples of it, and a restart takes none again', async () => {
    const { start, until, made, failed } = world();
    const store = await filled();
    const first = start(store);
    await until(START + 13 * HOUR);
    expect(made).toEqual(['20260101T000000Z', '20260101T060000Z', '20260101T120000Z']);
    expect(first.status()).toEqual({
      module: 'crypto',
      interval: 6 * 3_600,
      made: '2026-01-01T12:00:00.000Z',
      verified: '2026-01-01T12:00:00.000Z',
      age: 2 * 3600,
      failing: null,
    });
    await first.close();
    const second = start(store);
    await until(START + 14 * HOUR);
    expect(made).toHaveLength(3);
    expect(second.status()).toMatchObject({ verified: '2026-01-01T12:00:00.000Z', age: 3 * 3600, failing: null });
    await second.close();
    expect(failed).toEqual([]);
  });

  it('say why one failed, and try again within minutes', async () => {
    const { dir, start, until, made, failed } = world();
    const folder = openFolderTarget(dir);
    let isThere = false;
    const target: BackupTarget = {
      ...folder,
      put: (name, bytes) => (isThere ? folder.put(name, bytes) : Promise.reject(new BackupError('backup.target', 'the disk is away'))),
    };
    const kept = start(await filled(), target);
    await until(START + HOUR / 4);
    expect(failed).toEqual(Array(4).fill('BackupError: the disk is away'));
    expect(kept.status()).toMatchObject({ made: null, verified: null, age: null, failing: 'the disk is away' });
    expect(kept.stage().reason).toBe('the disk is away');
    isThere = true;
    await until(START + HOUR / 2);
    expect(made).toEqual(['20260101T000000Z']);
    expect(kept.status()).toMatchObject({ failing: null });
    await kept.close();
  });

  it('go on beside a manifest that somebody copied under a name of its own', async () => {
    const { start, until, made, manifests } = world();
    const kept = start(await filled());
    await until(START + HOUR);
    const [name = ''] = readdirSync(manifests).filter((file) => file.endsWith('.manifest.json'));
    writeFileSync(join(manifests, `zz copy of ${name}`), readFileSync(join(manifests, name)));
    await until(START + 6 * HOUR);
    expect(made).toEqual(['20260101T000000Z', '20260101T060000Z']);
    await kept.close();
  });

  it('go on beside a damaged note that a backup was verified', async () => {
    const { start, until, made, failed, manifests } = world();
    const kept = start(await filled());
    await until(START + HOUR);
    for (const name of readdirSync(manifests).filter((file) => file.endsWith('.verified.json')))
      writeFileSync(join(manifests, name), '{"at":');
    await until(START + 6 * HOUR);
    expect(made).toEqual(['20260101T000000Z', '20260101T060000Z']);
    expect(failed).toEqual([]);
    await kept.close();
  });

  it('write a chunk again that was damaged since an earlier backup', async () => {
    const { start, until, made, failed, chunks } = world();
    const kept = start(await filled());
    await until(START + HOUR);
    const [chunk = ''] = readdirSync(chunks, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
    );
    writeFileSync(
      chunk,
      readFileSync(chunk).map((byte, at) => (at === 100 ? byte ^ 1 : byte)),
    );
    await until(START + 6 * HOUR);
    expect(made).toEqual(['20260101T000000Z', '20260101T060000Z']);
    expect(failed).toEqual([]);
    await kept.close();
  });
});
