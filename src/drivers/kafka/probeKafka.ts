import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Failure, KafkaFacts, TopicReplicas } from '../../domain/health/facts.ts';
import { judgeTopic, type TopicShape } from '../../domain/topicContract.ts';
import { explainKafka } from './explainKafka.ts';
import type { KafkaConnection } from './kafkaClient.ts';
import { KafkaError } from './kafkaError.ts';
import { openKafkaAdmin } from './openKafkaAdmin.ts';
import { openWriter } from './openWriter.ts';

export interface ProbeKafka extends KafkaConnection {
  readonly wanted: readonly TopicShape[];
  /** Of the probe alone: it fences nobody. */
  readonly transactionalId: string;
  /** Milliseconds that each step has to be answered. */
  readonly deadline: number;
}

/** The API key of UpdateFeatures. */
const UPDATE_FEATURES = 57;

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'kafka.unreachable');
const failureOf = (error: unknown): Failure => ({ code: codeOf(error), text: error instanceof Error ? error.message : String(error) });

/** The part of kafkajs's own cluster object that knows which versions of each API a broker speaks; its public surface does not tell. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  readonly brokerPool: { readonly versions: Readonly<Record<string, { readonly maxVersion: number } | undefined>> | null };
}

const updateFeatures = async (client: Kafka): Promise<number | undefined> => {
  const symbol = Object.getOwnPropertySymbols(client).find(({ description }) => description === 'private:Kafka:createCluster');
  if (symbol === undefined) throw new Error('this version of kafkajs does not tell what brokers speak');
  const make = (client as unknown as Record<symbol, (options: object) => Cluster>)[symbol];
  const cluster = make?.({});
  if (cluster === undefined) return undefined;
  try {
    await cluster.connect();
    return cluster.brokerPool.versions?.[String(UPDATE_FEATURES)]?.maxVersion;
  } finally {
    await cluster.disconnect();
  }
};

/** Commits an empty transaction. */
const transact = async (options: ProbeKafka, client: Kafka): Promise<'committed' | Failure> => {
  const explain = (cause: unknown): Error => explainKafka(cause, options);
  const quiet = { debug: () => undefined, warn: () => undefined };
  const writer = openWriter({ client, transactionalId: options.transactionalId, explain, log: quiet });
  const late = sleep(options.deadline, undefined, { ref: false }).then(() => {
    throw new KafkaError('kafka.transactions', `no transaction was committed within ${String(options.deadline / 1_000)} s`);
  });
  try {
    await Promise.race([writer.connect().then(() => writer.settle()), late]);
    return 'committed';
  } catch (error) {
    const { code, text } = failureOf(error);
    return { code: code === 'kafka.refused' ? code : 'kafka.transactions', text };
  } finally {
    late.catch(() => undefined);
    await writer.close();
  }
};

/** Looks at a Kafka cluster from outside: nothing is written but an empty transaction. What does not answer is told, never thrown. */
export const probeKafka = async (options: ProbeKafka): Promise<KafkaFacts> => {
  const { brokers, wanted, deadline } = options;
  let admin: Awaited<ReturnType<typeof openKafkaAdmin>>;
  try {
    admin = await openKafkaAdmin({ ...options, connectDeadline: deadline });
  } catch (error) {
    return { brokers, failure: failureOf(error) };
  }
  try {
    const names = wanted.map(({ topic }) => topic);
    const found = new Map((await admin.topics.describe(names)).map((shape) => [shape.topic, shape]));
    const least = (topic: string): number => Number(found.get(topic)?.settings['min.insync.replicas'] ?? '1');
    const replicas = (await admin.replicas([...found.keys()])).map((one): TopicReplicas => ({ ...one, least: least(one.topic) }));
    return {
      brokers,
      alive: await admin.alive(),
      updateFeatures: await admin.guarded(() => updateFeatures(admin.client)),
      topics: wanted.map((shape) => judgeTopic(shape, found.get(shape.topic))),
      replicas,
      transaction: await transact(options, admin.client),
    };
  } catch (error) {
    return { brokers, failure: failureOf(error) };
  } finally {
    await admin.close().catch(() => undefined);
  }
};
