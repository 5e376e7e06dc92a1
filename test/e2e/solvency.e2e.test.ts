import { describe, expect, it } from 'vitest';
import { allTopics, topicsOf } from '../../src/domain/topics.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { checkSummary } from '../support/summary.ts';

const devnet = (fault: string, timeout: number) =>
  runCommand('devnet', ...['--cycles', '2', '--seed', '5', '--json', '--fault', fault, '--timeout', String(timeout)]);

describe('a devnet whose vault is not what it should be', () => {
  it('halts when something was stolen, and signs nothing more', async () => {
    const { code, stderr } = await devnet('steal=5000', 25);
    expect(code, stderr).toBe(7);
    expect(stderr).toMatch(/Bitcoin is halted: vaults hold 0\.\d{8} BTC of 0\.\d{8} BTC, -0\.00005000 BTC/);
    // The first batch was signed before; the burn it led to is not paid.
    expect(stderr).not.toContain('paid plan');
  });

  it('goes on without the validator whose processor misreports: it alone halts', async () => {
    const { code, stdout, stderr } = await devnet('misreport', 150);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Bitcoin is halted');
    const { outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
    expect(outputs).toHaveLength(2);
  });

  it('goes on while a processor is late: what is on its way is no loss, and nobody halts', async () => {
    const { code, stdout, stderr } = await devnet('lag=8', 150);
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('is halted');
    const { outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
    expect(outputs).toHaveLength(2);
  });

  it('stops when the chain executed another batch than was signed', async () => {
    const { code, stderr } = await devnet('alter-batch', 20);
    expect(code, stderr).toBe(7);
    expect(stderr).toContain('batch.differs-on-chain');
  });

  it('goes on past records that nobody of its own wrote', async () => {
    const { code, stderr } = await devnet('forge', 120);
    expect(code, stderr).toBe(0);
    for (const topic of allTopics(topicsOf('alice'), ['Bitcoin']))
      expect(stderr).toMatch(new RegExp(`record\\.unknown-source: .*/alice/nobody on ${topic}:`));
  });
});
