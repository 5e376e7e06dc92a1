import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { BackupTarget } from '../../data/backup/backupTarget.ts';
import { BackupError } from '../../domain/backup/backupError.ts';

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** Files on their way have this in their names: a crash may leave some, and nobody takes them for more. */
const UNFINISHED = '.unfinished-';

const syncFolder = async (dir: string): Promise<void> => {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** Keeps backups in a folder, readable by this user alone; made where there is none. */
export const openFolderTarget = (dir: string): BackupTarget => {
  const pathOf = (name: string): string => join(dir, ...name.split('/'));

  const use = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw new BackupError(
        'backup.target',
        `the backups in ${dir} cannot be used (${String(cause)}); look at the disk and at the folder's owner`,
        { cause },
      );
    }
  };

  return {
    where: dir,
    put: (name, bytes) =>
      use(async () => {
        const path = pathOf(name);
        const unfinished = `${path}${UNFINISHED}${randomBytes(4).toString('hex')}`;
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        try {
          const file = await open(unfinished, 'wx', 0o600);
          try {
            await file.writeFile(bytes);
            await file.sync();
          } finally {
            await file.close();
          }
          await rename(unfinished, path);
        } catch (error) {
          await rm(unfinished, { force: true });
          throw error;
        }
        await syncFolder(dirname(path));
      }),
    get: (name) =>
      use(async () => {
        try {
          return await readFile(pathOf(name));
        } catch (error) {
          if (isMissing(error)) return undefined;
          throw error;
        }
      }),
    list: (prefix) =>
      use(async () => {
        const root = pathOf(prefix.slice(0, prefix.lastIndexOf('/') + 1));
        try {
          const entries = await readdir(root, { recursive: true, withFileTypes: true });
          return entries
            .filter((entry) => entry.isFile() && !entry.name.includes(UNFINISHED))
            .map(({ parentPath, name }) => relative(dir, join(parentPath, name)).split(sep).join('/'))
            .filter((name) => name.startsWith(prefix))
            .sort();
        } catch (error) {
          if (isMissing(error)) return [];
          throw error;
        }
      }),
    remove: (name) => use(() => rm(pathOf(name), { force: true })),
  };
};
