import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../core/configSchema.ts';
import type { Act } from '../domain/control/acts.ts';
import { order } from '../domain/control/orders.ts';
import { topicsOf } from '../domain/topics.ts';
import { printable } from './printable.ts';
import { readTopics } from './readReports.ts';
import { writeSecretFile } from './secretFile.ts';
import { dataFolder, random } from './stores.ts';
import { writeAllAsOperator } from './writeAsOperator.ts';

const TYPE = 'serai.control.act.v1';

const kept = z.strictObject({ id: z.string().min(1).max(300), time: z.iso.datetime(), order });
type Kept = z.infer<typeof kept>;

/** Where acts wait that are not on the topic yet. */
const waitingFolder = (config: Config): string => join(dataFolder(config), 'acts');

const waiting = async (folder: string): Promise<readonly (readonly [file: string, act: Kept])[]> => {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json'));
  const acts = await Promise.all(
    files.map(async (file) => [join(folder, file), kept.parse(JSON.parse(await readFile(join(folder, file), 'utf8')))] as const),
  );
  // In the order they were done in.
  return acts.sort(([, a], [, b]) => (a.time < b.time ? -1 : 1));
};

/** Writes the acts that wait to `<name>-control`; what is there already, from a life that ended in between, is not written again. */
export const tellActs = async (config: Config): Promise<number> => {
  const acts = await waiting(waitingFolder(config));
  if (acts.length === 0) return 0;
  const { control } = topicsOf(config.general.name);
  const there = new Set<string>();
  await readTopics(config, [[control, ({ headers }) => there.add(headers['ce_id'] ?? '')]]);
  const fresh = acts.filter(([, { id }]) => !there.has(id));
  if (fresh.length > 0)
    await writeAllAsOperator(
      config,
      control,
      fresh.map(
        ([
          ,
          {
            id,
            time,
            order: { type, data },
          },
        ]) => ({ topic: control, type, id, time, data }),
      ),
    );
  for (const [file] of acts) await rm(file, { force: true });
  return fresh.length;
};

/** Keeps what the operator did in the data folder; the next `run`, or the next act, writes it to the audit log. */
export const keepAct = async (config: Config, act: Act): Promise<void> => {
  const time = new Date().toISOString();
  const id = `${TYPE}/${act.act}/${time}/${Buffer.from(random(4)).toString('hex')}`;
  const file = join(waitingFolder(config), `${id.replaceAll(/[^A-Za-z0-9.-]/g, '_')}.json`);
  await writeSecretFile(file, `${JSON.stringify({ id, time, order: { type: TYPE, data: act } } satisfies Kept)}\n`);
};

/** Records what the operator did in the audit log, `<name>-control`. It is durable in the data folder first, and waits there while Kafka is away. */
export const recordAct = async (config: Config, act: Act): Promise<void> => {
  await keepAct(config, act);
  try {
    await tellActs(config);
  } catch (error) {
    process.stderr.write(
      `not in the audit log yet, as Kafka cannot be written to (${printable(error instanceof Error ? error.message : String(error))}); the next start of the coordinator writes it\n`,
    );
  }
};
