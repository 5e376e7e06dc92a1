import { isBackupId } from '../../domain/backup/manifest.ts';

/** Whose store: a module of a deployment. */
export interface BackupOf {
  readonly deployment: string;
  readonly module: string;
}

const rootOf = ({ deployment, module }: BackupOf): string => `${deployment}/${module}/`;

const MANIFEST = '.manifest.json';
const VERIFIED = '.verified.json';

/** Where the chunks of a module's backups are. */
export const chunksOf = (of: BackupOf): string => `${rootOf(of)}chunks/`;

export const chunkName = (of: BackupOf, id: string): string => `${chunksOf(of)}${id.slice(2, 4)}/${id.slice(2)}`;

/** The id of the chunk that a name is of. */
export const chunkNamed = (name: string): string => `0x${name.split('/').at(-1) ?? ''}`;

/** Where the manifests of a module's backups are. */
export const manifestsOf = (of: BackupOf): string => `${rootOf(of)}manifests/`;

export const manifestName = (of: BackupOf, id: string): string => `${manifestsOf(of)}${id}${MANIFEST}`;

/** Where it is noted that a backup was opened and found whole. */
export const verifiedName = (of: BackupOf, id: string): string => `${manifestsOf(of)}${id}${VERIFIED}`;

/** The id of the backup whose manifest this is; undefined where it is none, as a copy under a name of its own is not. */
export const backupNamed = (name: string): string | undefined => {
  const file = name.split('/').at(-1) ?? '';
  const id = file.endsWith(MANIFEST) ? file.slice(0, -MANIFEST.length) : '';
  return isBackupId(id) ? id : undefined;
};
