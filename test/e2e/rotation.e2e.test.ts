import { expect, it } from 'vitest';
import { runCommand } from '../support/devnetProcess.ts';
import { checkSummary } from '../support/summary.ts';

it('a set generates keys beside the one before, takes its vault over, and the one before reports and retires', async () => {
  const { code, stdout, stderr } = await runCommand(
    'devnet',
    ...['--cycles', '17', '--session-blocks', '100', '--sessions', '2', '--block-time', '150'],
    ...['--seed', '3', '--json', '--timeout', '200'],
  );
  expect(code, stderr).toBe(0);
  const { batches, outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
  expect(outputs).toHaveLength(17);
  for (const signed of [batches, outputs]) {
    const sessions = new Set(signed.map(({ session }) => session));
    expect(sessions).toContain(0);
    expect(sessions).toContain(1);
    // Each set signs under its own key.
    expect(new Set(signed.map(({ groupKey }) => groupKey)).size).toBe(sessions.size);
  }
  const ids = batches.map(({ id, session }) => ({ id, session })).sort((a, b) => a.id - b.id);
  expect(ids.map(({ session }) => session)).toEqual(ids.map(({ session }) => session).sort((a, b) => a - b));
  for (const line of [
    'handover  Bitcoin/1 holds the vault',
    /signature 0x[0-9a-f]{8}… for slash-report \d+ of Bitcoin\/0/,
    'retired   Bitcoin/0',
  ])
    expect(stderr).toMatch(line);
  expect(stderr).not.toContain('alarm');
});
