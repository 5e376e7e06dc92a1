import type { Kafka } from 'kafkajs';
import type { TopicFeed } from '../../streams/fromTopic.ts';
import { explainKafka } from './explainKafka.ts';
import { type KafkaConnection, kafkaClient } from './kafkaClient.ts';
import { createTopics, describeTopics, type KafkaTopics } from './kafkaTopics.ts';
import { late } from './late.ts';
import { openFeed } from './openFeed.ts';
import { type ReadTo, readTo } from './readTo.ts';

export interface KafkaAdminOptions extends KafkaConnection {
  /** Milliseconds the broker has to answer at the start. */
  readonly connectDeadline?: number;
}

/** What is asked of Kafka besides writing and following topics. It writes no record, so it gets in nobody's way. */
export interface KafkaAdmin {
  /** Follows topics. */
  readonly feed: Pick<TopicFeed, 'read'>;
  readonly client: Kafka;
  readonly topics: KafkaTopics;
  /** Runs a piece of work; its errors are ours. */
  readonly guarded: <T>(work: () => Promise<T>) => Promise<T>;
  /** The first offset of a topic, and the one before which everything is settled: committed or aborted. */
  readonly bounds: (topic: string) => Promise<{ readonly low: bigint; readonly end: bigint }>;
  /** Brokers of the cluster that are there. */
  readonly alive: () => Promise<number>;
  /** On how many brokers the records of each topic stand, and on how many of them all of these. */
  readonly replicas: (
    topics: readonly string[],
  ) => Promise<{ readonly topic: string; readonly replicas: number; readonly inSync: number }[]>;
  /** Reads a stretch of a topic, committed records only; returns the topic's high watermark as last seen. */
  readonly readTo: (stretch: Omit<ReadTo, 'group'>) => Promise<bigint>;
  readonly close: () => Promise<void>;
}

/** Connects to Kafka; rejects within the deadline with KafkaError `kafka.unreachable`, `kafka.tls` or `kafka.auth`. */
export const openKafkaAdmin = async (options: KafkaAdminOptions): Promise<KafkaAdmin> => {
  const { connectDeadline = 10_000 } = options;
  const client = kafkaClient(options, Math.min(connectDeadline, 3_000));
  const admin = client.admin();
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw explainKafka(cause, options);
    }
  };
  try {
    await guarded(() => Promise.race([admin.connect(), late(connectDeadline)]));
  } catch (error) {
    await admin.disconnect().catch(() => undefined);
    throw error;
  }
  return {
    feed: openFeed(client, options.clientId, (cause) => explainKafka(cause, options)),
    client,
    topics: {
      describe: (topics) => guarded(() => describeTopics(admin, topics)),
      create: (topics) => guarded(() => createTopics(admin, topics)),
    },
    guarded,
    bounds: (topic) =>
      guarded(async () => {
        const [partition] = await admin.fetchTopicOffsets(topic);
        return { low: BigInt(partition?.low ?? '0'), end: BigInt(partition?.high ?? '0') };
      }),
    alive: () => guarded(async () => (await admin.describeCluster()).brokers.length),
    replicas: (topics) =>
      guarded(async () => {
        if (topics.length === 0) return [];
        const found = await admin.fetchTopicMetadata({ topics: [...topics] });
        return found.topics.map(({ name, partitions }) => ({
          topic: name,
          replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
          inSync: Math.min(...partitions.map(({ isr }) => isr.length)),
        }));
      }),
    readTo: (stretch) => guarded(() => readTo(client, { ...stretch, group: options.clientId })),
    close: () => admin.disconnect(),
  };
};
