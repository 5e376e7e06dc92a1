import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Subject } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriver, signingSecretsOf } from '../../src/commands/deploymentKeys.ts';
import { supervise } from '../../src/core/supervise.ts';
import { openSeraiNode, type SeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { openExternalChain } from '../../src/devnet/processor/externalChain.ts';
import { openProcessor } from '../../src/devnet/processor/processor.ts';
import { openProcessorService } from '../../src/devnet/processorService.ts';
import { toHex } from '../../src/domain/hex.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import { devAccount } from '../../src/domain/threshold/schnorrkel.ts';
import { sourcesOf, topicsOf, writersOf } from '../../src/domain/topics.ts';
import { openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { type KafkaAdmin, openKafkaAdmin } from '../../src/drivers/kafka/openKafkaAdmin.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { configFile, MASTER } from '../support/configFile.ts';
import { startCommand } from '../support/devnetProcess.ts';
import { freePort } from '../support/freePort.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

const BLOCKS = 12;
const log = { debug: () => undefined, warn: () => undefined };
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** An id of a deployment as it would be in any other: without its name, and the instances its starts drew. */
const idWithout = (name: string, id: string): string => id.replaceAll(name, 'name').replace(/0x[0-9a-f]{32}$/, 'instance');

/** The modules on one event loop, each in a thread, each in a process: what is given to `run`. */
const MODES = {
  loop: [['--modules', 'observation,crypto,connection,integrity']],
  threads: [[]],
  processes: [
    ['--modules', 'observation'],
    ['--modules', 'crypto'],
    ['--modules', 'connection'],
    ['--modules', 'integrity'],
  ],
} as const;
type Mode = keyof typeof MODES;

describe.runIf(brokerPossible)('the modules', () => {
  let broker: Broker;
  let node: SeraiNode;
  let admin: KafkaAdmin;
  let clock = 1_790_000_000_000;
  beforeAll(async () => {
    broker = await startBroker();
    admin = await openKafkaAdmin({ brokers: [broker.address], clientId: 'modules', log });
    node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
    for (let block = 0; block < BLOCKS; block += 1) await node.produceBlock();
  }, 60_000);
  afterAll(async () => {
    await admin.close();
    await node.close();
    await broker.stop();
  });

  /** A processor double for Bitcoin on the deployment's topics. */
  const openBitcoin = async (name: string, secret: Uint8Array) => {
    const bus = await openKafka({ brokers: [broker.address], clientId: name, transactionalId: `${name}-processor`, log });
    const sources = sourcesOf(name);
    const topics = topicsOf(name);
    const stop$ = new Subject<void>();
    const store = openMemoryStore();
    const chain = await openExternalChain({ store: openMemoryStore(), network: 'Bitcoin' });
    const validator = toHex(devAccount('Alice').publicKey);
    const service = await openProcessorService({
      store,
      bus,
      source: sources.processor('Bitcoin'),
      signingSecret: secret,
      pins: { [sources.crypto]: publicKeyOf(signingSecretsOf(deriver(MASTER, name)).crypto) },
      writers: writersOf(name, ['Bitcoin']),
      deadLetter: topics.deadLetter,
      random,
      stop$,
      parkedFor: 1_000,
      parked: () => undefined,
      network: 'Bitcoin',
      topics,
      crypto: sources.crypto,
      processor: await openProcessor({ store, network: 'Bitcoin', genesisHash: node.genesisHash, validator, chain, random }),
      chain,
    });
    const running = supervise(service.routes, stop$);
    return async () => {
      running.stop(2_000);
      await running.ended;
      await service.close();
      await bus.close();
    };
  };

  /** Ids of everything on the topics of a deployment, by topic, without its name. */
  const idsOf = async (name: string): Promise<Record<string, string[]>> => {
    const topics = topicsOf(name);
    const all = [
      topics.chain,
      topics.commands('Bitcoin'),
      topics.replies('Bitcoin'),
      topics.outbound,
      topics.inbound,
      topics.reports,
      topics.deadLetter,
    ];
    const ids: Record<string, string[]> = {};
    for (const topic of all) {
      const own: string[] = [];
      const { low, end } = await admin.bounds(topic).catch(() => ({ low: 0n, end: 0n }));
      await admin.readTo({ topic, from: low, end, take: ({ headers }) => own.push(idWithout(name, headers['ce_id'] ?? '')) });
      ids[topic.slice(name.length + 1)] = own.sort();
    }
    return ids;
  };

  const runMode = async (mode: Mode): Promise<Record<string, string[]>> => {
    const secret = new Uint8Array(32).fill(5);
    const pins = `[keys.pins]\n"${sourcesOf(mode).processor('Bitcoin')}" = "${toHex(publicKeyOf(secret))}"`;
    const config = configFile(broker.address, pins);
    const overrides = ['--set', `general.name=${mode}`, '--set', `observation.rpc_port=${new URL(node.url).port}`];
    const ports = await Promise.all(MODES[mode].map(freePort));
    const commands = MODES[mode].map((args, index) =>
      startCommand('run', '--config', config, ...overrides, '--set', `http.port=${String(ports[index])}`, ...args),
    );
    let early: string | undefined;
    for (const { ended } of commands) void ended.then(({ code, stderr }) => (early ??= `ended with ${String(code)}: ${stderr}`));
    for (let tries = 0; tries < 100 && early === undefined; tries += 1) {
      const { low, end } = await admin.bounds(topicsOf(mode).deadLetter).catch(() => ({ low: 0n, end: -1n }));
      if (end >= low) break;
      await sleep(200);
    }
    const close = await openBitcoin(mode, secret);
    let ids = await idsOf(mode);
    for (let still = 0, tries = 0; still < 3 && tries < 60; tries += 1) {
      if (early !== undefined) throw new Error(early);
      await sleep(700);
      const now = await idsOf(mode);
      still = (now['outbound']?.length ?? 0) > 1 && JSON.stringify(now) === JSON.stringify(ids) ? still + 1 : 0;
      ids = now;
    }
    // Whichever process or thread runs the connection module, the command line finds it by the data folder.
    const asked = await startCommand('peers', '--config', config, '--set', `general.name=${mode}`, '--json').ended;
    expect(asked.code, asked.stderr).toBe(0);
    expect(JSON.parse(asked.stdout)).toMatchObject({ self: toHex(devAccount('Alice').publicKey), height: BLOCKS - 2, stopped: null });
    const [metrics = ''] = (
      await Promise.all(ports.map(async (port) => (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text()))
    ).filter((text) => text.includes('serai_coordinator_peers'));
    expect(metrics).toContain('# TYPE serai_coordinator_peer_connected gauge');
    for (const port of ports) {
      const { stuck } = (await (await fetch(`http://127.0.0.1:${String(port)}/health/ready`)).json()) as { stuck: { stage: string }[] };
      // The chain of this test makes no more blocks, which is noticed after a minute.
      expect(stuck.filter(({ stage }) => stage !== 'finalized heads are heard of')).toEqual([]);
    }
    for (const { process: child } of commands) child.kill('SIGTERM');
    for (const { ended } of commands) {
      const { code, stderr } = await ended;
      expect(code, stderr).toBe(0);
    }
    await close();
    return ids;
  };

  it('do the same on one event loop, in threads, and in processes of their own', async () => {
    const loop = await runMode('loop');
    expect(loop['chain']?.filter((id) => id.startsWith('serai.chain.block.v1/'))).toHaveLength(BLOCKS - 1);
    // Observation told crypto of the set, crypto told connection whom to connect to, and connection announced the key to seal for it.
    expect(loop['outbound']).toContain('serai.peer.connect.v1/Bitcoin/0');
    expect(loop['inbound']).toEqual(['serai.epoch.opened.v1//name/connection/1']);
    expect(loop['dead-letter']).toEqual([]);
    expect(await runMode('threads')).toEqual(loop);
    expect(await runMode('processes')).toEqual(loop);
  }, 180_000);
});
