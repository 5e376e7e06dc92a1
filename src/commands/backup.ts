import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { Config } from '../core/configSchema.ts';
import { verifyBackup } from '../data/backup/readBackup.ts';
import { BackupError } from '../domain/backup/backupError.ts';
import { MODULES, type ModuleName } from '../modules/moduleNames.ts';
import { askToWork } from './askToWork.ts';
import {
  type BackedUp,
  backUpModule,
  backupsOf,
  backupTargets,
  drillModule,
  findBackup,
  type Listed,
  placeIn,
  type Restored,
  restoreModule,
} from './backups.ts';
import { columns } from './columns.ts';
import { readMasterKey } from './deploymentKeys.ts';
import { progress } from './progress.ts';
import { recordAct } from './recordAct.ts';
import { openModuleStore, storeFolder } from './stores.ts';

/** What the backup commands have in common. */
export interface BackupCommand {
  readonly json: boolean;
}

/** A command that is recorded in the audit log, with why it was given. */
export interface ReasonedCommand extends BackupCommand {
  readonly reason: string;
}

/** A command about a backup that is there. */
export interface OneBackup extends BackupCommand {
  /** Of which modules; without it of all. */
  readonly modules?: readonly ModuleName[];
  /** Where it lies: in the folder, or in the S3 store. */
  readonly from: 'folder' | 's3';
}

const print = (text: string): void => {
  process.stdout.write(text);
};

const MB = 1_000_000;

const size = (bytes: number): string => (bytes >= MB ? `${(bytes / MB).toFixed(1)} MB` : `${(bytes / 1000).toFixed(1)} kB`);

const part = (done: number, all: number): string => (all === 0 ? '100 %' : `${String(Math.floor((100 * done) / all))} %`);

const madeLine = (module: ModuleName, { manifest, written, where, verified }: BackedUp): string =>
  `${module}: backup ${manifest.id}, ${String(manifest.rows)} rows, ${size(manifest.bytes)}; wrote ${String(written.chunks)} of ${String(manifest.chunks.length)} chunks, ${size(written.bytes)}; verified in ${verified.seconds.toFixed(1)} s; in ${where}\n`;

/** Takes a backup of every store: by the modules that run, and of those that do not. */
export const createBackups = async (config: Config, { json, reason }: ReasonedCommand): Promise<void> => {
  const online = await askToWork(config, { do: 'back-up' });
  const made: { module: string; id: string; where: string; rows: number; bytes: number; written: number }[] = [...(online?.backups ?? [])];
  if (!json)
    for (const { module, id, rows, bytes, written, where } of made)
      print(`${module}: backup ${id}, ${String(rows)} rows, ${size(bytes)}; wrote ${size(written)}; verified; in ${where}\n`);
  const done = new Set(made.map(({ module }) => module));
  const modules = MODULES.filter((module) => !done.has(module) && existsSync(storeFolder(config, module)));
  const master = await readMasterKey(config.keys);
  const targets = await backupTargets(config);
  const at = Date.now();
  const tell = progress();
  if (modules.length === 0 && made.length === 0)
    throw new BackupError(
      'backup.not-found',
      `there is no store in ${config.general.data_dir} to take a backup of; has the coordinator run yet?`,
    );
  for (const module of modules) {
    await using opened = new AsyncDisposableStack();
    const store = opened.adopt(await openModuleStore(config, module, { master }), (it) => it.close());
    const all = await backUpModule(config, module, store, {
      ...{ master, targets, at, cause: 'operator', now: Date.now },
      progress: (step, where, bytes) => {
        tell(`${module}: ${step} ${size(bytes)}, ${where}`);
      },
    });
    for (const one of all) {
      const { manifest, written, where } = one;
      made.push({ module, id: manifest.id, where, rows: manifest.rows, bytes: manifest.bytes, written: written.bytes });
      if (!json) print(madeLine(module, one));
    }
  }
  if (json) print(`${JSON.stringify({ backups: made })}\n`);
  const ids = Object.fromEntries(made.map(({ module, id }) => [module, id]));
  await recordAct(config, { act: 'backup-created', reason, details: ids });
};

const listedJson = ({ where, module, manifest, verified }: Listed) => ({
  ...manifest,
  ...{ where, module, chunks: manifest.chunks.length, signature: undefined, verified: verified ?? null },
});

/** The finalized height a store had come to, where it is of a module that follows the chain. */
const heightOf = ({ cursors }: Listed['manifest']): string => {
  const at = z.object({ number: z.number() }).safeParse(cursors['finalized']);
  return at.success ? String(at.data.number) : '';
};

/** Lists the backups there are, in every place; exit code 1 where a manifest cannot be read. */
export const listBackupsThere = async (config: Config, { json }: BackupCommand): Promise<boolean> => {
  const master = await readMasterKey(config.keys);
  const listed: Listed[] = [];
  const unreadable: string[] = [];
  for (const target of await backupTargets(config))
    for (const module of MODULES)
      listed.push(
        ...(await backupsOf(config, module, placeIn(config, target, master), ({ message }) => {
          unreadable.push(message);
        })),
      );
  if (json) print(`${JSON.stringify({ backups: listed.map(listedJson), unreadable })}\n`);
  else {
    const rows = listed.map((one) => [
      one.manifest.id,
      one.module,
      one.manifest.cause,
      String(one.manifest.epoch),
      String(one.manifest.commits),
      heightOf(one.manifest),
      String(one.manifest.rows),
      size(one.manifest.bytes),
      one.verified === undefined ? 'no' : one.verified.at,
      one.where,
    ]);
    print(
      rows.length === 0
        ? 'no backups\n'
        : columns([['ID', 'MODULE', 'CAUSE', 'EPOCH', 'COMMITS', 'HEIGHT', 'ROWS', 'BYTES', 'VERIFIED', 'WHERE'], ...rows]),
    );
    for (const line of unreadable) process.stderr.write(`error: ${line}\n`);
  }
  return unreadable.length === 0;
};

