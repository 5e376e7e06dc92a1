import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSeraiNode, type SeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { status } from '../../src/domain/health/status.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { MODULES } from '../../src/modules/moduleNames.ts';
import { configFile } from '../support/configFile.ts';
import { type Ended, runCommand, startCommand } from '../support/devnetProcess.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

const BLOCKS = 6;

describe.runIf(brokerPossible)('an operator', () => {
  let broker: Broker;
  let node: SeraiNode;
  let config: string;
  let clock = 1_790_000_000_000;
  beforeAll(async () => {
    broker = await startBroker();
    node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
    for (let block = 0; block < BLOCKS; block += 1) await node.produceBlock();
    config = configFile(broker.address);
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

    expect(await json('log-level')).toEqual({ level: 'silent' });
    expect(await json('log-level', 'debug')).toEqual({ level: 'debug' });
    expect(await json('log-level')).toEqual({ level: 'debug' });

    const rotated = await json('keys', 'rotate', '--reason', 'a colleague left');
    expect(rotated).toMatchObject(Object.fromEntries(MODULES.map((module) => [module, { dataKey: 2 }])));
    const backups = await json('backup', 'create', '--reason', 'before the upgrade');
    expect(backups).toMatchObject({ backups: MODULES.map((module) => ({ module, where: `${dirname(config)}/backups` })) });

    running.process.kill('SIGTERM');
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(0);

    const restored = await ask('backup', 'restore', 'latest', '--replace', '--reason', 'to see that it works');
    expect(restored.code, restored.stderr).toBe(0);
    expect(await json('audit', 'list')).toMatchObject({
      acts: [
        { act: 'keys-rotated', reason: 'a colleague left' },
        { act: 'backup-created', reason: 'before the upgrade' },
        { act: 'restored', reason: 'to see that it works' },
      ],
    });
    expect(await json('audit', 'verify')).toMatchObject({ sources: [{ records: 3, proven: true, unsigned: 0 }] });
  }, 180_000);
});
