import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { z } from 'zod';
import { BackupError } from '../../domain/backup/backupError.ts';
import { type Manifest, readManifest } from '../../domain/backup/manifest.ts';
import { toHex } from '../../domain/hex.ts';
import { openChunk } from '../../domain/sealing/sealedChunk.ts';
import type { Progress } from '../sealedStore.ts';
import type { Row } from '../store.ts';
import { type BackupKeys, chunkId } from './backupKeys.ts';
import type { BackupTarget } from './backupTarget.ts';
import { countRows, rowsOfChunk } from './chunks.ts';
import { type BackupOf, backupNamed, chunkName, manifestName, manifestsOf, verifiedName } from './names.ts';

const decompress = promisify(zstdDecompress);

/** Chunks that are fetched ahead. */
const AHEAD = 4;

/** What a backup lies in, and what opens it. */
export interface BackupPlace {
  readonly target: BackupTarget;
  readonly keys: BackupKeys;
}

/** The ids of a module's backups, oldest first. */
export const listBackups = async ({ target }: Pick<BackupPlace, 'target'>, of: BackupOf): Promise<string[]> =>
  (await target.list(manifestsOf(of))).flatMap((name) => backupNamed(name) ?? []).sort();

/** A backup's manifest; throws BackupError `backup.not-found`, `backup.forged` or `backup.damaged`. */
export const manifestOf = async ({ target, keys }: BackupPlace, of: BackupOf, id: string): Promise<Manifest> => {
  const name = manifestName(of, id);
  const bytes = await target.get(name);
  if (bytes === undefined)
    throw new BackupError('backup.not-found', `there is no backup ${id} of ${of.module} in ${target.where}; see "backup list"`);
  const manifest = readManifest(bytes, name, keys.publicKey);
  if (manifest.id !== id || manifest.module !== of.module || manifest.deployment !== of.deployment)
    throw new BackupError(
      'backup.forged',
      `${name} is the manifest of another backup, ${manifest.id} of ${manifest.deployment}/${manifest.module}`,
    );
  return manifest;
};

const damaged = (manifest: Manifest, what: string, cause?: unknown): BackupError =>
  new BackupError('backup.damaged', `backup ${manifest.id} of ${manifest.module}: ${what}; take another one ("backup list")`, { cause });

/** A chunk's bytes; proven to be those that the manifest names. */
const fetchChunk = async ({ target, keys }: BackupPlace, manifest: Manifest, id: string): Promise<Uint8Array> => {
  const name = chunkName(manifest, id);
  const sealed = await target.get(name);
  if (sealed === undefined) throw damaged(manifest, `${name} is missing in ${target.where}`);
  let bytes: Uint8Array;
  try {
    bytes = await decompress(openChunk(keys.seal, id, sealed));
  } catch (cause) {
    throw damaged(manifest, `${name} in ${target.where} was changed`, cause);
  }
  if (chunkId(keys, bytes) !== id) throw damaged(manifest, `${name} in ${target.where} is another chunk`);
  return bytes;
};

/**
 * The chunks of a backup, in order, some fetched ahead. Ends only where all of them were there and are, by their digest, what the store held;
 * throws BackupError `backup.damaged` otherwise. `progress` hears of bytes of rows.
 */
async function* chunksOf(place: BackupPlace, manifest: Manifest, progress?: Progress): AsyncIterable<Uint8Array> {
  const digest = createHash('sha256');
  const fetches: Promise<Uint8Array>[] = [];
  let done = 0;
  for (const [index, { bytes: length }] of manifest.chunks.entries()) {
    while (fetches.length < AHEAD && index + fetches.length < manifest.chunks.length) {
      const fetching = fetchChunk(place, manifest, manifest.chunks[index + fetches.length]?.id ?? '');
      fetching.catch(() => undefined);
      fetches.push(fetching);
    }
    const bytes = (await fetches.shift()) ?? new Uint8Array();
    digest.update(bytes);
    yield bytes;
    done += length;
    progress?.(done);
  }
  if (toHex(digest.digest()) !== manifest.digest) throw damaged(manifest, 'its rows are not those that its manifest names');
}

/** The rows of a backup, in order, those of a chunk together; as {@link chunksOf}. */
export async function* rowsOfBackup(place: BackupPlace, manifest: Manifest, progress?: Progress): AsyncIterable<readonly Row[]> {
  for await (const bytes of chunksOf(place, manifest, progress)) yield rowsOfChunk(bytes);
}

/** What is noted beside a backup that was opened and found whole. */
const verifiedNote = z.strictObject({ at: z.iso.datetime(), seconds: z.number().min(0) });
export type Verified = z.infer<typeof verifiedNote>;

const readNote = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};

/** Notes that a backup was opened and found whole. */
export const noteVerified = async ({ target }: Pick<BackupPlace, 'target'>, manifest: Manifest, verified: Verified): Promise<void> =>
  target.put(verifiedName(manifest, manifest.id), new TextEncoder().encode(JSON.stringify(verified)));

/** Opens all of a backup, counts its rows, and notes that it is whole. */
export const verifyBackup = async (place: BackupPlace, manifest: Manifest, now: () => number, progress?: Progress): Promise<Verified> => {
  const began = now();
  let rows = 0;
  for await (const bytes of chunksOf(place, manifest, progress)) rows += countRows(bytes);
  if (rows !== manifest.rows) throw damaged(manifest, 'it does not hold as many rows as its manifest names');
  const verified = { at: new Date(now()).toISOString(), seconds: (now() - began) / 1000 };
  await noteVerified(place, manifest, verified);
  return verified;
};

/** When a backup was last opened and found whole; undefined where it never was, or where the note of it cannot be read. */
export const lastVerified = async ({ target }: Pick<BackupPlace, 'target'>, of: BackupOf, id: string): Promise<Verified | undefined> => {
  const bytes = await target.get(verifiedName(of, id));
  return bytes === undefined ? undefined : verifiedNote.safeParse(readNote(bytes)).data;
};
