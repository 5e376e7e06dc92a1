import kafkajs, { type Admin, type PartitionMetadata } from 'kafkajs';
import { CONTRACT_SETTINGS, type TopicShape } from '../../domain/topicContract.ts';
import { KafkaError } from './kafkaError.ts';

/** The topics of a cluster, as they are set up. */
export interface KafkaTopics {
  /** Those of the named topics that are there. */
  readonly describe: (topics: readonly string[]) => Promise<TopicShape[]>;
  /** Creates topics, and does nothing about those that are there. */
  readonly create: (topics: readonly TopicShape[]) => Promise<void>;
}

/** Looks at the topics of a cluster. */
export const describeTopics = async (admin: Admin, topics: readonly string[]): Promise<TopicShape[]> => {
  const all = new Set(await admin.listTopics());
  const there = topics.filter((topic) => all.has(topic));
  if (there.length === 0) return [];
  const metadata = await admin.fetchTopicMetadata({ topics: there });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: there.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: [...CONTRACT_SETTINGS] })),
  });
  const partitionsOf = new Map(metadata.topics.map(({ name, partitions }) => [name, partitions]));
  return there.map((name) => shapeOf(name, partitionsOf.get(name) ?? [], resources));
};

type Resources = Awaited<ReturnType<Admin['describeConfigs']>>['resources'];

const shapeOf = (topic: string, partitions: readonly PartitionMetadata[], resources: Resources): TopicShape => {
  const entries = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
  return {
    topic,
    partitions: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
  };
};

interface CreationFault {
  readonly type?: string;
  readonly topic?: string;
  readonly message: string;
}

/** Creates topics; rejects with KafkaError `kafka.topics` naming each that could not be made. */
export const createTopics = async (admin: Admin, topics: readonly TopicShape[]): Promise<void> => {
  if (topics.length === 0) return;
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: topics.map(({ topic, partitions, replicationFactor, settings }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
      })),
    });
  } catch (cause) {
    const faults = (cause as { readonly errors?: readonly CreationFault[] }).errors;
    if (faults === undefined) throw cause;
    const left = faults.filter(({ type }) => type !== 'TOPIC_ALREADY_EXISTS');
    if (left.length === 0) return;
    const lines = left.map(({ topic = 'a topic', message }) => `  ${topic}: ${message}`);
    throw new KafkaError(
      'kafka.topics',
      `topics could not be created; set kafka.replication_factor to no more than there are brokers, or let us create topics (docs/kafka.md):\n${lines.join('\n')}`,
      { cause },
    );
  }
};
