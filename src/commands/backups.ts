import { rename, rm, stat } from 'node:fs/promises';
import type { Config } from '../core/configSchema.ts';
import type { BackupKeys } from '../data/backup/backupKeys.ts';
import type { BackupTarget } from '../data/backup/backupTarget.ts';
import { type Created, createBackup } from '../data/backup/createBackup.ts';
import { digestOfRows } from '../data/backup/digestOfRows.ts';
import type { BackupOf } from '../data/backup/names.ts';
import { pruneBackups } from '../data/backup/pruneBackups.ts';
import {
  type BackupPlace,
  lastVerified,
  listBackups,
  manifestOf,
  noteVerified,
  type Verified,
  verifyBackup,
} from '../data/backup/readBackup.ts';
import { RESTORED, restoreBackup } from '../data/backup/restoreBackup.ts';
import { BUCKETS } from '../data/buckets.ts';
import { checkStore } from '../data/checkStore.ts';
import { openSealedStore, type Progress } from '../data/sealedStore.ts';
import type { Store } from '../data/store.ts';
import { BackupError } from '../domain/backup/backupError.ts';
import { type BackupContents, backupIdAt, type Manifest } from '../domain/backup/manifest.ts';
import { openFolderTarget } from '../drivers/folder/folderTarget.ts';
import { openS3Target } from '../drivers/s3/s3Target.ts';
import type { ModuleName } from '../modules/moduleNames.ts';
import { backupKeysOf } from './deploymentKeys.ts';
import { readSecretText } from './secretFile.ts';
import { driverOf, random, sealingOf, storeFolder, storeIdOf } from './stores.ts';

/** The places a configuration keeps backups in: the folder first, then the S3 store. */
export const backupTargets = async ({ general, backup }: Config): Promise<readonly BackupTarget[]> => {
  const folder = openFolderTarget(general.backup_dir);
  const s3 = backup?.s3;
  if (s3 === undefined) return [folder];
  const secret = await readSecretText(s3.secret_key_file, 'backup.s3.secret_key_file', 'the secret access key');
  const { endpoint, region, bucket, prefix } = s3;
  return [folder, openS3Target({ endpoint, region, bucket, prefix, accessKeyId: s3.access_key_id, secretAccessKey: secret })];
};

/** Whose backups a module's are. */
export const backupOf = ({ general }: Config, module: ModuleName): BackupOf => ({ deployment: general.name, module });

/** Backups of a deployment in one place. */
export const placeIn = (config: Config, target: BackupTarget, master: Uint8Array): BackupPlace & { readonly keys: BackupKeys } => ({
  target,
  keys: backupKeysOf(master, config.general.name),
});

export interface BackUpModule {
  readonly master: Uint8Array;
  readonly targets: readonly BackupTarget[];
  /** When it is taken, milliseconds since 1970: gives the backup its id. */
  readonly at: number;
  readonly cause: BackupContents['cause'];
  readonly now: () => number;
  readonly progress?: (step: 'reading' | 'verifying', where: string, bytes: number) => void;
}

/** A backup that was made in one place, opened again and found whole. */
export interface BackedUp extends Created {
  readonly where: string;
  readonly verified: Verified;
}

/** Takes a backup of a module's open store in every place, opens each to see that it is whole, and takes away what the keep rule does not keep. */
export const backUpModule = async (
  config: Config,
  module: ModuleName,
  rows: Pick<Store, 'snapshot'>,
  { master, targets, at, cause, now, progress }: BackUpModule,
): Promise<BackedUp[]> => {
  const made: BackedUp[] = [];
  for (const target of targets) {
    const place = placeIn(config, target, master);
    const of = backupOf(config, module);
    const make = async (anew: boolean): Promise<BackedUp> => {
      const created = await createBackup({
        ...place,
        ...of,
        rows,
        storeId: storeIdOf(config, module),
        id: backupIdAt(at),
        cause,
        takenAt: new Date(now()).toISOString(),
        random,
        anew,
        progress: (bytes) => progress?.('reading', target.where, bytes),
      });
      const verified = await verifyBackup(place, created.manifest, now, (bytes) => progress?.('verifying', target.where, bytes));
      return { ...created, where: target.where, verified };
    };
    made.push(
      await make(false).catch((error: unknown) => {
        // A chunk of an earlier backup that it shares was damaged since: it is written once more, which mends the earlier one, too.
        if (error instanceof BackupError && error.code === 'backup.damaged') return make(true);
        throw error;
      }),
    );
    await pruneBackups(place, of, config.general.backup_keep);
  }
  return made;
};

/** A backup as it is listed. */
export interface Listed {
  readonly where: string;
  readonly module: ModuleName;
  readonly manifest: Manifest;
  readonly verified: Verified | undefined;
}

