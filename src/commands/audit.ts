import { writeFile } from 'node:fs/promises';
import type { Config } from '../core/configSchema.ts';
import { openLog } from '../core/log.ts';
import { order } from '../domain/control/orders.ts';
import { letterAct } from '../domain/deadLetter/acts.ts';
import { topicsOf } from '../domain/topics.ts';
import { openKafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';
import { columns } from './columns.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { printable } from './printable.ts';
import { jsonOf, readTopics } from './readReports.ts';

interface Act {
  readonly offset: string;
  readonly time: string;
  readonly by: string;
  readonly act: string;
  readonly what: string;
  readonly reason: string;
}

const actOf = (record: StoredRecord): Act | undefined => {
  const { headers, offset } = record;
  const said = { type: headers['ce_type'], data: jsonOf(record) };
  const ordered = order.safeParse(said);
  const letter = letterAct.safeParse(said);
  const known = ordered.success ? ordered.data : letter.success ? letter.data : undefined;
  if (known === undefined) return undefined;
  const { type, data } = known;
  const what =
    'network' in data
      ? data.network
      : 'scope' in data
        ? data.scope
        : 'letter' in data
          ? data.letter
          : 'force' in data
            ? data.force
              ? 'forced'
              : ''
            : Object.entries(data.details)
                .map(([key, value]) => `${key} ${value}`)
                .join(', ');
  const act = 'act' in data ? data.act : type.replace(/^serai\.control\.|\.v1$/g, '');
  return { offset: offset.toString(), time: headers['ce_time'] ?? '', by: headers['ce_source'] ?? '', act, what, reason: data.reason };
};

const actsOf = async (config: Config): Promise<Act[]> => {
  const acts: Act[] = [];
  const take = (record: StoredRecord): void => {
    const act = actOf(record);
    if (act !== undefined) acts.push(act);
  };
  await readTopics(config, [[topicsOf(config.general.name).control, take]]);
  return acts;
};

/** Prints what the operator did and the integrity module ordered, the first one first. The log is `<name>-control`: chained and signed. */
export const listAudit = async (config: Config, { json }: { readonly json: boolean }): Promise<void> => {
  const acts = await actsOf(config);
  if (json) process.stdout.write(`${JSON.stringify({ acts })}\n`);
  else if (acts.length === 0) process.stdout.write('nothing was done yet\n');
  else
    process.stdout.write(
      columns([
        ['offset', 'time', 'by', 'act', 'of', 'reason'],
        ...acts.map(({ offset, time, by, act, what, reason }) => [offset, time, by, act, printable(what), printable(reason)]),
      ]),
    );
};

/** Writes the whole log, with headers and raw bytes, to a file: a JSON object a line, which `audit verify --file` proves without a broker. */
export const exportAudit = async (config: Config, file: string): Promise<void> => {
  const { control } = topicsOf(config.general.name);
  const lines: string[] = [];
  const take = ({ offset, headers, value }: StoredRecord): void => {
    lines.push(JSON.stringify({ topic: control, offset: offset.toString(), headers, value: Buffer.from(value).toString('base64') }));
  };
  await using opened = new AsyncDisposableStack();
  const connection = await kafkaConnection(config, openLog(config.general.log_level));
  const kafka = opened.adopt(await openKafkaAdmin(connection), (it) => it.close());
  const { low, end } = await kafka.bounds(control);
  await kafka.readTo({ topic: control, from: low, end, take });
  await writeFile(file, lines.map((line) => `${line}\n`).join(''), { mode: 0o600, flush: true });
  process.stdout.write(`wrote ${String(lines.length)} records to ${file}\n`);
};
