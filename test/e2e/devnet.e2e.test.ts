import { describe, expect, it } from 'vitest';
import { runCommand } from '../support/devnetProcess.ts';
import { checkSummary } from '../support/summary.ts';

describe('the devnet', () => {
  it('goes from a finalized block to signed outputs that anyone can check', async () => {
    const { code, stdout, stderr } = await runCommand('devnet', '--cycles', '2', '--seed', '7', '--json', '--port', '0');
    expect(code, stderr).toBe(0);
    const { batches, outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
    expect(batches.map(({ id }) => id)).toEqual([0, 1]);
    expect(outputs).toHaveLength(2);
    expect(stderr).not.toContain('alarm');
  });

  it('serves several networks at once, each with sets, keys and processors of its own', async () => {
    const { code, stdout, stderr } = await runCommand(
      'devnet',
      ...['--networks', 'bitcoin,ethereum,monero', '--cycles', '1', '--json', '--timeout', '150'],
    );
    expect(code, stderr).toBe(0);
    const { batches, outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
    for (const signed of [batches, outputs]) {
      expect(new Set(signed.map(({ network }) => network))).toEqual(new Set(['Bitcoin', 'Ethereum', 'Monero']));
      expect(new Set(signed.map(({ groupKey }) => groupKey)).size).toBe(3);
    }
    expect(stderr).not.toContain('alarm');
  });

  it('does so on a node that does everything wrong at once, and upgrades its runtime', async () => {
    const faults = ['skip-heads', 'repeat-heads', 'forks', 'disconnect', 'slow=20', 'wrong-block', 'syncing', 'runtime-upgrade=14'];
    const switches = faults.flatMap((fault) => ['--fault', fault]);
    const { code, stdout, stderr } = await runCommand('devnet', '--cycles', '1', '--json', '--timeout', '60', ...switches);
    expect(code, stderr).toBe(0);
    const { batches, outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
    expect([batches.length, outputs.length]).toEqual([1, 1]);
    expect(stderr).not.toContain('alarm');
  });

  it('ends when one of its endpoints tells of another chain', async () => {
    const { code, stderr } = await runCommand('devnet', '--fault', 'lying-endpoint', '--block-time', '100', '--json');
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(/error: (nodes disagree on )?finalized block \d+/);
  });

  it('says what is not done in time, and ends with its own exit code', async () => {
    const { code, stdout, stderr } = await runCommand('devnet', '--cycles', '1', '--timeout', '1', '--json');
    expect(code).toBe(7);
    expect(stderr).toContain('0 of 1 cycles were done within 1 s');
    expect(stdout).toBe('');
  });
});
