import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '../../domain/hex.ts';
import { fromHeaders } from '../../domain/record/cloudEvents.ts';
import { recordDigest } from '../../domain/record/recordDigest.ts';
import { unsentOf } from '../../domain/record/unsentOf.ts';
import type { Tail } from '../../domain/record.ts';
import { wantedTopics } from '../../domain/topicContract.ts';
import type { TopicLog } from '../../sinks/toTopic.ts';
import type { StoredRecord, TopicFeed } from '../../streams/fromTopic.ts';
import { explainKafka } from './explainKafka.ts';
import { KafkaError } from './kafkaError.ts';
import type { KafkaTopics } from './kafkaTopics.ts';
import { late } from './late.ts';
import { type KafkaAdminOptions, openKafkaAdmin } from './openKafkaAdmin.ts';
import { openWriter } from './openWriter.ts';

export interface KafkaOptions extends KafkaAdminOptions {
  /** Fences older instances of the same deployment. */
  readonly transactionalId: string;
}

/** The message bus on a Kafka broker. */
export interface KafkaBus extends TopicLog, TopicFeed {
  readonly topics: KafkaTopics;
  close(): Promise<void>;
}

/** Milliseconds an open transaction of another writer may take to settle: more than Kafka's default of 60 s for it. */
const SETTLING = 75_000;

/** Milliseconds the first transaction may take: a new cluster makes its transaction log at that moment. */
const FIRST_TRANSACTION = 30_000;

/** Topics created without a word on replication stand on one broker. */
const SINGLE = { replicationFactor: 1, minInsyncReplicas: 1 };

/** Connects to Kafka and takes the place of any older instance; rejects with KafkaError within the deadlines. */
export const openKafka = async (options: KafkaOptions): Promise<KafkaBus> => {
  const { brokers, transactionalId } = options;
  const { client, topics, guarded, bounds, feed, readTo, close } = await openKafkaAdmin(options);
  const writer = openWriter({ client, transactionalId, explain: (cause) => explainKafka(cause, options), log: options.log });

  try {
    await writer.connect();
    await Promise.race([writer.settle(), late(FIRST_TRANSACTION)]).catch((cause: unknown) => {
      throw noTransactions(explainKafka(cause, options), brokers, transactionalId);
    });
  } catch (error) {
    await Promise.allSettled([writer.close(), close()]);
    throw error;
  }
  const tails = new Map<string, Map<string, Tail>>();
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(() => guarded(work));
    turn = done.catch(() => undefined);
    return done;
  };

  /** Reads all of a topic; a record of ours behind another writer's open transaction is only seen once that is settled. */
  const readSettled = async (topic: string, take: (record: StoredRecord) => void): Promise<void> => {
    const { low, end } = await bounds(topic);
    let to = end;
    const goal = await readTo({ topic, from: low, end, take });
    const deadline = Date.now() + SETTLING;
    while (to < goal) {
      if (Date.now() > deadline)
        throw new KafkaError(
          'kafka.stalled',
          `a transaction of another writer is open on ${topic} at offset ${String(to)}; end it with kafka-transactions abort, or find out who writes there`,
        );
      await sleep(200);
      const from = to;
      to = (await bounds(topic)).end;
      await readTo({ topic, from, end: to, take });
    }
  };

  /** Where each source's records end: an empty transaction settles what an older instance had in flight, then the topic is read. */
  const learn = async (topic: string): Promise<Map<string, Tail>> => {
    const known = tails.get(topic);
    if (known !== undefined) return known;
    await writer.settle();
    const found = new Map<string, Tail>();
    await readSettled(topic, ({ headers, value }) => {
      try {
        const attributes = fromHeaders(headers);
        found.set(attributes.source, { sequence: attributes.sequence, digest: toHex(recordDigest(topic, { attributes, data: value })) });
      } catch {
        // Not a record of ours: readers refuse it, writers pass over it.
      }
    });
    tails.set(topic, found);
    return found;
  };

  return {
    topics,
    createTopics: (names) =>
      inTurn(async () => {
        const there = new Set((await topics.describe(names)).map(({ topic }) => topic));
        const missing = names.filter((name) => !there.has(name));
        await topics.create(wantedTopics(missing, SINGLE));
      }),
    append: (topic, run) =>
      inTurn(async () => {
        const [first] = run;
        if (first === undefined) return;
        const { source } = first.attributes;
        const known = await learn(topic);
        const unsent = unsentOf(topic, known.get(source), run);
        const last = unsent.at(-1);
        if (last === undefined) return;
        try {
          await writer.send(topic, unsent);
        } catch (error) {
          // What became of it is not known: the topic is asked again before anything else is written.
          tails.delete(topic);
          throw error;
        }
        known.set(source, { sequence: last.attributes.sequence, digest: toHex(recordDigest(topic, last)) });
      }),
    tail: (topic, source) => inTurn(async () => (await learn(topic)).get(source)),
    ...feed,
    close: async () => {
      await turn;
      await Promise.allSettled([writer.close(), close()]);
    },
  };
};

const noTransactions = (error: Error, brokers: readonly string[], transactionalId: string): Error =>
  error instanceof KafkaError && (error.code === 'kafka.fenced' || error.code === 'kafka.refused')
    ? error
    : new KafkaError(
        'kafka.transactions',
        `Kafka at ${brokers.join(', ')} makes no transaction for ${transactionalId} (${error.message}); the brokers' transaction.state.log.replication.factor and transaction.state.log.min.isr must be no higher than the number of brokers that run`,
        { cause: error },
      );
