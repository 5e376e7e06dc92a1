import { chmodSync, mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { lookAtAll } from '../../src/commands/doctor.ts';
import { loadConfig } from '../../src/core/loadConfig.ts';
import { openSeraiNode, type SeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { findingsOf } from '../../src/domain/health/checks.ts';
import { stuckStages } from '../../src/domain/health/readiness.ts';
import { toHex } from '../../src/domain/hex.ts';
import { devAccount } from '../../src/domain/threshold/schnorrkel.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { probeNode } from '../../src/drivers/polkadot/probeNode.ts';
import { configFile } from '../support/configFile.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';
import { openObserver } from '../support/observer.ts';
import { newlyKept, openSide } from '../support/peers.ts';

const BLOCKS = 8;

/** A node whose newest block is `ahead` milliseconds ahead of our clock. */
const openNode = async (ahead: number): Promise<SeraiNode> => {
  let clock = Date.now() + ahead - BLOCKS * 6_000;
  const node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
  for (let block = 0; block < BLOCKS; block += 1) await node.produceBlock();
  return node;
};

const listening = (): Promise<Server & { readonly port: number }> =>
  new Promise((done) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      done(Object.assign(server, { port: typeof address === 'object' && address !== null ? address.port : 0 }));
    });
  });

describe.runIf(brokerPossible)('doctor, with a real broker and a simulated node', () => {
  let broker: Broker;
  let node: SeraiNode;
  beforeAll(async () => {
    broker = await startBroker();
    node = await openNode(0);
  });
  afterAll(async () => {
    await node.close();
    await broker.stop();
  });

  const rpc = (of: SeraiNode): string => `observation.rpc_port=${new URL(of.url).port}`;

  /** Everything that is not well, as check, verdict and code. */
  const wrong = async (file: string, ...set: string[]): Promise<string[]> => {
    const facts = await lookAtAll(loadConfig(file, {}, set), 10_000, () => undefined);
    return findingsOf(facts).flatMap(({ check, verdict, code = '', subject }) =>
      verdict === 'ok' ? [] : [`${verdict} ${check} ${code}${check.startsWith('broker.') ? ` ${subject}` : ''}`],
    );
  };

  it('finds nothing wrong where all is right, topics or not, and says so with 0', async () => {
    const file = configFile(broker.address);
    expect(await wrong(file, rpc(node))).toEqual([]);
    const { code, stdout, stderr } = await runCommand('doctor', '--config', file, '--set', rpc(node));
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^ok {4}the Serai node answers: answers\n/);
    expect(stdout).toContain('ok    transactions and idempotent writes: a transaction was committed\n');
    expect(stdout).toContain(', 0 to be looked at, 0 in the way\n');
    expect(stderr).toContain('no coordinator runs here; looking from outside\n');
  });

  it('finds each thing that is broken, at once, with what to do', async () => {
    const file = configFile(broker.address);
    const dir = dirname(file);
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        { topic: 'broken-chain', numPartitions: 1, configEntries: [{ name: 'retention.ms', value: '1000' }] },
        { topic: 'broken-serai', numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '-1' }] },
      ],
    });
    await admin.disconnect();
    chmodSync(join(dir, 'master.key'), 0o644);
    mkdirSync(join(dir, 'data', 'broken', 'crypto'), { recursive: true });
    chmodSync(join(dir, 'data', 'broken'), 0o755);
    const taken = await listening();
    onTestFinished(() => void taken.close());
    const future = await openNode(3_600_000);
    onTestFinished(() => future.close());
    future.faults.syncing = true;
    const set = [
      'general.name=broken',
      rpc(future),
      'observation.endpoints=["ws://127.0.0.1:1"]',
      `observation.genesis_hash=0x${'22'.repeat(32)}`,
      `connection.listen=/ip4/127.0.0.1/tcp/${String(taken.port)}`,
      'general.min_free_mb=1000000',
    ];
    const found = await wrong(file, ...set);
    expect(found).toEqual(
      expect.arrayContaining([
        'warn node.reachable chain.unreachable',
        'warn node.syncing chain.syncing',
        'fail node.genesis chain.wrong-genesis',
        'fail clock clock.behind',
        'warn broker.topics kafka.topics broken-chain',
        'fail broker.topics kafka.topics broken-serai',
        'fail disk.writable store.permissions',
        'fail disk.room store.full',
        'fail keys config.invalid',
        'warn backups backup.none',
        'fail ports port.in-use',
      ]),
    );
    const { code, stdout } = await runCommand('doctor', '--config', file, '--json', ...set.flatMap((one) => ['--set', one]));
    // As run would end: it meets the key before the node.
    expect(code).toBe(2);
    const told = JSON.parse(stdout) as {
      ready: boolean;
      exit: number;
      findings: { code?: string; exit?: number; fix?: string; runbook?: string }[];
    };
    expect(told).toMatchObject({ ready: false, exit: 2 });
    expect(told.findings.find(({ code: of }) => of === 'config.invalid')).toMatchObject({
      exit: 2,
      found: expect.stringContaining('chmod 600') as string,
      runbook: 'docs/runbook.md#configinvalid',
    });
    expect(told.findings.find(({ code: of }) => of === 'port.in-use')).toMatchObject({ exit: 6 });
  });

  it('dials validators without saying who we are, and checks their certificates', async () => {
    const bob = await openSide('Bob', { genesisHash: node.genesisHash, kept: { ...newlyKept(), height: BLOCKS } });
    onTestFinished(() => bob.close());
    const charlie = toHex(devAccount('Charlie').publicKey);
    const dave = toHex(devAccount('Dave').publicKey);
    const peers = [
      { validator: bob.validator, address: bob.address },
      { validator: charlie, address: bob.address },
      { validator: dave, address: '/ip4/127.0.0.1/tcp/1' },
    ];
    const config = loadConfig(configFile(broker.address), {}, [rpc(node), `connection.peers=${JSON.stringify(peers)}`]);
    const findings = findingsOf(await lookAtAll(config, 10_000, () => undefined)).filter(({ check }) => check === 'peers.dialled');
    expect(findings).toMatchObject([
      { subject: bob.validator, verdict: 'ok' },
      { subject: charlie, verdict: 'warn', code: 'peer.wrong-identity' },
      { subject: dave, verdict: 'warn', code: 'peer.dial-failed' },
    ]);
    expect(bob.kept.events).toEqual([]);
  });

  it('is not needed to see that the chain stands still: health says since when, and why', async () => {
    const observer = await openObserver({ endpoints: [node.url] });
    onTestFinished(observer.stop);
    await vi.waitFor(
      () => {
        expect(observer.heights()).toHaveLength(BLOCKS - 1);
      },
      { timeout: 30_000 },
    );
    const stages = observer.stages();
    expect(stuckStages(stages, Date.now())).toEqual([]);
    expect(stuckStages(stages, Date.now() + 61_000)).toMatchObject([
      { stage: 'finalized heads are heard of', why: `${node.url} tells of none above ${String(BLOCKS - 2)}` },
    ]);
  });

  it('gives up what does not answer when its time is over', async () => {
    const mute = await listening();
    onTestFinished(() => void mute.close());
    const facts = await probeNode({ endpoint: `ws://127.0.0.1:${String(mute.port)}`, deadline: 300 });
    expect(facts.failure).toMatchObject({ code: 'chain.unreachable', text: expect.stringContaining('within 0.3 s') as string });
  });
});