/** The backups of a module in a place, oldest first; those whose manifests cannot be read are told of. */
export const backupsOf = async (
  config: Config,
  module: ModuleName,
  place: BackupPlace,
  unreadable: (error: BackupError) => void,
): Promise<Listed[]> => {
  const of = backupOf(config, module);
  const listed: Listed[] = [];
  for (const id of await listBackups(place, of)) {
    try {
      const manifest = await manifestOf(place, of, id);
      listed.push({ where: place.target.where, module, manifest, verified: await lastVerified(place, of, id) });
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      unreadable(error);
    }
  }
  return listed;
};

/** The manifest of a backup by its id, or of the latest one. */
export const findBackup = async (config: Config, module: ModuleName, place: BackupPlace, id: string): Promise<Manifest> => {
  const of = backupOf(config, module);
  const ids = await listBackups(place, of);
  const found = id === 'latest' ? ids.at(-1) : id;
  if (found === undefined)
    throw new BackupError('backup.not-found', `there is no backup of ${module} in ${place.target.where}; "backup create" makes one`);
  return manifestOf(place, of, found);
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Writes a backup into a store in a folder of its own, sealed anew, and checks what came of it against its manifest. */
const restoreInto = async (
  config: Config,
  module: ModuleName,
  {
    place,
    manifest,
    master,
    dir,
    progress,
  }: {
    readonly place: BackupPlace;
    readonly manifest: Manifest;
    readonly master: Uint8Array;
    readonly dir: string;
    readonly progress?: Progress;
  },
): Promise<void> => {
  const store = await openSealedStore(await driverOf(config)(dir), sealingOf(config, module, master));
  try {
    await restoreBackup(place, manifest, store, progress);
    const { faults } = await checkStore(store);
    const found = await digestOfRows(store, ({ bucket, key }) => bucket !== BUCKETS.meta || Buffer.compare(key, RESTORED) !== 0);
    if (faults.length > 0) throw new BackupError('backup.damaged', `backup ${manifest.id} of ${module} opens, but: ${faults.join('; ')}`);
    if (found !== manifest.digest)
      throw new BackupError(
        'backup.damaged',
        `what was restored of backup ${manifest.id} of ${module} is not what the store held; look at the disk of ${dir}`,
      );
  } finally {
    await store.close();
  }
};

export interface RestoreModule {
  readonly place: BackupPlace;
  readonly manifest: Manifest;
  readonly master: Uint8Array;
  /** Whether a store that is there may be put aside. */
  readonly replace: boolean;
  readonly progress?: Progress;
}

/** A store that was restored beside the one in use, and checked. */
export interface Restored {
  /** Puts it in its place, in one step. What was there is kept under another name, which is returned. */
  readonly putInPlace: () => Promise<string | undefined>;
  readonly discard: () => Promise<void>;
}

/** Restores a module's store from a backup beside the one that is there. The module starts in quarantine (docs/data.md). */
export const restoreModule = async (config: Config, module: ModuleName, options: RestoreModule): Promise<Restored> => {
  const { manifest, replace } = options;
  const dir = storeFolder(config, module);
  const there = await exists(dir);
  if (there && !replace)
    throw new BackupError('backup.in-the-way', `there is a store in ${dir}; with --replace it is put aside and kept under another name`);
  // Refused while a coordinator has it open.
  if (there) await releaseCheck(config, dir);
  const beside = `${dir}.restoring`;
  const discard = (): Promise<void> => rm(beside, { recursive: true, force: true });
  await discard();
  try {
    await restoreInto(config, module, { ...options, dir: beside });
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    putInPlace: async () => {
      const aside = there ? `${dir}.before-${manifest.id}-${backupIdAt(Date.now())}` : undefined;
      if (aside !== undefined) await rename(dir, aside);
      await rename(beside, dir);
      return aside;
    },
    discard,
  };
};

/** Throws StoreError `store.locked` while a process has the store open; a store that is damaged may be put aside. */
const releaseCheck = async (config: Config, dir: string): Promise<void> => {
  try {
    await (await driverOf(config)(dir)).close();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'store.corrupt') return;
    throw error;
  }
};

/** A drill that went well. */
export interface Drill {
  readonly id: string;
  readonly seconds: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Restores a backup into a scratch folder, checks every invariant and the digest of the live store it was taken from, and notes the time it took. */
export const drillModule = async (
  config: Config,
  module: ModuleName,
  { place, manifest, master, progress }: Omit<RestoreModule, 'replace'>,
  now: () => number,
): Promise<Drill> => {
  const dir = `${storeFolder(config, module)}.drill`;
  const began = now();
  await rm(dir, { recursive: true, force: true });
  try {
    await restoreInto(config, module, { place, manifest, master, dir, ...(progress === undefined ? {} : { progress }) });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  const seconds = (now() - began) / 1000;
  const verified: Verified = { at: new Date(now()).toISOString(), seconds };
  await noteVerified(place, manifest, verified);
  return { id: manifest.id, seconds, rows: manifest.rows, bytes: manifest.bytes };
};
