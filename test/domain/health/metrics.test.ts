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
    const node = { endpoint: 'ws://node', awaySince: null, syncing: true, head: 12, risenAt: NOW, failure: null };
    const sum = { booked: '5', pendingIn: '0', failed: '0', pendingOut: '0', fees: '0', required: '5', vault: '4', difference: '-1' };
    const text = metricsText(
      someStatus({
        now: NOW,
        chain: { genesisHash: `0x${'00'.repeat(32)}`, profile: 'p', finalized: block, parked: { height: 13, code: 'x' }, node },
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
          { module: 'crypto', made: null, verified: null, age: null, interval: 21_600, failing: null },
          { module: 'integrity', made: null, verified: '2026-01-02T03:04:00.000Z', age: 5, interval: 21_600, failing: null },
        ],
      }),
    );
    const values = text.split('\n').filter((line) => !line.startsWith('#'));
    for (const line of [
      'observed_height 12',
      'chain_parked 1',
      'finding{check="node.syncing",subject="ws://node",verdict="warn"} 1',
      'finding{check="backups",subject="crypto",verdict="warn"} 1',
      'ready 1',
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

  it('count the key shares of each live set that there are links to, our own with them', () => {
    const [us, near, far] = [`0x${'00'.repeat(32)}`, `0x${'11'.repeat(32)}`, `0x${'22'.repeat(32)}`] as const;
    const set = {
      ...{
        network: 'Bitcoin' as const,
        anchor: 1,
        key: null,
        externalKey: null,
        keysAt: null,
        n: 7,
        t: 5,
        members: 3,
        ours: [1, 2],
        keyGen: null,
      },
      weights: { [us]: 2, [near]: 1, [far]: 4 },
    } as const;
    const signing = {
      ...{ head: null, networks: [], open: 0, attempts: [], stops: [], quarantine: null },
      sets: [
        { ...set, session: 2, state: 'keygen' as const },
        { ...set, session: 1, state: 'active' as const, ours: [] },
        { ...set, session: 0, state: 'retired' as const, weights: {} },
      ],
    };
    const link = {
      ...{
        since: 0,
        address: null,
        openedBy: null,
        roundTrip: null,
        queue: 0,
        lastError: null,
        version: null,
        protocol: null,
        epoch: null,
      },
      ...{ certificateUntil: null, throttled: false, links: 0, failures: 0, sentMessages: 0, sentBytes: 0, receivedMessages: 0 },
      ...{ receivedBytes: 0, theirs: null },
    };
    const peers = {
      ...{ self: us, listens: [], height: 1, refused: {}, stopped: null },
      peers: [
        { ...link, validator: near, state: 'connected' as const },
        { ...link, validator: far, state: 'disconnected' as const },
      ],
    };
    const lines = metricsText(someStatus({ now: NOW, signing, peers })).split('\n');
    expect(lines.filter((line) => line.startsWith('serai_coordinator_set_shares_'))).toEqual([
      'serai_coordinator_set_shares_needed{network="Bitcoin",session="2"} 5',
      'serai_coordinator_set_shares_linked{network="Bitcoin",session="2"} 3',
    ]);
    expect(metricsText(someStatus({ now: NOW, signing }))).not.toMatch(/^serai_coordinator_set_shares_/m);
  });
});
