import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { setFault } from '../../src/devnet/node/faults.ts';
import { openSeraiNode, type SeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { type KafkaBus, openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import type { StoredRecord } from '../../src/streams/fromTopic.ts';
import { configFile } from '../support/configFile.ts';
import { runCommand, startCommand } from '../support/devnetProcess.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';
import { openObserver } from '../support/observer.ts';

let clock = 1_790_000_000_000;

describe.runIf(brokerPossible)('replay and tail, on a real broker', () => {
  let broker: Broker;
  let bus: KafkaBus;
  let node: SeraiNode;
  let config: string;
  let published: readonly StoredRecord[] = [];

  beforeAll(async () => {
    broker = await startBroker();
    bus = await openKafka({
      brokers: [broker.address],
      clientId: 'replay',
      transactionalId: 'replay',
      log: { debug: () => undefined, warn: () => undefined },
    });
    node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
    for (let block = 1; block <= 20; block += 1) {
      if (block === 12) setFault(node.faults, 'runtime-upgrade', true);
      await node.produceBlock();
    }
    const observer = await openObserver({ endpoints: [node.url], bus, name: 'alice' });
    await vi.waitFor(
      () => {
        expect(observer.heights()).toHaveLength(19);
      },
      { timeout: 15_000, interval: 50 },
    );
    published = [...observer.records];
    await observer.stop();
    config = configFile(broker.address);
  }, 60_000);
  afterAll(async () => {
    await node.close();
    await bus.close();
    await broker.stop();
  });

  const run = (command: string, ...args: readonly string[]) =>
    runCommand(command, ...args, '--config', config, '--set', `observation.rpc_port=${new URL(node.url).port}`);

  /** What alice published, as another deployment's, with changes. */
  const publishAs = async (name: string, records: readonly Pick<StoredRecord, 'headers' | 'value'>[]): Promise<void> => {
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
    await bus.createTopics([`${name}-chain`]);
    const producer = kafka.producer();
    await producer.connect();
    const messages = records.map(({ headers, value }) => ({
      value: Buffer.from(value),
      headers: { ...headers, ce_source: `/${name}/observation` },
    }));
    await producer.send({ topic: `${name}-chain`, messages });
    await producer.disconnect();
  };

  const isAt = (height: number) => (record: StoredRecord) => record.headers['ce_id']?.split('/')[1] === String(height);

  it.each([
    ['all of it', 0, 18],
    ['a stretch, the upgrade in it', 9, 14],
    ['a block', 13, 13],
  ])('finds %s identical with what was published', async (_what, from, to) => {
    const { code, stdout, stderr } = await run('replay', '--from', String(from), '--to', String(to), '--check');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(new RegExp(`^identical: blocks ${String(from)} to ${String(to)}, \\d+ records\\n$`));
  });

  it.each([
    [
      'a changed record',
      (records: readonly StoredRecord[]) =>
        records.map((record) =>
          isAt(7)(record) && record.headers['ce_type'] === 'serai.chain.block.v1'
            ? { ...record, value: Buffer.from(Buffer.from(record.value).toString().replace('"time":1', '"time":2')) }
            : record,
        ),
      { block: 7, why: 'differs at its record 2', published: { id: 'serai.chain.block.v1/7' }, expected: { id: 'serai.chain.block.v1/7' } },
    ],
    [
      'a record left out',
      (records: readonly StoredRecord[]) =>
        records.filter((record) => !(isAt(7)(record) && record.headers['ce_type'] === 'serai.system.extrinsic-success.v1')),
      { block: 7, why: 'differs at its record 1', expected: { type: 'serai.system.extrinsic-success.v1' } },
    ],
    [
      'a block left out',
      (records: readonly StoredRecord[]) => records.filter((record) => !isAt(7)(record)),
      { block: 7, why: 'was not published' },
    ],
    [
      'a block that stands twice',
      (records: readonly StoredRecord[]) => [...records, ...records.filter(isAt(7))],
      { block: 7, why: 'stands twice or after a later block' },
    ],
  ])('shows %s', async (what, change, first) => {
    const name = what.replaceAll(' ', '-');
    await publishAs(name, change(published));
    const { code, stdout, stderr } = await run('replay', '--from', '0', '--to', '18', '--check', '--json', '--set', `general.name=${name}`);
    expect(code, stderr).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ identical: false, from: 0, to: 18, first });
  });

  it('prints what the blocks say without --check', async () => {
    const { code, stdout } = await run('replay', '--from', '3', '--to', '4', '--json');
    expect(code).toBe(0);
    const said = stdout.trim().split('\n');
    const records = published.filter((record) => isAt(3)(record) || isAt(4)(record));
    expect(said.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(records.map(({ headers }) => headers['ce_id']));
  });

  it('says which blocks are not final', async () => {
    const { code, stderr } = await run('replay', '--from', '3', '--to', '400');
    expect(code).toBe(2);
    expect(stderr).toContain("block 400 is not final: the node's finalized head is block 18");
  });

  it('shows the last records of a topic, or all of them as JSON', async () => {
    const few = await run('tail', 'chain', '--lines', '3', '--no-follow');
    expect(few.stdout.trim().split('\n')).toHaveLength(3);
    expect(few.stdout).toMatch(/ {2}serai\.chain\.block\.v1 {2}18 {2}\{"number":18,/);
    const all = await run('tail', 'alice-chain', '--from', '0', '--no-follow', '--json');
    const lines = all.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; offset: string; data: unknown });
    expect(lines.map(({ id }) => id)).toEqual(published.map(({ headers }) => headers['ce_id']));
    expect(lines.at(-1)?.data).toMatchObject({ number: 18 });
  });

  it('follows a topic until it is interrupted', async () => {
    await publishAs('followed', published.slice(0, 3));
    const port = `observation.rpc_port=${new URL(node.url).port}`;
    const args = ['tail', 'chain', '--lines', '1', '--config', config, '--set', port, '--set', 'general.name=followed'];
    const { process: child, ended } = startCommand(...args);
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const shows = (record: StoredRecord | undefined): Promise<void> =>
      vi.waitFor(
        () => {
          expect(said).toContain(`  ${record?.headers['ce_type'] ?? ''}  ${record?.headers['ce_subject'] ?? ''}  `);
        },
        { timeout: 15_000, interval: 50 },
      );
    await shows(published[2]);
    await publishAs('followed', published.slice(3, 5));
    await shows(published[4]);
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
    expect(said.trim().split('\n')).toHaveLength(3);
  });
});
