import { describe, expect, it } from 'vitest';
import { statusText } from '../../src/commands/status.ts';
import { someStatus } from '../support/someStatus.ts';

const NOW = Date.parse('2026-01-02T03:04:05.000Z');
const BLOCK = { number: 12, hash: `0x${'ab'.repeat(32)}` } as const;

const signing = {
  head: { ...BLOCK, time: '2026-01-02T03:04:00.000Z' },
  networks: [],
  sets: [],
  open: 1,
  attempts: [],
  stops: [{ scope: 'Bitcoin', code: 'pause', reason: 'disk\u001b[31m' }],
  quarantine: { since: 7, reasons: ['an older store'] },
};

describe('how a coordinator stands, for people', () => {
  it('begins with the verdict and what is in the way, worst first', () => {
    const stages = [{ name: 'alice/x', waiting: 3, movedAt: NOW - 60_000, reason: 'no broker' }];
    const lines = statusText(someStatus({ now: NOW, name: 'alice', version: '1.2.3', stages, signing })).split('\n');
    expect(lines.slice(0, 6)).toEqual([
      'alice 1.2.3: not ready',
      '! quarantine since block 7: an older store',
      // Nothing that others wrote moves the cursor.
      '! Bitcoin is stopped (pause): disk·[31m',
      '! alice/x stands still since 2026-01-02T03:03:05.000Z with 3: no broker',
      'observed   nothing yet',
      'decided    block 12, 5 s old',
    ]);
    expect(lines.find((line) => line.startsWith('alice/x'))?.split(/ {2,}/)).toEqual(['alice/x', '3', '1 min', 'no broker']);
  });

  it('leaves out what there is nothing to say of', () => {
    const text = statusText(someStatus({ now: NOW, name: 'alice' }));
    expect(text).toContain(': ready\n');
    for (const title of ['Being signed', 'Sets', 'Solvency', 'Stages', 'Backups']) expect(text).not.toContain(title);
  });

  it('shows the sum of a coin and the age of a backup', () => {
    const sum = { booked: '5', pendingIn: '0', failed: '0', pendingOut: '0', fees: '0', required: '5', vault: '4', difference: '-1' };
    const text = statusText(
      someStatus({
        now: NOW,
        solvency: [{ network: 'Bitcoin', coin: 'Bitcoin', state: 'doubtful', breaches: 1, goods: 0, tolerance: '0', sum, waitsFor: null }],
        backups: [
          { module: 'crypto', made: '2026-01-02T01:04:05.000Z', verified: null, age: 7_200, interval: 21_600, failing: 'the disk is full' },
        ],
      }),
    );
    expect(text).toMatch(/Bitcoin {2,}doubtful {2,}4 {2,}5 {2,}-1 {2,}-\n/);
    expect(text).toMatch(/crypto {2,}2 h ago {2,}never {2,}the disk is full\n/);
  });
});
