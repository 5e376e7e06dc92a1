import { describe, expect, it } from 'vitest';
import { metricsText } from '../../../src/domain/health/metrics.ts';
import { someStatus } from '../../support/someStatus.ts';

const NOW = Date.parse('2026-01-02T03:04:05.000Z');

describe('metrics of the status', () => {
  it('tell each stage, with quotes and new lines as Prometheus wants them', () => {
    const stages = [{ name: 'a "b"\nc\\d', waiting: 2, movedAt: NOW - 12_000 }];
    const text = metricsText(someStatus({ now: NOW, stages, version: '1.2.3' }));
    expect(text).toContain('serai_coordinator_build_info{version="1.2.3"} 1\n');
    expect(text).toContain('serai_coordinator_ready 0\n');
    expect(text).toContain('serai_coordinator_stage_waiting{stage="a \\"b\\"\\nc\\\\d"} 2\n');
    expect(text).toContain('serai_coordinator_stage_idle_seconds{stage="a \\"b\\"\\nc\\\\d"} 12\n');
    expect(text).toContain('serai_coordinator_stage_stuck{stage="a \\"b\\"\\nc\\\\d"} 1\n');
  });

  it('have no value where a module has not told', () => {
    const text = metricsText(someStatus({ now: NOW }));
    for (const name of ['observed_height', 'decided_height', 'quarantine', 'dead_letters_open', 'chain_parked'])
      expect(text).not.toMatch(new RegExp(`^serai_coordinator_${name}`, 'm'));
  });

  it('tell stops, quarantine, sums and backups', () => {
    const block = { number: 12, hash: '0xab' } as const;
    const sum = { booked: '5', pendingIn: '0', failed: '0', pendingOut: '0', fees: '0', required: '5', vault: '4', difference: '-1' };
    const text = metricsText(
      someStatus({
        now: NOW,
        chain: { genesisHash: `0x${'00'.repeat(32)}`, profile: 'p', finalized: block, parked: { height: 13, code: 'x' } },
        signing: {
          head: { ...block, time: '2026-01-02T03:04:00.000Z' },
          networks: [{ network: 'Bitcoin', session: 1, nextBatch: 8, stopped: true }],
          sets: [],
          open: 3,
          attempts: [],
          stops: [
            { scope: 'Bitcoin', code: 'pause', reason: 'a' },
            { scope: 'Bitcoin', code: 'pause', reason: 'b' },
          ],
          quarantine: null,
        },
        solvency: [{ network: 'Bitcoin', coin: 'Bitcoin', state: 'doubtful', breaches: 2, goods: 0, tolerance: '0', sum, waitsFor: null }],
        deadLetters: { open: 4, newest: [] },
        backups: [
          { module: 'crypto', made: null, verified: null, age: null, failing: null },
          { module: 'integrity', made: null, verified: '2026-01-02T03:04:00.000Z', age: 5, failing: null },
        ],
      }),
    );
    const values = text.split('\n').filter((line) => !line.startsWith('#'));
    for (const line of [
      'observed_height 12',
      'chain_parked 1',
      'decided_height 12',
      'decided_age_seconds 5',
      'signables_open 3',
      'next_batch{network="Bitcoin"} 8',
      'network_stopped{network="Bitcoin"} 1',
      'stops{scope="Bitcoin",code="pause"} 2',
      'quarantine 0',
      'solvency_state{network="Bitcoin",coin="Bitcoin",state="doubtful"} 1',
      'solvency_difference{network="Bitcoin",coin="Bitcoin"} -1',
      'solvency_breaches{network="Bitcoin",coin="Bitcoin"} 2',
      'dead_letters_open 4',
      'backup_last_verified_seconds{module="integrity"} 5',
      'backup_failing{module="crypto"} 1',
      'backup_failing{module="integrity"} 0',
    ])
      expect(values).toContain(`serai_coordinator_${line}`);
    expect(text).not.toContain('backup_last_verified_seconds{module="crypto"}');
  });
});
