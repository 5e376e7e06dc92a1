import { z } from 'zod';
import { LOG_LEVELS } from '../core/log.ts';

/** What the command line has modules do while they run, each in its thread. */
export const task = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('back-up') }),
  z.strictObject({ do: z.literal('rotate-keys') }),
  /** Without a level it stays as it is. */
  z.strictObject({ do: z.literal('log-level'), level: z.enum(LOG_LEVELS).optional() }),
]);
export type Task = z.infer<typeof task>;

/** A backup that was taken for the operator, in one place. */
export const takenBackup = z.strictObject({
  module: z.string(),
  id: z.string(),
  where: z.string(),
  rows: z.number(),
  bytes: z.number(),
  /** Of these so many had to be written. */
  written: z.number(),
});

/** A store that got a fresh data key. */
export const rotatedStore = z.strictObject({ module: z.string(), dataKey: z.number(), values: z.number() });

/** What came of a task in one process or thread. */
export const taskDone = z.strictObject({
  backups: z.array(takenBackup).default([]),
  rotated: z.array(rotatedStore).default([]),
  level: z.string().optional(),
});
export type TaskDone = z.infer<typeof taskDone>;
export type RotatedStore = z.infer<typeof rotatedStore>;

/** Puts together what came of a task in several. */
export const allDone = (parts: readonly TaskDone[]): TaskDone => {
  const level = parts.find((part) => part.level !== undefined)?.level;
  return {
    backups: parts.flatMap(({ backups }) => backups),
    rotated: parts.flatMap(({ rotated }) => rotated),
    ...(level === undefined ? {} : { level }),
  };
};
