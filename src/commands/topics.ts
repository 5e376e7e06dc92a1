import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../core/configSchema.ts';
import { openLog } from '../core/log.ts';
import { fixOf, type TopicShape, type TopicVerdict } from '../domain/topicContract.ts';
import { openKafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import { columns } from './columns.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { judgeTopics, missingOf, topicsWanted } from './prepareTopics.ts';

export interface TopicsCommand {
  readonly create: boolean;
  readonly json: boolean;
}

/** Times a cluster is asked again whether all its brokers know a new topic. */
const TRIES = 25;

const shown = ({ partitions, replicationFactor, settings }: TopicShape): string =>
  [
    `partitions=${String(partitions)}`,
    `replication.factor=${String(replicationFactor)}`,
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
  ].join(' ');

const rowsOf = ({ wanted, found, verdict, deviations }: TopicVerdict): string[][] => {
  if (found === undefined) return [[wanted.topic, shown(wanted), '-', verdict]];
  if (deviations.length === 0) return [[wanted.topic, shown(wanted), 'as wanted', verdict]];
  return deviations.map(({ topic, setting, weight, ...of }) => [topic, `${setting}=${of.wanted}`, of.found, weight]);
};

const print = (verdicts: readonly TopicVerdict[], brokers: readonly string[], json: boolean): void => {
  if (json) {
    const topics = verdicts.map(({ wanted, found, verdict, deviations }) => ({
      topic: wanted.topic,
      wanted,
      found: found ?? null,
      verdict,
      deviations: deviations.map((deviation) => ({ ...deviation, fix: fixOf(deviation, brokers) })),
    }));
    process.stdout.write(`${JSON.stringify({ topics })}\n`);
    return;
  }
  process.stdout.write(columns([['topic', 'wanted', 'found', 'verdict'], ...verdicts.flatMap(rowsOf)]));
  const deviations = verdicts.flatMap((verdict) => verdict.deviations);
  for (const deviation of deviations) process.stdout.write(`\n${deviation.topic}: ${deviation.why}\n  ${fixOf(deviation, brokers)}\n`);
  if (missingOf(verdicts).length > 0) process.stdout.write('\nmissing topics are created by --create, or by run\n');
};

/** Shows how the deployment's topics are set up against how they should be; returns whether all is right. */
export const checkTopics = async (config: Config, { create, json }: TopicsCommand): Promise<boolean> => {
  const log = openLog(config.general.log_level);
  await using opened = new AsyncDisposableStack();
  const connection = await kafkaConnection(config, log);
  const { topics } = opened.adopt(await openKafkaAdmin(connection), ({ close }) => close());
  const wanted = topicsWanted(config);
  let verdicts = await judgeTopics(topics, wanted);
  if (create && missingOf(verdicts).length > 0) {
    await topics.create(missingOf(verdicts));
    for (let tries = 0; tries < TRIES && missingOf(verdicts).length > 0; tries += 1) {
      if (tries > 0) await sleep(200);
      verdicts = await judgeTopics(topics, wanted);
    }
  }
  print(verdicts, connection.brokers, json);
  return verdicts.every(({ verdict }) => verdict === 'right');
};
