import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { topicsOf } from '../../src/domain/topics.ts';
import { openEmbeddedLog } from '../../src/drivers/embeddedLog/embeddedLog.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { startCommand } from '../support/devnetProcess.ts';
import { checkSummary } from '../support/summary.ts';

/** The types of a validator's reports, in order. */
const reportsOf = async (dir: string, name: string): Promise<string[]> => {
  const log = await openEmbeddedLog(await openRocksdbStore(join(dir, name, 'log')));
  const { reports } = topicsOf(name);
  const end = await log.end(reports);
  const types: string[] = [];
  await new Promise<void>((resolve, reject) => {
    if (end === 0n) resolve();
    log.read(
      reports,
      0n,
      ({ offset, headers }) => {
        types.push(headers['ce_type'] ?? '');
        if (offset + 1n === end) resolve();
        return Promise.resolve();
      },
      reject,
    );
  });
  await log.close();
  return types;
};

it('a machine that is restored from before, in the middle of an attempt, signs nothing more, and the others finish without it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rollback-'));
  const run = (cycles: number) => startCommand('devnet', '--cycles', String(cycles), '--seed', '9', '--json', '--data', dir);
  const first = run(2);
  // Killed as soon as the first party has been drawn: then the machine of one validator is copied.
  first.process.stderr?.on('data', (chunk: Buffer) => {
    if (/\bparty\b/.test(chunk.toString('utf8'))) first.process.kill('SIGKILL');
  });
  await first.ended;
  const copy = join(dir, 'copy-of-alice');
  cpSync(join(dir, 'alice'), copy, { recursive: true });

  // Its life goes on.
  const second = await run(1).ended;
  expect(second.code, second.stderr).toBe(0);
  const lived = await reportsOf(dir, 'alice');
  expect(lived).not.toContain('serai.report.quarantine.v1');

  // And is lost.
  rmSync(join(dir, 'alice'), { recursive: true });
  cpSync(copy, join(dir, 'alice'), { recursive: true });
  // Long enough for the others to reach it, and to tell it what they have seen of it.
  const third = await run(5).ended;
  expect(third.code, third.stderr).toBe(0);
  const { batches, outputs } = await checkSummary(third.stdout.trim().split('\n').at(-1) ?? '');
  expect(batches.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4]);
  expect(new Set(outputs.map(({ id }) => id)).size).toBe(5);

  const restored = await reportsOf(dir, 'alice');
  const noticed = restored.indexOf('serai.report.quarantine.v1');
  expect(noticed).toBeGreaterThanOrEqual(0);
  expect(restored.slice(noticed)).not.toContain('serai.report.attempt.v1');
  for (const other of ['bob', 'charlie', 'dave']) expect(await reportsOf(dir, other)).not.toContain('serai.report.quarantine.v1');
  rmSync(dir, { recursive: true, force: true });
});
