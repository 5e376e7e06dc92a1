import { randomBytes } from 'node:crypto';
import { access, constants, open, stat, statfs, unlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../core/configSchema.ts';
import { listBackups } from '../data/backup/readBackup.ts';
import { timeOfBackup } from '../domain/backup/manifest.ts';
import { CoordinatorError } from '../domain/errors.ts';
import type { BackupFacts, DiskFacts, Failure, KeyFacts, PortFacts } from '../domain/health/facts.ts';
import { MODULES } from '../modules/moduleNames.ts';
import { backupOf, backupTargets } from './backups.ts';
import { readKeystore } from './deploymentKeys.ts';
import { readHexText, readSecretHex, readSecretText, secretExists, variableOf } from './secretFile.ts';
import { dataFolder, storeFolder } from './stores.ts';

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The folder itself, or the closest one above it that is there: what is missing is made at the first start. */
const nearest = async (dir: string): Promise<string> => {
  let at = resolve(dir);
  while (!(await exists(at)) && dirname(at) !== at) at = dirname(at);
  return at;
};

/** What went wrong, under the code that `run` gives it; `code` for what has none of ours. */
export const failureOf = (error: unknown, code: string): Failure => ({
  code: error instanceof CoordinatorError ? error.code : code,
  text: error instanceof Error ? error.message : String(error),
});

/** Writes of which the middle one counts. */
const WRITES = 9;

/** Milliseconds until four kilobytes are durable in a folder: the middle one of several. */
const syncTimeIn = async (dir: string): Promise<number> => {
  const file = join(dir, `.doctor-${randomBytes(8).toString('hex')}`);
  const handle = await open(file, 'wx', 0o600);
  try {
    const times: number[] = [];
    for (let turn = 0; turn < WRITES; turn += 1) {
      const began = performance.now();
      await handle.write(randomBytes(4096), 0, 4096, turn * 4096);
      await handle.sync();
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b)[(WRITES - 1) / 2] ?? 0;
  } finally {
    await handle.close();
    await unlink(file);
  }
};

const lookAtDisk = async (key: string, dir: string, reserve: number, isPrivate: boolean): Promise<DiskFacts> => {
  const there = await nearest(dir);
  try {
    const { bavail, bsize, blocks } = await statfs(there);
    const { mode } = await stat(there);
    await access(there, constants.W_OK);
    // A folder that is not there yet is made for its user alone.
    const open = isPrivate && there === resolve(dir) && (mode & 0o077) !== 0 && process.platform !== 'win32';
    return { key, dir, open, free: bavail * bsize, size: blocks * bsize, reserve, syncTime: await syncTimeIn(there) };
  } catch (error) {
    return { key, dir, reserve, failure: failureOf(error, 'store.io') };
  }
};

/** Looks at the folders of state and backups: room, rights, and how long a short write takes to be durable. */
export const lookAtDisks = async (config: Config): Promise<DiskFacts[]> => {
  const { backup_dir, min_free_mb } = config.general;
  return [
    await lookAtDisk('general.data_dir', dataFolder(config), min_free_mb * 1e6, true),
    await lookAtDisk('general.backup_dir', backup_dir, min_free_mb * 1e6, false),
  ];
};

/** Reads a master key so far as can be without asking for its passphrase; the place of what opens it: its own, its passphrase's, or none. */
const readMaster = async ({ master_key_file, passphrase_file }: Config['keys']): Promise<string | undefined> => {
  const text = await readSecretText(master_key_file, 'keys.master_key_file', '32 bytes of hex, or a keystore that "keys create" makes,');
  if (!text.startsWith('{')) {
    readHexText(text, `keys.master_key_file ${master_key_file}`, [32]);
    return master_key_file;
  }
  readKeystore(text, master_key_file);
  if (passphrase_file !== undefined) await readSecretText(passphrase_file, 'keys.passphrase_file', 'the passphrase');
  return passphrase_file;
};

/** Looks at the files of keys: whether they can be read, by us alone, and on which disk they lie. */
export const lookAtKeys = async (config: Config): Promise<KeyFacts[]> => {
  const { keys } = config;
  const look = async (key: string, place: string, read: () => Promise<string | undefined>): Promise<KeyFacts> => {
    try {
      const opening = await read();
      if (opening === undefined || variableOf(opening) !== undefined) return { key, place };
      const disk = (await stat(await nearest(config.general.data_dir))).dev;
      return { key, place, besideData: (await stat(opening)).dev === disk };
    } catch (error) {
      return { key, place, failure: failureOf(error, 'key.unusable') };
    }
  };
  const found: KeyFacts[] = [];
  // A development account gets a master key at its first start.
  if (keys.dev_account === undefined || secretExists(keys.master_key_file))
    found.push(await look('keys.master_key_file', keys.master_key_file, () => readMaster(keys)));
  const serai = keys.serai_key_file;
  if (serai !== undefined)
    found.push(
      await look('keys.serai_key_file', serai, async () => {
        await readSecretHex(serai, 'keys.serai_key_file', [32, 64]);
        return serai;
      }),
    );
  return found;
};

/** Looks at the backups of modules that have a store; the place that is behind counts. */
export const lookAtBackups = async (config: Config, now: number): Promise<BackupFacts[]> => {
  const interval = config.general.backup_interval / 1_000;
  const found: BackupFacts[] = [];
  for (const module of MODULES) {
    if (!(await exists(storeFolder(config, module)))) continue;
    try {
      const times: number[] = [];
      for (const target of await backupTargets(config)) {
        const newest = (await listBackups({ target }, backupOf(config, module))).at(-1);
        times.push(newest === undefined ? 0 : timeOfBackup(newest));
      }
      const oldest = Math.min(...times);
      const made = oldest === 0 ? null : new Date(oldest).toISOString();
      found.push({ module, made, age: made === null ? null : Math.max(0, (now - oldest) / 1_000), interval, failing: null });
    } catch (error) {
      found.push({ module, made: null, age: null, interval, failing: error instanceof Error ? error.message : String(error) });
    }
  }
  return found;
};

/** Host and port of a multiaddr we listen on. */
const placeOf = (address: string): { readonly host: string; readonly port: number } => {
  const [, , host = '', , port = '0'] = address.split('/');
  return { host, port: Number(port) };
};

/** Tries to listen, and lets go at once. */
const tryPort = (host: string, port: number): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise((done) => {
    const server = createServer();
    server.once('error', done);
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        done(undefined);
      });
    });
  });

/** Looks at the ports a coordinator listens on; `ours` tells of one that is taken whether the coordinator that runs has it. */
export const lookAtPorts = async (
  { connection, http }: Config,
  ours: (key: PortFacts['key'], port: number) => boolean | Promise<boolean>,
): Promise<PortFacts[]> => {
  const places = [
    ...connection.listen.map((address) => ({ key: 'connection.listen', ...placeOf(address) })),
    ...(http === undefined ? [] : [{ key: 'http.port', host: http.host, port: http.port }]),
  ];
  const found: PortFacts[] = [];
  for (const { key, host, port } of places) {
    const address = `${host}:${String(port)}`;
    const error = await tryPort(host, port);
    if (error === undefined) found.push({ key, address, use: 'free' });
    else if (error.code === 'EADDRINUSE') found.push({ key, address, use: (await ours(key, port)) ? 'ours' : 'taken' });
    else found.push({ key, address, use: 'free', failure: { code: 'port.unusable', text: error.message } });
  }
  return found;
};