const placeFrom = async (config: Config, from: OneBackup['from'], master: Uint8Array) => {
  const targets = await backupTargets(config);
  const target = from === 's3' ? targets[1] : targets[0];
  if (target === undefined) throw new BackupError('backup.target', 'there is no [backup.s3] in the configuration');
  return placeIn(config, target, master);
};

/** Does something with a module's backup, for each module that has one; each must have the one that was named. */
const forEach = async (
  config: Config,
  id: string,
  { modules = MODULES, from }: OneBackup,
  act: (
    module: ModuleName,
    found: { place: Awaited<ReturnType<typeof placeFrom>>; manifest: Listed['manifest']; master: Uint8Array },
  ) => Promise<void>,
): Promise<void> => {
  const master = await readMasterKey(config.keys);
  const place = await placeFrom(config, from, master);
  for (const module of modules) await act(module, { place, manifest: await findBackup(config, module, place, id), master });
};

/** Opens every byte of a backup; rejects at the first that is not what it was. */
export const verifyBackups = async (config: Config, id: string, options: OneBackup): Promise<void> => {
  const tell = progress();
  const verified: { module: ModuleName; id: string; seconds: number }[] = [];
  await forEach(config, id, options, async (module, { place, manifest }) => {
    const { seconds } = await verifyBackup(place, manifest, Date.now, (bytes) => {
      tell(`${module}: ${part(bytes, manifest.bytes)}`);
    });
    verified.push({ module, id: manifest.id, seconds });
    if (!options.json)
      print(
        `${module}: backup ${manifest.id} is whole: ${String(manifest.rows)} rows, ${size(manifest.bytes)}, in ${seconds.toFixed(1)} s\n`,
      );
  });
  if (options.json) print(`${JSON.stringify({ verified })}\n`);
};

/** Restores the stores of a coordinator that does not run from a backup; they start in quarantine. */
export const restoreBackups = async (
  config: Config,
  id: string,
  options: OneBackup & ReasonedCommand & { readonly replace: boolean },
): Promise<void> => {
  const tell = progress();
  const ready: { readonly module: ModuleName; readonly manifest: Listed['manifest']; readonly store: Restored }[] = [];
  try {
    await forEach(config, id, options, async (module, found) => {
      const { manifest } = found;
      const store = await restoreModule(config, module, {
        ...found,
        replace: options.replace,
        progress: (bytes) => {
          tell(`${module}: ${part(bytes, manifest.bytes)}`);
        },
      });
      ready.push({ module, manifest, store });
    });
  } catch (error) {
    // Backups of all modules, or of none: nothing has been put in place yet.
    for (const { store } of ready) await store.discard();
    throw error;
  }
  const restored: { module: ModuleName; id: string; aside: string | null }[] = [];
  for (const { module, manifest, store } of ready) {
    const aside = await store.putInPlace();
    restored.push({ module, id: manifest.id, aside: aside ?? null });
    if (!options.json)
      print(
        `${module}: restored from ${manifest.id}, epoch ${String(manifest.epoch)}, commit ${String(manifest.commits)}${aside === undefined ? '' : `; what was there is in ${aside}`}\n`,
      );
  }
  if (options.json) print(`${JSON.stringify({ restored })}\n`);
  else print('the coordinator starts in quarantine: it observes, and signs nothing until "resume" (docs/data.md)\n');
  const ids = Object.fromEntries(restored.map((one) => [one.module, one.id]));
  await recordAct(config, { act: 'restored', reason: options.reason, details: ids });
};

/** Restores a backup into a scratch folder, checks it against the live store it was taken from, and tells the time it took. */
export const drillBackups = async (config: Config, id: string, options: OneBackup & ReasonedCommand): Promise<void> => {
  const tell = progress();
  const drills: ({ module: ModuleName } & Awaited<ReturnType<typeof drillModule>>)[] = [];
  await forEach(config, id, options, async (module, found) => {
    const { manifest } = found;
    const told = (bytes: number): void => {
      tell(`${module}: ${part(bytes, manifest.bytes)}`);
    };
    const drill = await drillModule(config, module, { ...found, progress: told }, Date.now);
    drills.push({ module, ...drill });
    if (!options.json)
      print(
        `${module}: backup ${drill.id} restores in ${drill.seconds.toFixed(1)} s: ${String(drill.rows)} rows, ${size(drill.bytes)}, every invariant holds, the digest is that of the live store\n`,
      );
  });
  if (options.json) print(`${JSON.stringify({ drills })}\n`);
  const ids = Object.fromEntries(drills.map((one) => [one.module, one.id]));
  await recordAct(config, { act: 'backup-drilled', reason: options.reason, details: ids });
};
