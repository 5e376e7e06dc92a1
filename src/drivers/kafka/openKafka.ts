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

/** Offsets that are read at first to find a source's last record; a stretch that holds none is followed by one eight times as long. */
const FIRST_STRETCH = 1_000n;

const before = (offset: bigint, stretch: bigint, low: bigint): bigint => (offset - stretch > low ? offset - stretch : low);

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
  const tails = new Map<string, Tail | undefined>();
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(() => guarded(work));
    turn = done.catch(() => undefined);
    return done;
  };

  /** Reads a topic from an offset on to its end; a record of ours behind another writer's open transaction is only seen once that is settled. */
  const readSettled = async (topic: string, from: bigint, end: bigint, take: (record: StoredRecord) => void): Promise<void> => {
    let to = end;
    const goal = await readTo({ topic, from, end, take });
    const deadline = Date.now() + SETTLING;
    while (to < goal) {
      if (Date.now() > deadline)
        throw new KafkaError(
          'kafka.stalled',
          `a transaction of another writer is open on ${topic} at offset ${String(to)}; end it with kafka-transactions abort, or find out who writes there`,
        );
      await sleep(200);
      const next = to;
      to = (await bounds(topic)).end;
      await readTo({ topic, from: next, end: to, take });
    }
  };

  /**
   * Where a source's records end: an empty transaction settles what an older instance had in flight, then the topic is read from
   * its end backwards, each stretch longer than the one before, until a record of that source is found.
   */
  const learn = async (topic: string, source: string): Promise<Tail | undefined> => {
    const key = `${topic}\0${source}`;
    if (tails.has(key)) return tails.get(key);
    await writer.settle();
    let found: Tail | undefined;
    const take = ({ headers, value }: StoredRecord): void => {
      if (headers['ce_source'] !== source) return;
      try {
        const attributes = fromHeaders(headers);
        found = { sequence: attributes.sequence, digest: toHex(recordDigest(topic, { attributes, data: value })) };
      } catch {
        // Not a record of ours: readers refuse it, writers pass over it.
      }
    };
    const { low, end } = await bounds(topic);
    let from = before(end, FIRST_STRETCH, low);
    await readSettled(topic, from, end, take);
    for (let stretch = FIRST_STRETCH * 8n; found === undefined && from > low; stretch *= 8n) {
      const to = from;
      from = before(to, stretch, low);
      await readTo({ topic, from, end: to, take });
    }
    tails.set(key, found);
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
        const unsent = unsentOf(topic, await learn(topic, source), run);
        const last = unsent.at(-1);
        if (last === undefined) return;
        try {
          await writer.send(topic, unsent);
        } catch (error) {
          // What became of it is not known: the topic is asked again before anything else is written.
          tails.delete(`${topic}\0${source}`);
          throw error;
        }
        tails.set(`${topic}\0${source}`, { sequence: last.attributes.sequence, digest: toHex(recordDigest(topic, last)) });
      }),
    tail: (topic, source) => inTurn(() => learn(topic, source)),
    ...feed,
    end: async (topic) => (await bounds(topic)).end,
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
