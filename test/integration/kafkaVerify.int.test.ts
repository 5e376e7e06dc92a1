import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriver, signingSecretsOf } from '../../src/commands/deploymentKeys.ts';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import { toHex } from '../../src/domain/hex.ts';
import { toHeaders } from '../../src/domain/record/cloudEvents.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import type { TopicRecord } from '../../src/domain/record.ts';
import { type KafkaBus, openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { configFile, MASTER } from '../support/configFile.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

const log = { debug: () => undefined, warn: () => undefined };
const secrets = signingSecretsOf(deriver(MASTER, 'alice'));

const writerOf = (source: string, signingSecret: Uint8Array): RecordWriter =>
  new RecordWriter(
    { source, signingSecret, keys: { epoch: 1, secret: MASTER }, counterpart: () => 'open', random: (length) => new Uint8Array(length) },
    [],
  );

const messages = (topic: string, from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    topic,
    type: 'test.v1',
    id: `message/${String(from + index)}`,
    time: new Date(0).toISOString(),
    data: { number: from + index },
  }));

interface Answer {
  readonly proven: boolean;
  readonly records: number;
  readonly sources: readonly unknown[];
  readonly faults: readonly unknown[];
}

describe.runIf(brokerPossible)('verify, on a real broker', () => {
  let broker: Broker;
  let bus: KafkaBus;
  let config: string;
  beforeAll(async () => {
    broker = await startBroker();
    bus = await openKafka({ brokers: [broker.address], clientId: 'verify', transactionalId: 'verify', log });
    config = configFile(broker.address);
    await runCommand('topics', '--config', config, '--create');
  });
  afterAll(async () => {
    await bus.close();
    await broker.stop();
  });

  const verify = async (...args: readonly string[]): Promise<{ readonly code: number | null; readonly answer: Answer }> => {
    const { code, stdout, stderr } = await runCommand('verify', ...args, '--config', config, '--json');
    if (stdout === '') throw new Error(stderr);
    return { code, answer: JSON.parse(stdout) as Answer };
  };

  const append = async (topic: string, runs: readonly (readonly TopicRecord[])[]): Promise<void> => {
    for (const run of runs) await bus.append(topic, run);
  };

  it('proves what was written, by its short name and its full one', async () => {
    const writer = writerOf('/alice/observation', secrets.observation);
    for (let at = 0; at < 300; at += 30) await append('alice-chain', writer.write('alice-chain', messages('alice-chain', at, 30)));
    const { code, answer } = await verify('chain');
    expect(answer).toMatchObject({
      topic: 'alice-chain',
      proven: true,
      records: 300,
      faults: [],
      sources: [
        {
          source: '/alice/observation',
          key: toHex(publicKeyOf(secrets.observation)),
          records: 300,
          first: '1',
          last: '300',
          digest: writer.tail('alice-chain').digest,
          unsigned: 0,
          proven: true,
        },
      ],
    });
    expect(code).toBe(0);
    // Each run is followed by the mark of its transaction, so offset 31 is the first of the second run.
    expect((await verify('alice-chain', '--from', '31')).answer).toMatchObject({ proven: true, records: 270 });
    const { stdout } = await runCommand('verify', 'chain', '--config', config);
    expect(stdout).toMatch(/^alice-chain: 300 records, offsets 0 to \d+\nsource +records +first/);
  });

  it('knows topics that are empty, and ends whose signature is still to come', async () => {
    expect(await verify('inbound')).toMatchObject({ code: 0, answer: { records: 0, proven: true } });
    const [run = []] = writerOf('/alice/crypto', secrets.crypto).write('alice-reports', messages('alice-reports', 0, 3));
    await bus.append('alice-reports', run.slice(0, 2));
    const { code, answer } = await verify('reports');
    expect(answer).toMatchObject({ proven: true, sources: [{ unsigned: 2 }] });
    expect(code).toBe(0);
  });

  it('names what was done to a topic by its offset', async () => {
    const [run = []] = writerOf('/alice/crypto', secrets.crypto).write('alice-outbound', messages('alice-outbound', 0, 4));
    const producer = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const sent = run.map(({ attributes, data }, index) => ({
      key: null,
      value: Buffer.from(index === 1 ? data.map((byte, at) => (at === 3 ? byte ^ 1 : byte)) : data),
      headers: toHeaders(attributes),
    }));
    await producer.send({ topic: 'alice-outbound', messages: sent });
    const tampered = await verify('outbound');
    expect(tampered.answer.faults).toEqual([expect.objectContaining({ offset: '1', code: 'record.chain-broken' })]);
    expect(tampered.code).toBe(1);
    const { stdout } = await runCommand('verify', 'outbound', '--config', config);
    expect(stdout).toContain('first fault: offset 1: record.chain-broken: /alice/crypto: sequence 2 was changed');

    const [forged = []] = writerOf('/mallory', MASTER).write('alice-control', messages('alice-control', 0, 1));
    await bus.append('alice-control', forged);
    // Before or after the mark of the transaction, which the broker writes when it has already answered.
    const [hello] = await producer.send({ topic: 'alice-control', messages: [{ value: 'hello' }] });
    await producer.disconnect();
    const unknown = await verify('control');
    expect(unknown.answer.faults).toEqual([
      expect.objectContaining({ offset: '0', code: 'record.unknown-source', source: '/mallory' }),
      expect.objectContaining({ offset: hello?.baseOffset, code: 'record.malformed', source: null }),
    ]);
    expect(unknown.code).toBe(1);
  });

  it('takes only what it can understand', async () => {
    const { code, stderr } = await runCommand('verify', 'chian', '--config', config);
    expect(stderr).toContain('alice has no topic chian; known: chain, serai, bitcoin-commands');
    expect(code).toBe(2);
    expect((await runCommand('verify', 'chain', '--from', 'begin', '--config', config)).code).toBe(2);
  });
});
