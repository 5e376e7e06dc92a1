import type { Config } from '../core/configSchema.ts';
import type { BackupTarget } from '../data/backup/backupTarget.ts';
import { lastVerified, listBackups } from '../data/backup/readBackup.ts';
import type { Store } from '../data/store.ts';
import { timeOfBackup } from '../domain/backup/manifest.ts';
import type { Stage } from '../domain/health/readiness.ts';
import { type BackupStatus, cut } from '../domain/health/status.ts';
import type { ModuleName } from '../modules/moduleNames.ts';
import { type BackedUp, backUpModule, backupOf } from './backups.ts';

export interface KeepBackups {
  readonly master: Uint8Array;
  readonly targets: readonly BackupTarget[];
  readonly now: () => number;
  /** Resolves after so many milliseconds; rejects when the signal fires. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** Hears of each backup that was made, and of each that failed. */
  readonly made: (module: ModuleName, id: string, details: Readonly<Record<string, unknown>>) => void;
  readonly failed: (module: ModuleName, error: unknown) => void;
}

/** Backups of one module's open store that are taken again and again. */
export interface KeptBackups {
  /** When the latest backup was found whole; since when there is none, where there never was one. */
  readonly stage: () => Stage;
  /** When the latest one was taken and found whole, as `/status` tells it. */
  readonly status: () => BackupStatus;
  /** Takes one now, behind the one that is under way. */
  readonly takeNow: () => Promise<readonly BackedUp[]>;
  readonly close: () => Promise<void>;
}

/** Milliseconds until a backup that failed is tried again, at most. */
const AGAIN = 5 * 60_000;

/** Milliseconds that a timer of Node's takes at most. */
const LONGEST = 0x7fff_ffff;

/**
 * Takes a backup of a module's store every `general.backup_interval` while the store is in use. They are taken at whole multiples of the
 * interval since 1970, so that all modules share the ids and a restart takes none again.
 */
export const keepBackups = (config: Config, module: ModuleName, store: Pick<Store, 'snapshot'>, options: KeepBackups): KeptBackups => {
  const { targets, now, pause, made, failed } = options;
  const interval = config.general.backup_interval;
  const stop = new AbortController();
  const stopped = (): boolean => stop.signal.aborted;
  let verifiedAt = now();
  /** Of the place that is behind, where there are several. */
  let latest: { readonly made: number; readonly verified: number | undefined } | undefined;
  let reason: string | undefined = 'no backup has been made yet';
  let turn: Promise<unknown> = Promise.resolve();

  const take = (at: number, cause: 'interval' | 'operator'): Promise<readonly BackedUp[]> => {
    const done = turn.then(async () => {
      const progress = (): void => {
        stop.signal.throwIfAborted();
      };
      const all = await backUpModule(config, module, store, { ...options, at, cause, progress });
      verifiedAt = Math.min(...all.map(({ verified }) => Date.parse(verified.at)));
      reason = undefined;
      latest = { made: Math.min(...all.map(({ manifest }) => Date.parse(manifest.takenAt))), verified: verifiedAt };
      for (const { where, manifest, written, verified } of all)
        made(module, manifest.id, {
          where,
          rows: manifest.rows,
          bytes: manifest.bytes,
          written: written.bytes,
          verifiedIn: verified.seconds,
        });
      return all;
    });
    turn = done.catch(() => undefined);
    return done;
  };

  /** When the oldest of the places got its latest backup, as far as it was found whole. */
  const lookBack = async (): Promise<number> => {
    const of = backupOf(config, module);
    let oldest = Number.POSITIVE_INFINITY;
    let behind: typeof latest;
    for (const target of targets) {
      const newest = (await listBackups({ target }, of)).at(-1);
      const verified = newest === undefined ? undefined : await lastVerified({ target }, of, newest);
      if (verified !== undefined) verifiedAt = Date.parse(verified.at);
      const made = newest === undefined ? 0 : timeOfBackup(newest);
      if (newest !== undefined && made < (behind?.made ?? Number.POSITIVE_INFINITY))
        behind = { made, verified: verified === undefined ? undefined : Date.parse(verified.at) };
      oldest = Math.min(oldest, verified === undefined ? 0 : made);
    }
    latest = behind;
    if (oldest > 0) reason = undefined;
    return oldest;
  };

  const run = async (): Promise<void> => {
    while (!stopped()) {
      const due = Math.floor(now() / interval) * interval;
      try {
        if ((await lookBack()) < due) await take(due, 'interval');
        await pause(Math.min(due + interval - now(), LONGEST), stop.signal);
      } catch (error) {
        if (stopped()) return;
        reason = error instanceof Error ? error.message : String(error);
        failed(module, error);
        await pause(Math.min(interval, AGAIN), stop.signal).catch(() => undefined);
      }
    }
  };
  const running = run();

  return {
    stage: () => ({
      name: `${module} is backed up`,
      waiting: 1,
      movedAt: verifiedAt,
      optional: true,
      ...(reason === undefined ? {} : { reason }),
    }),
    status: () => ({
      module,
      made: latest === undefined ? null : new Date(latest.made).toISOString(),
      verified: latest?.verified === undefined ? null : new Date(latest.verified).toISOString(),
      age: latest === undefined ? null : Math.max(0, Math.round((now() - latest.made) / 1000)),
      interval: interval / 1000,
      failing: reason === undefined ? null : cut(reason),
    }),
    takeNow: () => take(now(), 'operator'),
    close: async () => {
      stop.abort();
      await running.catch(() => undefined);
      await turn;
    },
  };
};
