import type { Config } from '../core/configSchema.ts';
import { openLog } from '../core/log.ts';
import { type Report, report } from '../domain/crypto/reports.ts';
import { ProvenRecords } from '../domain/record/provenRecords.ts';
import type { Json } from '../domain/tables.ts';
import { topicsOf } from '../domain/topics.ts';
import { openKafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';
import { knownPins } from './deploymentKeys.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { readTopic } from './readTopic.ts';

const text = new TextDecoder();

/** A record's data as JSON; undefined where it is none. */
export const jsonOf = ({ value }: StoredRecord): Json | undefined => {
  try {
    return JSON.parse(text.decode(value)) as Json;
  } catch {
    return undefined;
  }
};

const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Reads what is proven on topics of a deployment to their ends, and says where they hold what their sources did not write. */
export const readTopics = async (
  config: Config,
  topics: readonly (readonly [topic: string, take: (record: StoredRecord) => void])[],
): Promise<void> => {
  await using opened = new AsyncDisposableStack();
  const connection = await kafkaConnection(config, openLog(config.general.log_level));
  const kafka = opened.adopt(await openKafkaAdmin(connection), (it) => it.close());
  const pins = await knownPins(config, tell);
  for (const [topic, take] of topics) {
    const keys = pins(topic);
    const proven = new ProvenRecords(topic, keys);
    const takeProven = (record: StoredRecord): void => {
      for (const one of proven.take(record)) take(one);
    };
    const { faults } = await readTopic(kafka, { topic, pins: keys, take: takeProven });
    if (faults.length > 0) tell(`${topic} holds what its sources did not write so: look with verify ${topic}`);
  }
};

/** A report with its id. */
export type NamedReport = Report & { readonly id: string };

/** How the reports of a deployment are taken by {@link readTopics}. */
export const reportsInto = (
  config: Config,
  take: (told: NamedReport, offset: bigint) => void,
): readonly [topic: string, take: (record: StoredRecord) => void] => {
  const takeRecord = (record: StoredRecord): void => {
    const told = report.safeParse({ type: record.headers['ce_type'], data: jsonOf(record) });
    if (told.success) take({ ...told.data, id: record.headers['ce_id'] ?? '' }, record.offset);
  };
  return [topicsOf(config.general.name).reports, takeRecord];
};
