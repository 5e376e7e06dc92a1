import type { Config } from '../core/configSchema.ts';
import { enabledNetworks } from '../core/enabledNetworks.ts';
import { describeDeviations, judgeTopic, type TopicShape, type TopicVerdict, wantedTopics } from '../domain/topicContract.ts';
import { allTopics, topicsOf } from '../domain/topics.ts';
import { KafkaError } from '../drivers/kafka/kafkaError.ts';
import type { KafkaTopics } from '../drivers/kafka/kafkaTopics.ts';

/** The topics of a configuration's deployment, as the contract wants them. */
export const topicsWanted = (config: Config): TopicShape[] =>
  wantedTopics(allTopics(topicsOf(config.general.name), enabledNetworks(config)), {
    replicationFactor: config.kafka.replication_factor,
    minInsyncReplicas: config.kafka.min_insync_replicas,
  });

/** Holds every topic against the contract. */
export const judgeTopics = async (topics: KafkaTopics, wanted: readonly TopicShape[]): Promise<TopicVerdict[]> => {
  const found = new Map((await topics.describe(wanted.map(({ topic }) => topic))).map((shape) => [shape.topic, shape]));
  return wanted.map((shape) => judgeTopic(shape, found.get(shape.topic)));
};

/** The topics that are not there. */
export const missingOf = (verdicts: readonly TopicVerdict[]): TopicShape[] =>
  verdicts.filter(({ verdict }) => verdict === 'missing').map(({ wanted }) => wanted);

export interface PrepareTopics {
  readonly topics: KafkaTopics;
  readonly wanted: readonly TopicShape[];
  readonly brokers: readonly string[];
  /** Told of what is not as wanted, but can be lived with. */
  readonly warn: (lines: readonly string[]) => void;
}

/** Creates what is missing; rejects with KafkaError `kafka.topics` that lists everything about existing topics that contradicts the contract. */
export const prepareTopics = async ({ topics, wanted, brokers, warn }: PrepareTopics): Promise<void> => {
  const verdicts = await judgeTopics(topics, wanted);
  const wrong = verdicts.filter(({ verdict }) => verdict === 'wrong');
  if (wrong.length > 0)
    throw new KafkaError(
      'kafka.topics',
      `topics at ${brokers.join(', ')} are not as the coordinator needs them:\n${describeDeviations(wrong, brokers).join('\n')}`,
    );
  const bearable = verdicts.filter(({ verdict }) => verdict === 'warning');
  if (bearable.length > 0) warn(describeDeviations(bearable, brokers));
  await topics.create(missingOf(verdicts));
};
