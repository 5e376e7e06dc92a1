import { ed25519 } from '@noble/curves/ed25519.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { canonicalJson } from '../canonicalJson.ts';
import { fromHex, toHex } from '../hex.ts';
import { hex, hexOf, u32 } from '../processor/ids.ts';
import type { Json } from '../tables.ts';
import { BackupError } from './backupError.ts';

/** As in `20260102T030405Z`. */
const BACKUP_ID = /^\d{8}T\d{6}Z$/;

/** Whether this is the id of a backup: a time that there is. */
export const isBackupId = (text: string): boolean => BACKUP_ID.test(text) && !Number.isNaN(timeOfBackup(text));

const count = z.number().int().min(0);
const json: z.ZodType<Json> = z.json();

/** What a backup of one module's store is, in clear: it tells how far work had come, and nothing of what was worked on. */
const contents = z.strictObject({
  format: z.literal('serai-coordinator/backup/1'),
  /** When it was taken, as in `20260102T030405Z`; backups of several modules that were taken together share it. */
  id: z.string().refine(isBackupId),
  deployment: z.string(),
  module: z.string(),
  storeId: z.string(),
  takenAt: z.iso.datetime(),
  cause: z.enum(['interval', 'operator', 'migration']),
  /** The number of the start that the store was in, and of its last commit (design §10). */
  epoch: u32,
  commits: count,
  /** How far each source was read: finalized heights, offsets of topics. */
  cursors: z.record(z.string(), json),
  rows: count,
  /** Bytes of rows, before they were compressed. */
  bytes: count,
  /** SHA-256 of the rows in order, each as a chunk has it. */
  digest: hexOf(32),
  /** By which master key: its fingerprint. */
  masterKey: z.string(),
  /** HMAC-SHA256 of each chunk, which names it; the same rows make the same chunk in every backup. */
  chunks: z.array(z.strictObject({ id: hexOf(32), rows: count, bytes: count })),
});
export type BackupContents = z.infer<typeof contents>;

const manifest = z.strictObject({ ...contents.shape, signature: hex });

/** A backup of one module's store. */
export type Manifest = z.infer<typeof manifest>;

const signed = (what: BackupContents): Uint8Array => utf8ToBytes(`serai-coordinator/v1/backup${canonicalJson(what)}`);

/** Signs a manifest: Ed25519 over `serai-coordinator/v1/backup` ‖ canonical JSON of the rest. */
export const signManifest = (what: BackupContents, secret: Uint8Array): Manifest => ({
  ...what,
  signature: toHex(ed25519.sign(signed(what), secret)),
});

/** Reads a manifest and checks its signature against a key that is known from elsewhere; throws BackupError. */
export const readManifest = (bytes: Uint8Array, name: string, publicKey: Uint8Array): Manifest => {
  let read: Manifest;
  try {
    read = manifest.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new BackupError('backup.damaged', `${name} is not a manifest of a backup; take another backup (backup list)`, { cause });
  }
  const { signature, ...what } = read;
  const bytesOfSignature = fromHex(signature);
  if (bytesOfSignature.length !== 64 || !ed25519.verify(bytesOfSignature, signed(what), publicKey))
    throw new BackupError('backup.forged', `${name} is not signed by this deployment: it was changed, or its master key is another one`);
  return read;
};

/** The id of a backup that is taken at a time (milliseconds since 1970). */
export const backupIdAt = (time: number): string =>
  new Date(time)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');

/** The time in a backup's id: milliseconds since 1970. */
export const timeOfBackup = (id: string): number =>
  Date.parse(id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
