import { type Admin, ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareTopics } from '../../src/commands/prepareTopics.ts';
import { wantedTopics } from '../../src/domain/topicContract.ts';
import { openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { type KafkaAdmin, openKafkaAdmin } from '../../src/drivers/kafka/openKafkaAdmin.ts';
import { configFile } from '../support/configFile.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

const log = { debug: () => undefined, warn: () => undefined };
const ONE = { replicationFactor: 1, minInsyncReplicas: 1 };

interface Reported {
  readonly topics: readonly {
    readonly topic: string;
    readonly verdict: string;
    readonly deviations: readonly { readonly fix: string }[];
  }[];
}

describe.runIf(brokerPossible)('topics, on a real broker', () => {
  let broker: Broker;
  let kafka: KafkaAdmin;
  let admin: Admin;
  beforeAll(async () => {
    broker = await startBroker();
    kafka = await openKafkaAdmin({ brokers: [broker.address], clientId: 'topics', log });
    admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await kafka.close();
    await admin.disconnect();
    await broker.stop();
  });

  const prepare = async (names: readonly string[], options = ONE): Promise<readonly string[]> => {
    const warned: string[] = [];
    await prepareTopics({
      topics: kafka.topics,
      wanted: wantedTopics(names, options),
      brokers: [broker.address],
      warn: (lines) => warned.push(...lines),
    });
    return warned;
  };

  it('creates what is missing as the contract wants it, once', async () => {
    await prepare(['made-1']);
    await prepare(['made-1', 'made-2']);
    expect(await kafka.topics.describe(['made-1', 'made-2', 'made-3'])).toEqual(wantedTopics(['made-1', 'made-2'], ONE));
  });

  it('refuses what contradicts the contract, all of it in one message, with the commands that put it right', async () => {
    await admin.createTopics({
      topics: [
        { topic: 'wrong-1', numPartitions: 2 },
        { topic: 'wrong-2', configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
      ],
    });
    const preparing = prepare(['wrong-1', 'wrong-2', 'wrong-3']);
    await expect(preparing).rejects.toMatchObject({ code: 'kafka.topics' });
    const message = await preparing.catch((error: unknown) => (error as Error).message);
    expect(message).toContain('wrong-1: partitions is 2, wanted 1');
    expect(message).toContain(`kafka-configs --bootstrap-server ${broker.address} --alter --entity-type topics --entity-name wrong-2`);
    expect(await kafka.topics.describe(['wrong-3'])).toEqual([]);
  });

  it('warns where records expire', async () => {
    await admin.createTopics({ topics: [{ topic: 'expires' }] });
    expect(await prepare(['expires'])).toContainEqual(expect.stringContaining('retention.ms is 604800000, wanted -1'));
  });

  it('says which topics could not be made, and why', async () => {
    const preparing = prepare(['three'], { replicationFactor: 3, minInsyncReplicas: 2 });
    await expect(preparing).rejects.toMatchObject({
      code: 'kafka.topics',
      message: expect.stringMatching(/kafka\.replication_factor[^]*three: /) as string,
    });
  });

  it('are shown and created by the command, which ends with 0 when all is right', async () => {
    const config = configFile(broker.address);
    const before = await runCommand('topics', '--config', config, '--json');
    expect(before.code).toBe(1);
    expect((JSON.parse(before.stdout) as Reported).topics.map(({ verdict }) => verdict)).toEqual(Array(9).fill('missing'));
    const created = await runCommand('topics', '--config', config, '--create');
    expect(created.stdout).toMatch(/^topic +wanted +found +verdict\nalice-chain +partitions=1 replication.factor=1 .* as wanted +right\n/);
    expect(created.code).toBe(0);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: 'alice-chain', configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
    });
    const after = await runCommand('topics', '--config', config);
    expect(after.code).toBe(1);
    expect(after.stdout).toMatch(/alice-chain +cleanup.policy=delete +compact +wrong/);
    expect(after.stdout).toContain('--entity-name alice-chain --add-config cleanup.policy=delete');
  });

  it('are asked for at a broker that is there', async () => {
    const { code, stderr } = await runCommand('topics', '--config', configFile('127.0.0.1:1'));
    expect(code).toBe(4);
    expect(stderr).toContain('no Kafka broker answers');
  });
});

describe.runIf(brokerPossible)('a broker that can make no transactions', () => {
  it('is named at the start, with what to do', async () => {
    const broker = await startBroker('transaction.state.log.replication.factor=3\n');
    try {
      const opening = openKafka({ brokers: [broker.address], clientId: 'c', transactionalId: 't', log });
      await expect(opening).rejects.toMatchObject({
        code: 'kafka.transactions',
        message: expect.stringContaining('transaction.state.log.replication.factor') as string,
      });
    } finally {
      await broker.stop();
    }
  });
});
