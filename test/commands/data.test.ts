import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { deriver } from '../../src/commands/deploymentKeys.ts';
import { driverOf, openModuleStore, storeFolder } from '../../src/commands/stores.ts';
import { loadConfig } from '../../src/core/loadConfig.ts';
import { digestOfRows } from '../../src/data/backup/digestOfRows.ts';
import { RESTORED } from '../../src/data/backup/restoreBackup.ts';
import { BUCKETS } from '../../src/data/buckets.ts';
import { MODULES } from '../../src/modules/moduleNames.ts';
import { configFile, MASTER } from '../support/configFile.ts';
import { runDataCommand } from '../support/dataProgram.ts';
import type { Ended } from '../support/devnetProcess.ts';

const json = ({ code, stdout, stderr }: Ended): unknown => {
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};

/** A deployment's configuration, and state as its modules leave it. */
const deployment = async () => {
  const file = configFile('127.0.0.1:1');
  const config = loadConfig(file, {}, []);
  const digests: Record<string, string> = {};
  for (const module of MODULES) {
    const store = await openModuleStore(config, module, { master: MASTER });
    await store.write([
      { bucket: BUCKETS.meta, key: utf8ToBytes('epoch'), value: utf8ToBytes('3') },
      { bucket: BUCKETS.meta, key: utf8ToBytes('commit'), value: utf8ToBytes('12') },
      { bucket: BUCKETS.cursors, key: utf8ToBytes('finalized'), value: utf8ToBytes('{"number":41}') },
      ...Array.from({ length: 3_000 }, (_, row) => ({
        bucket: BUCKETS.rows,
        key: utf8ToBytes(`t\0${String(row)}`),
        value: utf8ToBytes(JSON.stringify({ row, module })),
      })),
    ]);
    digests[module] = await digestOfRows(store);
    await store.close();
  }
  const run = (...args: string[]): Promise<Ended> => runDataCommand(...args, '--config', file);
  return { file, config, digests, run };
};

const filesIn = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );

