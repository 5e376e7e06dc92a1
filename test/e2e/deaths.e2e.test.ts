import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkTopics, drawDeaths, live } from '../support/deaths.ts';
import { checkSummary } from '../support/summary.ts';

const SEED = Number(process.env['SEED'] ?? 1);
const DEATHS = 6;

it(`survives SIGKILL right before and right after commits of a key generation and of signatures (SEED=${String(SEED)})`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'deaths-'));
  for (const death of drawDeaths(SEED, DEATHS)) {
    const { signal, stderr } = await live(dir, 1, death);
    expect({ death, signal }, stderr).toEqual({ death, signal: 'SIGKILL' });
  }
  const { code, stdout, stderr } = await live(dir, 1);
  expect(code, stderr).toBe(0);
  const { batches, outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
  expect([batches.length, outputs.length]).toEqual([1, 1]);
  await checkTopics(dir);
  rmSync(dir, { recursive: true, force: true });
});
