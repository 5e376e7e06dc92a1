import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deriver, pinsOf, signingSecretsOf } from '../../src/commands/deploymentKeys.ts';
import { loadConfig } from '../../src/core/loadConfig.ts';
import { solvencyRules } from '../../src/core/solvencyRules.ts';
import { type Running, supervise } from '../../src/core/supervise.ts';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import { toHex } from '../../src/domain/hex.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import type { Json } from '../../src/domain/tables.ts';
import { sourcesOf, topicsOf, writersOf } from '../../src/domain/topics.ts';
import { type KafkaBus, openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openIntegrity } from '../../src/modules/integrity.ts';
import type { Module } from '../../src/modules/module.ts';
import { configFile, MASTER } from '../support/configFile.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';
import { SolvencyWorld } from '../support/solvencyWorld.ts';

const log = { debug: () => undefined, warn: () => undefined };
const topics = topicsOf('alice');
const sources = sourcesOf('alice');
const secrets = signingSecretsOf(deriver(MASTER, 'alice'));
const PROCESSOR = new Uint8Array(32).fill(9);
const RULES = '[solvency]\nbreaches = 2\nclears = 2\n[solvency.coins.Bitcoin]\ntolerance = "10"\n';

describe.runIf(brokerPossible)('solvency, from the records on a real broker', () => {
  let broker: Broker;
  let config: string;
  let bus: KafkaBus;
  let integrity: Module;
  let running: Running;
  const stop$ = new Subject<void>();
  const world = new SolvencyWorld();
  const writers = new Map<string, RecordWriter>();
  const told = { chain: 0, serai: 0 };

  const write = async (
    source: string,
    signingSecret: Uint8Array,
    topic: string,
    said: readonly { readonly type: string; readonly data: unknown }[],
  ) => {
    const random = (length: number): Uint8Array => new Uint8Array(length);
    const writer =
      writers.get(source) ??
      new RecordWriter({ source, signingSecret, keys: { epoch: 1, secret: MASTER }, counterpart: () => 'open', random }, []);
    writers.set(source, writer);
    const time = new Date(0).toISOString();
    const messages = said.map(({ type, data }, at) => ({
      topic,
      type,
      id: `${type}/${String(at)}/${String(told.chain + told.serai)}`,
      time,
      data: data as Json,
    }));
    for (const run of writer.write(topic, messages)) await bus.append(topic, run);
  };

  /** What happened in the world since, on both topics. */
  const tell = async (): Promise<void> => {
    await write(sources.observation, secrets.observation, topics.chain, world.chain.slice(told.chain));
    await write(sources.processor('Bitcoin'), PROCESSOR, topics.serai, world.serai.slice(told.serai));
    told.chain = world.chain.length;
    told.serai = world.serai.length;
  };

  const json = async (...args: readonly string[]): Promise<{ code: number | null; answer: unknown; stderr: string }> => {
    const { code, stdout, stderr } = await runCommand(...args, '--config', config, '--json');
    return { code, answer: stdout.trim() === '' ? undefined : JSON.parse(stdout), stderr };
  };

  const until = (state: string, difference: string): Promise<unknown> =>
    vi.waitFor(
      async () => {
        // The chain goes on, and with each of its blocks the sum is checked.
        world.seraiBlock(0);
        await tell();
        const { answer } = await json('solvency', 'show');
        expect(answer).toMatchObject({ verdicts: [{ coin: 'Bitcoin', state, difference }] });
      },
      { timeout: 60_000, interval: 500 },
    );

  beforeAll(async () => {
    broker = await startBroker();
    const pin = `[keys.pins]\n"${sources.processor('Bitcoin')}" = "${toHex(publicKeyOf(PROCESSOR))}"\n`;
    config = configFile(broker.address, `${RULES}${pin}`);
    await runCommand('topics', '--config', config, '--create');
    bus = await openKafka({ brokers: [broker.address], clientId: 'solvency', transactionalId: 'solvency', log });
    const loaded = loadConfig(config, {}, []);
    integrity = await openIntegrity({
      store: openMemoryStore(),
      bus: await openKafka({ brokers: [broker.address], clientId: 'integrity', transactionalId: 'integrity', log }),
      source: sources.integrity,
      signingSecret: secrets.integrity,
      pins: pinsOf(loaded, secrets),
      writers: writersOf('alice', ['Bitcoin']),
      deadLetter: topics.deadLetter,
      random: (length) => new Uint8Array(randomBytes(length)),
      parkedFor: 200,
      parked: () => undefined,
      stop$,
      topics,
      operator: sources.operator,
      context: { networks: ['Bitcoin'], topics, processor: sources.processor, ...solvencyRules(loaded) },
    });
    running = supervise(integrity.routes, stop$);
  });

  afterAll(async () => {
    running.stop(5_000);
    await running.ended;
    await integrity.close();
    await bus.close();
    await broker.stop();
  });

  it('shows, explains and sums up again what an honest vault comes to', async () => {
    world.payIn(1_000n);
    world.payIn(500n);
    world.externalBlock(0);
    world.seraiBlock(1);
    world.burn(300n);
    world.seraiBlock(0);
    world.payIn(70n);
    world.externalBlock(0);
    await until('solvent', '0');
    const explained = await json('solvency', 'explain', '--coin', 'bitcoin');
    expect(explained.answer).toMatchObject({
      explained: [
        {
          lines: [
            { account: 'booked', amount: '1200', from: 'Serai block 2' },
            { account: 'pending-in', amount: '70' },
            { account: 'pending-out', amount: '300', from: 'burn 0 of Serai block 2' },
            { account: 'vault', amount: '1570' },
          ],
        },
      ],
    });
    const replayed = await json('solvency', 'replay');
    expect(replayed, replayed.stderr).toMatchObject({ code: 0, answer: { replayed: [{ differs: [] }] } });
    expect((await json('solvency', 'explain', '--coin', 'dai')).stderr).toContain('no verdict on dai');
  });

  it('is not led astray by what stands on its topics and its sources did not write', async () => {
    // The processor's key is pinned, and has no business on the chain's topic; nor has it with verdicts.
    const forged = { block: { number: 3, hash: `0x${'00'.repeat(32)}` }, coin: 'Bitcoin', amount: '1' };
    await write(sources.processor('Bitcoin'), PROCESSOR, topics.chain, [{ type: 'serai.coins.supply.v1', data: forged }]);
    const shown = (await json('solvency', 'show')).answer as { readonly verdicts: readonly { readonly vault: string }[] };
    const lie = { ...shown.verdicts[0], vault: '0', difference: '-1570', state: 'halted' };
    await write(sources.processor('Bitcoin'), PROCESSOR, topics.reports, [{ type: 'serai.report.solvency.v1', data: lie }]);
    const { answer, stderr } = await json('solvency', 'show');
    expect(answer).toEqual(shown);
    expect(stderr).toContain('alice-reports holds what its sources did not write so');
    expect(await json('solvency', 'replay')).toMatchObject({ code: 0, answer: { replayed: [{ differs: [] }] } });
    const sides = { booked: { difference: '0' }, vault: { difference: '0' } };
    expect((await json('solvency', 'explain', '--journal')).answer).toMatchObject({
      explained: [{ sides, journal: expect.any(Array) as unknown }],
    });
  });

  it('halts for what was stolen, and clears when it is back', async () => {
    world.externalBlock(0, 200n);
    await until('halted', '-200');
    expect((await json('solvency', 'explain')).answer).toMatchObject({
      explained: [{ sides: { booked: { difference: '0' }, vault: { difference: '-200' } } }],
    });
    expect(await json('solvency', 'replay')).toMatchObject({ code: 0 });
    // Someone pays back what was taken, without an instruction.
    world.externalBlock(0, -200n);
    await until('solvent', '0');
  });

  it('records what the operator and the module ordered, chained and signed', async () => {
    for (const [what, scope] of [
      ['pause', 'signing'],
      ['resume', 'signing'],
    ] as const)
      expect((await runCommand(what, scope, '--reason', 'a look', '--config', config)).code).toBe(0);
    const listed = await json('audit', 'list');
    const acts = (listed.answer as { readonly acts: readonly { readonly act: string; readonly by: string; readonly what: string }[] }).acts;
    expect(acts.map(({ act, by, what }) => `${act} ${what} ${by}`)).toEqual([
      'halted Bitcoin /alice/integrity',
      'cleared Bitcoin /alice/integrity',
      'paused signing /alice/operator',
      'resumed signing /alice/operator',
    ]);
    expect((await json('audit', 'verify')).code).toBe(0);
    const file = join(mkdtempSync(join(tmpdir(), 'audit-')), 'audit.jsonl');
    expect((await runCommand('audit', 'export', file, '--config', config)).code).toBe(0);
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(4);
    expect((await runCommand('pause', 'everything', '--reason', 'x', '--config', config)).code).toBe(2);
  });
});
