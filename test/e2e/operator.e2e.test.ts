import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import { openSeraiNode, type SeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { ACTS } from '../../src/domain/control/acts.ts';
import { order } from '../../src/domain/control/orders.ts';
import { letterAct } from '../../src/domain/deadLetter/acts.ts';
import type { Finding } from '../../src/domain/health/finding.ts';
import { status } from '../../src/domain/health/status.ts';
import { toHex } from '../../src/domain/hex.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import { sourcesOf, topicsOf } from '../../src/domain/topics.ts';
import { openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { MODULES } from '../../src/modules/moduleNames.ts';
import { configFile } from '../support/configFile.ts';
import { type Ended, runCommand, startCommand } from '../support/devnetProcess.ts';
import { freePort } from '../support/freePort.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

const BLOCKS = 6;
const PROCESSOR = new Uint8Array(32).fill(5);
const topics = topicsOf('alice');

describe.runIf(brokerPossible)('an operator', () => {
  let broker: Broker;
  let node: SeraiNode;
  let config: string;
  let listens: readonly number[];
  let clock = 1_790_000_000_000;
  beforeAll(async () => {
    broker = await startBroker();
    node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
    for (let block = 0; block < BLOCKS; block += 1) await node.produceBlock();
    const pin = toHex(publicKeyOf(PROCESSOR));
    listens = [await freePort(), await freePort()];
    const [http = 0, peers = 0] = listens;
    const more = `[http]\nport = ${String(http)}\n[keys.pins]\n"${sourcesOf('alice').processor('Bitcoin')}" = "${pin}"\n`;
    config = configFile(broker.address, more);
    await writeFile(config, (await readFile(config, 'utf8')).replace('/tcp/0"', `/tcp/${String(peers)}"`));
  }, 60_000);
  afterAll(async () => {
    await node.close();
    await broker.stop();
  });

  const ask = (...args: string[]): Promise<Ended> =>
    runCommand(...args, '--config', config, '--set', `observation.rpc_port=${new URL(node.url).port}`);
  const json = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await ask(...args, '--json');
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0);
    return JSON.parse(stdout);
  };

  it('looks at a coordinator that runs, backs it up, rotates its keys and changes its log, restores it; every act is recorded', async () => {
    const nothing = await ask('status');
    expect(nothing.code).toBe(1);
    expect(nothing.stderr).toMatch(/error: no coordinator .*runs/);

    // Made beside the real one; what is done before there is anything to record it waits in the data folder.
    const another = `${dirname(config)}/another.key`;
    const beside = ['--set', `keys.master_key_file=${another}`, '--plain'];
    expect((await ask('keys', 'create', ...beside, '--reason', 'a new machine')).code).toBe(0);
    expect((await ask('keys', 'export', '--to', `${another}.copy`, '--plain', '--reason', 'into the safe')).code).toBe(0);
    await rm(another);
    expect((await ask('keys', 'import', '--from', `${another}.copy`, ...beside, '--reason', 'out of the safe')).code).toBe(0);

    const running = startCommand('run', '--config', config, '--set', `observation.rpc_port=${new URL(node.url).port}`);
    // The second to last block is the last that is final.
    for (let tries = 0, height = -1; height < BLOCKS - 2; tries += 1) {
      expect(tries, 'it observes the chain within a minute').toBeLessThan(60);
      await sleep(1_000);
      const asked = await ask('status', '--json');
      if (asked.code === 0) height = status.parse(JSON.parse(asked.stdout)).chain?.finalized?.number ?? -1;
    }
    const { stdout: shown } = await ask('status');
    expect(shown).toContain(`block ${String(BLOCKS - 2)}`);

    await seeDoctorBeside();

    expect(await json('log-level')).toEqual({ level: 'silent' });
    expect(await json('log-level', 'debug', '--reason', 'a look')).toEqual({ level: 'debug' });
    expect(await json('log-level')).toEqual({ level: 'debug' });

    const rotated = await json('keys', 'rotate', '--reason', 'a colleague left');
    expect(rotated).toMatchObject(Object.fromEntries(MODULES.map((module) => [module, { dataKey: 2 }])));
    const backups = await json('backup', 'create', '--reason', 'before the upgrade');
    expect(backups).toMatchObject({ backups: MODULES.map((module) => ({ module, where: `${dirname(config)}/backups` })) });

    expect(await json('backup', 'drill', '--reason', 'every month')).toMatchObject({ drills: MODULES.map((module) => ({ module })) });

    for (const what of ['pause', 'resume']) expect((await ask(what, 'signing', '--reason', 'a look')).code).toBe(0);
    expect((await ask('solvency', 'acknowledge', 'Bitcoin', '--at-once', '--reason', 'the deposit was late')).code).toBe(0);

    await saySomethingStrange(broker.address);
    const letters = await lettersOf();
    expect((await ask('dlq', 'drop', letters[0] ?? '', '--reason', 'nobody needs it')).code).toBe(0);
    expect((await ask('dlq', 'replay', letters[1] ?? '', '--reason', 'mended')).code).toBe(0);

    running.process.kill('SIGTERM');
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(0);

    const restored = await ask('backup', 'restore', 'latest', '--replace', '--reason', 'to see that it works');
    expect(restored.code, restored.stderr).toBe(0);
    // Nobody runs that could answer: the order stands all the same.
    expect((await ask('resume', '--timeout', '1', '--reason', 'restored')).code).toBe(7);
    const passphrase = `${dirname(config)}/passphrase`;
    await writeFile(passphrase, 'correct horse battery staple\n', { mode: 0o600 });
    const changed = await ask('keys', 'change-passphrase', '--new-passphrase-file', passphrase, '--reason', 'every year');
    expect(changed.code, changed.stderr).toBe(0);
    expect(changed.stderr).toContain('the next start of the coordinator writes it');
    const knowing = ['--set', `keys.passphrase_file=${passphrase}`];
    expect((await ask('keys', 'export', '--to', `${another}.second`, '--plain', '--reason', 'into the safe', ...knowing)).code).toBe(0);

    const { acts } = (await json('audit', 'list', ...knowing)) as { readonly acts: readonly ListedAct[] };
    expect(acts.map(({ act, reason }) => `${act}: ${reason}`)).toEqual([
      ...['key-created: a new machine', 'key-exported: into the safe', 'key-imported: out of the safe', 'log-level-changed: a look'],
      ...['keys-rotated: a colleague left', 'backup-created: before the upgrade', 'backup-drilled: every month'],
      ...['paused: a look', 'resumed: a look'],
      ...['acknowledged: the deposit was late', 'dead-letter-dropped: nobody needs it', 'dead-letter-replay: mended'],
      ...['restored: to see that it works', 'leave-quarantine: restored', 'passphrase-changed: every year', 'key-exported: into the safe'],
    ]);
    // Nothing that an operator can do is missing; faults are switched on a devnet alone.
    const seen = new Set(acts.map(({ act }) => act));
    expect([...ACTS].filter((act) => !seen.has(act))).toEqual(['fault-switched']);
    const orders = [...order.options, ...letterAct.options].map((option) => option.shape.type.value);
    const given = orders.filter((type) => !['serai.control.act.v1', 'serai.control.halted.v1', 'serai.control.cleared.v1'].includes(type));
    expect(given.filter((type) => !seen.has(type.replace(/^serai\.control\.|\.v1$/g, '')))).toEqual([]);

    const records = acts.length;
    expect(await json('audit', 'verify', ...knowing)).toMatchObject({ sources: [{ records, proven: true, unsigned: 0 }] });
    const file = `${dirname(config)}/audit.jsonl`;
    expect((await ask('audit', 'export', file, ...knowing)).code).toBe(0);
    const proven = await json('audit', 'verify', '--file', file, ...knowing);
    expect(proven).toMatchObject({ proven: true, sources: [{ records, proven: true, unsigned: 0 }] });
    // A word that was changed, and an act that was taken out.
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, lines.map((line, at) => (at === 4 ? changedIn(line) : line)).join('\n'));
    expect((await ask('audit', 'verify', '--file', file, ...knowing)).code).toBe(1);
    await writeFile(file, lines.toSpliced(4, 1).join('\n'));
    expect((await ask('audit', 'verify', '--file', file, ...knowing)).stdout).toContain('record.gap');
  }, 300_000);

  /** Doctor asks the coordinator that runs, takes its ports for its own, and finds the chain to be of another day. */
  const seeDoctorBeside = async (): Promise<void> => {
    const { code, stdout, stderr } = await ask('doctor', '--json');
    expect(code, stdout).toBe(3);
    expect(stderr).toContain('the coordinator alice runs; asking it, too\n');
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    const of = (check: string): readonly Finding[] => findings.filter((one) => one.check === check);
    expect(of('ports').map(({ subject, found }) => `${subject}: ${found}`)).toEqual([
      `connection.listen 127.0.0.1:${String(listens[1])}: the coordinator that runs has it`,
      `http.port 127.0.0.1:${String(listens[0])}: the coordinator that runs has it`,
    ]);
    expect(of('stages')).toMatchObject([{ verdict: 'ok' }]);
    expect(of('node.finality')).toMatchObject([{ verdict: 'fail', code: 'chain.stale' }]);
    expect(of('broker.transactions').map(({ verdict }) => verdict)).toEqual(['ok']);
  };

  /** The processor says what is no observation. */
  const saySomethingStrange = async (address: string): Promise<void> => {
    const log = { debug: () => undefined, warn: () => undefined };
    const bus = await openKafka({ brokers: [address], clientId: 'processor', transactionalId: 'alice-processor', log });
    const random = (length: number): Uint8Array => new Uint8Array(length);
    const options = { source: sourcesOf('alice').processor('Bitcoin'), signingSecret: PROCESSOR, random } as const;
    const writer = new RecordWriter({ ...options, keys: { epoch: 1, secret: PROCESSOR }, counterpart: () => 'open' }, []);
    const said = [0, 1].map((at) => ({
      ...{ topic: topics.serai, type: 'serai.external.riddle.v1', id: `riddle/${String(at)}` },
      ...{ time: new Date(0).toISOString(), data: { at } },
    }));
    for (const run of writer.write(topics.serai, said)) await bus.append(topics.serai, run);
    await bus.close();
  };

  /** The letters that are open, once two are. */
  const lettersOf = async (): Promise<readonly string[]> => {
    for (let tries = 0; tries < 60; tries += 1) {
      const { letters } = (await json('dlq', 'list')) as { readonly letters: readonly { readonly offset: string }[] };
      if (letters.length >= 2) return letters.map(({ offset }) => offset);
      await sleep(500);
    }
    throw new Error('no dead letters came');
  };
});

interface ListedAct {
  readonly act: string;
  readonly reason: string;
}

/** The same line with another reason in its record. */
const changedIn = (line: string): string => {
  const held = JSON.parse(line) as { readonly value: string };
  const value = Buffer.from(held.value, 'base64').toString().replace('"reason":"', '"reason":"not ');
  return JSON.stringify({ ...held, value: Buffer.from(value).toString('base64') });
};