describe('backup create, list, verify, drill and restore', () => {
  let it_: Awaited<ReturnType<typeof deployment>>;
  beforeAll(async () => {
    it_ = await deployment();
  });

  it('bring a lost machine back', async () => {
    const { run, config, digests } = it_;
    const { backups } = json(await run('backup', 'create', '--json')) as { backups: { module: string; id: string; rows: number }[] };
    expect(backups.map(({ module }) => module)).toEqual([...MODULES]);
    const id = backups[0]?.id ?? '';
    expect(json(await run('backup', 'list', '--json'))).toMatchObject({
      unreadable: [],
      backups: MODULES.map((module) => ({
        module,
        id,
        cause: 'operator',
        epoch: 3,
        commits: 12,
        cursors: { finalized: { number: 41 } },
        verified: { seconds: expect.any(Number) as number },
      })),
    });
    expect(json(await run('backup', 'verify', id, '--json'))).toMatchObject({ verified: MODULES.map((module) => ({ module, id })) });
    expect(json(await run('backup', 'drill', '--json'))).toMatchObject({ drills: MODULES.map((module) => ({ module, id, rows: 3_003 })) });

    const there = await run('backup', 'restore', '--json');
    expect(there.code).toBe(5);
    expect(there.stderr).toContain('--replace');
    for (const module of MODULES) rmSync(storeFolder(config, module), { recursive: true });
    expect(json(await run('backup', 'restore', 'latest', '--json'))).toMatchObject({
      restored: MODULES.map((module) => ({ module, id, aside: null })),
    });
    for (const module of MODULES) {
      const store = await openModuleStore(config, module, { master: MASTER });
      expect(await digestOfRows(store, ({ key }) => Buffer.compare(key, RESTORED) !== 0)).toBe(digests[module]);
      expect(Buffer.from((await store.get(BUCKETS.meta, RESTORED)) ?? []).toString()).toBe(id);
      await store.close();
    }
    const again = json(await run('backup', 'restore', id, '--modules', 'crypto', '--replace', '--json')) as {
      restored: { aside: string }[];
    };
    expect(statSync(again.restored[0]?.aside ?? '').isDirectory()).toBe(true);
  });

  it('restore all modules or none: one backup that is damaged leaves everything as it was', async () => {
    const { run, config } = it_;
    const last = MODULES.at(-1) ?? '';
    const [chunk = ''] = filesIn(config.general.backup_dir).filter((name) => name.includes(`/${last}/chunks/`));
    const whole = readFileSync(chunk);
    writeFileSync(chunk, whole.subarray(0, -1));
    const folders = (): string[] => readdirSync(dirname(storeFolder(config, 'crypto'))).sort();
    const before = folders();
    const { code, stderr } = await run('backup', 'restore', '--replace', '--json');
    writeFileSync(chunk, whole);
    expect(code, stderr).toBe(5);
    expect(stderr).toContain(last);
    expect(folders()).toEqual(before);
  });

  it('say what is wrong with a backup, where, and what to do', async () => {
    const { run, config } = it_;
    const [chunk = ''] = filesIn(config.general.backup_dir).filter((name) => name.includes('/crypto/chunks/'));
    const whole = readFileSync(chunk);
    writeFileSync(
      chunk,
      whole.map((byte, at) => (at === 100 ? byte ^ 1 : byte)),
    );
    const damaged = await run('backup', 'verify');
    expect(damaged.code).toBe(5);
    expect(damaged.stderr).toMatch(/backup \d{8}T\d{6}Z of crypto: alice\/crypto\/chunks\/.* was changed; take another one/);
    writeFileSync(chunk, whole);
    expect((await run('backup', 'verify', '20200101T000000Z')).stderr).toContain('there is no backup 20200101T000000Z');
    expect((await run('backup', 'verify', '--from', 's3')).stderr).toContain('[backup.s3]');
  });

  it('leave the state alone that a process has open', async () => {
    const { run, config } = it_;
    const store = await openModuleStore(config, 'observation', { master: MASTER });
    for (const command of [
      ['backup', 'create'],
      ['backup', 'restore', '--replace'],
      ['keys', 'rotate'],
      ['data', 'check'],
    ]) {
      const { code, stderr } = await run(...command);
      expect({ command, code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining('in use by another process') as string });
    }
    await store.close();
  });
});

describe('data check', () => {
  it('finds nothing in sound state, and names what was changed', async () => {
    const { run, config } = await deployment();
    expect(json(await run('data', 'check', '--json'))).toMatchObject({ crypto: { rows: 3_003, epoch: 3, commits: 12, faults: [] } });
    const tables = filesIn(storeFolder(config, 'crypto')).filter((name) => name.endsWith('.sst'));
    const [table = ''] = tables.sort((a, b) => statSync(b).size - statSync(a).size);
    const bytes = readFileSync(table);
    bytes[Math.floor(bytes.length / 3)] = (bytes[Math.floor(bytes.length / 3)] ?? 0) ^ 0x40;
    writeFileSync(table, bytes);
    const { code, stdout } = await run('data', 'check');
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringMatching(/crypto: [1-9]\d* faults\n.*restore/) as string });
  });

  it('refuses a folder that others can look into', async () => {
    const { run, config } = await deployment();
    const dir = dirname(storeFolder(config, 'crypto'));
    const { chmodSync } = await import('node:fs');
    chmodSync(dir, 0o755);
    const { code, stderr } = await run('data', 'check');
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining(`chmod 700 ${dir}`) as string });
  });
});

