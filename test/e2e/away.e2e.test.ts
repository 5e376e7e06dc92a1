import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runCommand } from '../support/devnetProcess.ts';
import { checkSummary } from '../support/summary.ts';

const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'away-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
};

const devnet = (dir: string, cycles: number, ...args: readonly string[]) =>
  runCommand('devnet', '--cycles', String(cycles), '--seed', '5', '--json', '--data', dir, '--timeout', '180', ...args);

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

it('a set generates its keys without a validator that is away, and signs with the others', async () => {
  const { code, stdout, stderr } = await devnet(folder(), 1, '--fault', 'away');
  expect(code, stderr).toBe(0);
  // The three that remain sign under the threshold of the four.
  await checkSummary(lastLine(stdout), 3);
});

it('a set signs on while one of its validators is away, in windows that others convene', async () => {
  const dir = folder();
  expect((await devnet(dir, 1)).code).toBe(0);
  const { code, stdout, stderr } = await devnet(dir, 4, '--fault', 'away');
  expect(code, stderr).toBe(0);
  const { batches, outputs } = await checkSummary(lastLine(stdout));
  expect(batches).toHaveLength(4);
  const later = batches.slice(1);
  // Whoever is away holds the one share that no later party has.
  expect(new Set(later.flatMap(({ party }) => party)).size).toBe(3);
  expect([...later, ...outputs].some(({ rule }) => rule === 'convened')).toBe(true);
});
