import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { chainOf, take, topicLogContract } from '../contracts/topicLog.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

const log = { debug: () => undefined, warn: () => undefined };

describe.runIf(brokerPossible)('kafkajs with a real broker', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(async () => {
    await broker.stop();
  });

  topicLogContract({
    open: () => openKafka({ brokers: [broker.address], clientId: 'contract', transactionalId: 'contract', log }),
  });

  it('sees its own records behind a transaction that another writer left open', async () => {
    const options = { brokers: [broker.address], clientId: 'behind', transactionalId: 'behind', log };
    const records = chainOf('behind', '/a', 3);
    const first = await openKafka(options);
    await first.createTopics(['behind']);
    await first.append('behind', records.slice(0, 1));
    const other = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).producer({
      transactionalId: 'other',
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await other.connect();
    const open = await other.transaction();
    await open.send({ topic: 'behind', messages: [{ value: 'never committed' }] });
    await first.append('behind', records.slice(1, 2));
    await first.close();
    const second = await openKafka(options);
    const appended = second.append('behind', records);
    setTimeout(() => void open.abort(), 1_000);
    await appended;
    const read = await take(second, 'behind', 0n, 3);
    expect(read.map(({ headers }) => headers['ce_sequence'])).toEqual(['1', '2', '3']);
    await second.close();
    await other.disconnect();
  });
});

describe('kafkajs without a broker', () => {
  it('says what it cannot reach and what to do', async () => {
    const opening = openKafka({ brokers: ['127.0.0.1:1'], clientId: 'c', transactionalId: 't', log, connectDeadline: 2_000 });
    await expect(opening).rejects.toMatchObject({ code: 'kafka.unreachable', message: expect.stringContaining('127.0.0.1:1') as string });
  });
});
