import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { checkTopics } from '../support/deaths.ts';
import { startCommand } from '../support/devnetProcess.ts';
import { seeded } from '../support/seeded.ts';
import { checkSummary } from '../support/summary.ts';

const SEED = Number(process.env['SEED'] ?? 1);
const KILLS = 6;
const CYCLES = 3;

const random = seeded(SEED);

it(`survives SIGKILL at any moment (SEED=${String(SEED)})`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kill-'));
  const start = () => startCommand('devnet', '--cycles', String(CYCLES), '--seed', '5', '--json', '--data', dir);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { process: running, ended } = start();
    await Promise.race([sleep(800 + random() * 5_000), ended]);
    running.kill('SIGKILL');
    await ended;
  }
  const { code, stdout, stderr } = await start().ended;
  expect(code, stderr).toBe(0);
  // Where a kill has come in the middle of an attempt its nonces are gone, and the processor says so: nothing else is to alarm.
  expect(stderr.split('\n').filter((line) => line.includes('alarm') && !line.includes('the nonces of this attempt are gone'))).toEqual([]);
  const { batches, outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
  expect(batches.map(({ id }) => id)).toEqual([0, 1, 2]);
  expect(new Set(outputs.map(({ id }) => id)).size).toBe(CYCLES);

  await checkTopics(dir);
  rmSync(dir, { recursive: true, force: true });
});