describe('keys', () => {
  const said: string[] = [];
  const passphrase = 'correct horse battery staple';
  const other = 'another passphrase entirely';

  it('create, show, change the passphrase of, rotate, export and import the master key', async () => {
    const { run: plain, config, file } = await deployment();
    const dir = mkdtempSync(join(tmpdir(), 'keys-'));
    const word = (name: string, text: string): string => {
      writeFileSync(join(dir, name), `${text}\n`, { mode: 0o600 });
      return join(dir, name);
    };
    const [first, second] = [word('first', passphrase), word('second', other)];
    const run = async (...args: string[]): Promise<Ended> => {
      const ended = await plain(...args);
      said.push(ended.stdout, ended.stderr);
      return ended;
    };
    const master = config.keys.master_key_file;
    const before = json(await run('keys', 'show', '--json')) as { masterKey: string; publicKeys: object };
    // Everything of this deployment that signs records is there to be pinned, and what signs its backups.
    expect(Object.keys(before.publicKeys)).toEqual(
      ['observation', 'crypto', 'connection', 'integrity', 'operator', 'backup'].map((source) => `/alice/${source}`),
    );
    expect(before).toMatchObject({ passphrase: false, file: master });
    expect((await run('keys', 'create', '--plain')).stderr).toContain('is not overwritten');

    const changed = await run('keys', 'change-passphrase', '--new-passphrase-file', first, '--set', `keys.passphrase_file=${second}`);
    expect(changed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`put it into keys.passphrase_file ${second}, too`) as string,
    });
    expect(statSync(master).mode & 0o777).toBe(0o600);
    expect(readFileSync(master, 'utf8')).toContain('argon2id');
    expect((await run('keys', 'show')).stderr).toContain('no terminal to ask on');
    expect((await run('keys', 'show', '--set', `keys.passphrase_file=${second}`)).stderr).toContain('the passphrase is another one');
    const unlock = ['--set', `keys.passphrase_file=${first}`];
    expect(json(await run('keys', 'show', '--json', ...unlock))).toMatchObject({ ...before, passphrase: true });

    expect(json(await run('keys', 'rotate', '--json', ...unlock))).toMatchObject({ crypto: { dataKey: 2, values: 3_003 } });
    expect(json(await run('data', 'check', '--json', ...unlock))).toMatchObject({ crypto: { rows: 3_003, faults: [] } });

    const exported = join(dir, 'exported');
    expect((await run('keys', 'export', '--to', exported, '--new-passphrase-file', second, ...unlock)).code).toBe(0);
    rmSync(master);
    expect((await run('keys', 'import', '--from', exported, '--passphrase-file', second, '--plain')).code).toBe(0);
    expect(json(await run('keys', 'show', '--json'))).toMatchObject(before);
    expect(readFileSync(master, 'utf8').trim()).toBe(`0x${Buffer.from(MASTER).toString('hex')}`);
    expect((await run('keys', 'create', '--plain', '--set', `keys.master_key_file=${join(dir, 'made')}`)).code).toBe(0);
    expect(readFileSync(join(dir, 'made'), 'utf8')).toMatch(/^0x[0-9a-f]{64}\n$/);
    expect(file).toContain('.toml');
    // Each command stretches a passphrase anew: seconds of processor time in all.
  }, 90_000);

  it('never show a secret', () => {
    const derive = deriver(MASTER, 'alice');
    const secrets = [MASTER, derive('wrap'), derive('crypto'), derive('backup/seal'), derive('libp2p')].map((bytes) =>
      Buffer.from(bytes).toString('hex'),
    );
    for (const secret of [...secrets, passphrase, other]) expect(said.join('\n')).not.toContain(secret);
  });
});

describe('where there is no store', () => {
  it.each([
    ['data', 'check'],
    ['keys', 'rotate'],
  ])('%s %s says so, and nothing is recorded', async (...words) => {
    const file = configFile('127.0.0.1:1');
    const { code, stderr } = await runDataCommand(...words, '--config', file);
    expect(code).toBe(2);
    expect(stderr).toContain('there is no store in');
    expect(existsSync(join(dirname(file), 'data/alice/acts'))).toBe(false);
  });

  it('memory is no place for what was signed, but for development accounts', () => {
    const config = loadConfig(configFile('127.0.0.1:1'), {}, ['general.store=memory']);
    expect(() => driverOf(config)).not.toThrow();
    Reflect.deleteProperty(config.keys, 'dev_account');
    expect(() => driverOf(config)).toThrow('it forgets at every end what was signed');
  });
});
