import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { topicLogContract } from '../contracts/topicLog.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

const log = { debug: () => undefined };

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
});

describe('kafkajs without a broker', () => {
  it('says what it cannot reach and what to do', async () => {
    const opening = openKafka({ brokers: ['127.0.0.1:1'], clientId: 'c', transactionalId: 't', log, connectDeadline: 2_000 });
    await expect(opening).rejects.toMatchObject({ code: 'kafka.unreachable', message: expect.stringContaining('127.0.0.1:1') as string });
  });
});
