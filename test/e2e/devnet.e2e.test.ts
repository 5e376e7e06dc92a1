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

  it('says what is not done in time, and ends with its own exit code', async () => {
    const { code, stdout, stderr } = await runCommand('devnet', '--cycles', '1', '--timeout', '1', '--json');
    expect(code).toBe(7);
    expect(stderr).toContain('0 of 1 cycles were done within 1 s');
    expect(stdout).toBe('');
  });
});
