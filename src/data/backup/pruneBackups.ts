import { type KeepRule, notKept } from '../../domain/backup/keepRule.ts';
import { type BackupOf, chunkNamed, chunksOf, manifestName, verifiedName } from './names.ts';
import { type BackupPlace, listBackups, manifestOf } from './readBackup.ts';

/** What went. */
export interface Pruned {
  readonly backups: readonly string[];
  readonly chunks: number;
}

/**
 * Takes away a module's backups that the rule does not keep, and the chunks that no backup needs any more. While a manifest that is
 * kept cannot be read, no chunk goes.
 */
export const pruneBackups = async (place: BackupPlace, of: BackupOf, rule: KeepRule): Promise<Pruned> => {
  const { target } = place;
  const ids = await listBackups(place, of);
  const gone = notKept(ids, rule);
  const kept = ids.filter((id) => !gone.includes(id));
  const needed = new Set<string>();
  for (const id of kept) for (const chunk of (await manifestOf(place, of, id)).chunks) needed.add(chunk.id);
  for (const id of gone) {
    // The manifest first: a backup is whole or it is not there.
    await target.remove(manifestName(of, id));
    await target.remove(verifiedName(of, id));
  }
  const unneeded = (await target.list(chunksOf(of))).filter((name) => !needed.has(chunkNamed(name)));
  for (const name of unneeded) await target.remove(name);
  return { backups: gone, chunks: unneeded.length };
};
