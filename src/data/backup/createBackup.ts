import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { type BackupContents, type Manifest, signManifest } from '../../domain/backup/manifest.ts';
import { type Hex, toHex } from '../../domain/hex.ts';
import { sealChunk } from '../../domain/sealing/sealedChunk.ts';
import type { Json } from '../../domain/tables.ts';
import { BUCKETS } from '../buckets.ts';
import type { Progress } from '../sealedStore.ts';
import type { Row, Store } from '../store.ts';
import { chunkId } from './backupKeys.ts';
import { type Chunk, cutChunks } from './chunks.ts';
import { type BackupOf, chunkName, chunkNamed, chunksOf, manifestName } from './names.ts';
import type { BackupPlace } from './readBackup.ts';

const compress = promisify(zstdCompress);

/** Chunks that are on their way to the target together. */
const AT_ONCE = 4;

export interface CreateBackup extends BackupPlace, BackupOf {
  /** The rows in clear: a sealed store's, or those of one that is about to be migrated. */
  readonly rows: Pick<Store, 'snapshot'>;
  readonly storeId: string;
  readonly id: string;
  readonly cause: BackupContents['cause'];
  readonly takenAt: string;
  readonly random: (length: number) => Uint8Array;
  /** Whether chunks that are there already are written all the same: one of them may be damaged. */
  readonly anew?: boolean;
  /** Hears of bytes of rows. */
  readonly progress?: Progress;
}

/** A backup that was made, and how much of it had to be written. */
export interface Created {
  readonly manifest: Manifest;
  readonly written: { readonly chunks: number; readonly bytes: number };
}

/** How far a store has come, read off its rows as they pass. */
class Standing {
  epoch = 0;
  commits = 0;
  readonly cursors: Record<string, Json> = {};

  note({ bucket, key, value }: Row): void {
    const text = new TextDecoder();
    const name = text.decode(key);
    if (bucket === BUCKETS.meta && name === 'epoch') this.epoch = Number(text.decode(value));
    if (bucket === BUCKETS.meta && name === 'commit') this.commits = Number(text.decode(value));
    if (bucket === BUCKETS.cursors) this.cursors[name] = JSON.parse(text.decode(value)) as Json;
  }
}

async function* noted(rows: AsyncIterable<readonly Row[]>, standing: Standing): AsyncIterable<readonly Row[]> {
  for await (const together of rows) {
    for (const row of together) if (row.bucket === BUCKETS.meta || row.bucket === BUCKETS.cursors) standing.note(row);
    yield together;
  }
}

/**
 * Takes a backup of a store while it is in use: one snapshot, in chunks that are compressed, sealed and named by what is in them, so
 * only what changed since an earlier backup is written. The manifest comes last: without it there is no backup.
 */
export const createBackup = async (options: CreateBackup): Promise<Created> => {
  const { target, keys, rows, progress, random, deployment, module, storeId, id, cause, takenAt } = options;
  const known = new Set(options.anew === true ? [] : (await target.list(chunksOf(options))).map(chunkNamed));
  const standing = new Standing();
  const digest = createHash('sha256');
  const chunks: { id: Hex; rows: number; bytes: number }[] = [];
  const sending = new Set<Promise<void>>();
  const written = { chunks: 0, bytes: 0 };
  const failures: unknown[] = [];
  let total = { rows: 0, bytes: 0 };

  const send = async (name: Hex, { bytes }: Chunk): Promise<void> => {
    const small = await compress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
    const sealed = sealChunk(keys.seal, name, small, random(24));
    await target.put(chunkName(options, name), sealed);
    written.chunks += 1;
    written.bytes += sealed.length;
  };

  for await (const chunk of cutChunks(noted(rows.snapshot(), standing))) {
    digest.update(chunk.bytes);
    const name = chunkId(keys, chunk.bytes);
    chunks.push({ id: name, rows: chunk.rows, bytes: chunk.bytes.length });
    total = { rows: total.rows + chunk.rows, bytes: total.bytes + chunk.bytes.length };
    progress?.(total.bytes);
    if (known.has(name)) continue;
    known.add(name);
    const sent = send(name, chunk)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => sending.delete(sent));
    sending.add(sent);
    if (sending.size >= AT_ONCE) await Promise.race(sending);
    if (failures.length > 0) break;
  }
  await Promise.all(sending);
  if (failures.length > 0) throw failures[0];

  const { epoch, commits, cursors } = standing;
  const manifest = signManifest(
    {
      format: 'serai-coordinator/backup/1',
      ...{ id, deployment, module, storeId, takenAt, cause, epoch, commits, cursors, ...total },
      digest: toHex(digest.digest()),
      masterKey: keys.masterKey,
      chunks,
    },
    keys.sign.expose(),
  );
  await target.put(manifestName(options, id), new TextEncoder().encode(JSON.stringify(manifest)));
  return { manifest, written };
};
