import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Producer, Transaction } from 'kafkajs';
import type { TopicRecord } from '../../domain/record.ts';
import { coded } from '../../domain/runbook.ts';
import { batchesOf } from './batches.ts';
import type { KafkaLog } from './kafkaClient.ts';
import { KafkaError } from './kafkaError.ts';

/** Writes in transactions, as the only instance of a transactional id that may. */
export interface KafkaWriter {
  /** Connects; a transaction is made by {@link settle} or {@link send}. */
  readonly connect: () => Promise<void>;
  /** An empty transaction: fences older instances, and settles what they or we had in flight. */
  readonly settle: () => Promise<void>;
  /** Writes records in one transaction; what became of them is not known where it rejects. */
  readonly send: (topic: string, records: readonly TopicRecord[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface KafkaWriterOptions {
  readonly client: Kafka;
  /** Fences older instances. */
  readonly transactionalId: string;
  /** Makes an error of ours of the client's. */
  readonly explain: (cause: unknown) => Error;
  readonly log: KafkaLog;
}

/** Milliseconds a client that failed has to say goodbye. */
const GOODBYE = 1_000;

/**
 * Opens a writer. After a failure its client is replaced by a new one, for the client cannot leave a transaction whose end was not answered; one
 * that was fenced is not, for a new client would fence the instance that took over.
 */
export const openWriter = ({ client, transactionalId, explain, log }: KafkaWriterOptions): KafkaWriter => {
  const open = (): Producer =>
    client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1, retry: { initialRetryTime: 10, retries: 10 } });
  let producer = open();
  let isBroken = false;
  let fenced: Error | undefined;
  let away: number | undefined;

  const leave = async (): Promise<void> => {
    await Promise.race([producer.disconnect().catch(() => undefined), sleep(GOODBYE)]);
  };

  const replace = async (): Promise<void> => {
    await leave();
    producer = open();
    await producer.connect();
    isBroken = false;
  };

  const transact = async (write: (transaction: Transaction) => Promise<void>): Promise<void> => {
    if (fenced !== undefined) throw fenced;
    try {
      if (isBroken) await replace();
      const transaction = await producer.transaction();
      try {
        await write(transaction);
        await transaction.commit();
      } catch (error) {
        await transaction.abort().catch(() => undefined);
        throw error;
      }
      if (away !== undefined) log.warn({ ...coded('kafka.back'), seconds: Math.round((performance.now() - away) / 1000) }, 'kafka back');
      away = undefined;
    } catch (cause) {
      isBroken = true;
      const error = explain(cause);
      if (away === undefined) log.warn({ ...coded('kafka.unreachable'), reason: error.message }, 'kafka away');
      away ??= performance.now();
      if (error instanceof KafkaError && error.code === 'kafka.fenced') fenced = error;
      throw error;
    }
  };

  return {
    connect: async () => {
      try {
        await producer.connect();
      } catch (cause) {
        throw explain(cause);
      }
    },
    settle: () => transact(() => Promise.resolve()),
    send: (topic, records) =>
      transact(async (transaction) => {
        for (const messages of batchesOf(records)) await transaction.send({ topic, acks: -1, messages });
      }),
    close: leave,
  };
};
