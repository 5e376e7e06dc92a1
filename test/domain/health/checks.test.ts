import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECKS, findingsOf, isReady, LIVE } from '../../../src/domain/health/checks.ts';
import type { Facts, KafkaFacts, NodeFacts } from '../../../src/domain/health/facts.ts';
import { finding } from '../../../src/domain/health/finding.ts';
import { factsOf } from '../../../src/domain/health/status.ts';
import { type TopicVerdict, wantedTopics } from '../../../src/domain/topicContract.ts';
import { someStatus } from '../../support/someStatus.ts';

const NOW = 1_790_000_000_000;
const GENESIS = `0x${'11'.repeat(32)}` as const;
const OTHER = `0x${'22'.repeat(32)}` as const;
const PEER = `0x${'33'.repeat(32)}` as const;
const MB = 1e6;

const NODE: NodeFacts = {
  endpoint: 'ws://node',
  syncing: false,
  best: { number: 102, time: NOW - 1_000 },
  finalized: { number: 100, time: NOW - 13_000 },
  genesisHash: GENESIS,
  expectedGenesis: GENESIS,
  chainType: 'Live',
  runtime: 'serai-1',
  stateFrom: 0,
  next: 101,
  backupBlocks: 50,
};
const AWAY: NodeFacts = { endpoint: 'ws://node', failure: { code: 'chain.unreachable', text: 'refused' } };

const [shape = { topic: '', partitions: 1, replicationFactor: 1, settings: {} }] = wantedTopics(['a-chain'], {
  replicationFactor: 1,
  minInsyncReplicas: 1,
});
const right: TopicVerdict = { wanted: shape, found: shape, verdict: 'right', deviations: [] };
const deviating = (weight: 'wrong' | 'warning'): TopicVerdict => ({
  ...right,
  verdict: weight,
  deviations: [{ topic: 'a-chain', setting: 'retention.ms', wanted: '-1', found: '1000', weight, why: 'records expire' }],
});
const KAFKA: KafkaFacts = {
  brokers: ['kafka:9092'],
  alive: 1,
  updateFeatures: 1,
  topics: [right],
  replicas: [{ topic: 'a-chain', replicas: 3, inSync: 3, least: 2 }],
  transaction: 'committed',
};
const DISK = { key: 'general.data_dir', dir: '/data', open: false, free: 9_000 * MB, size: 10_000 * MB, reserve: 256 * MB, syncTime: 2 };
const BACKUP = { module: 'crypto', made: '2026-01-02T03:04:05.000Z', verified: null, age: 3_600, interval: 21_600, failing: null };
const LINK = { validator: PEER, state: 'connected', address: '/ip4/1.2.3.4/tcp/1', certificateUntil: 10_000, lastError: null } as const;

/** A deployment with nothing wrong. */
const WELL: Facts = {
  now: NOW,
  stages: [{ name: 'a sends', waiting: 0, movedAt: 0 }],
  nodes: [NODE],
  kafka: KAFKA,
  peers: [LINK],
  dialled: [{ validator: PEER, address: '/ip4/1.2.3.4/tcp/1', certificate: 10_000 }],
  height: 100,
  disks: [DISK],
  keys: [{ key: 'keys.master_key_file', place: '/key', besideData: false }],
  backups: [BACKUP],
  ports: [{ key: 'connection.listen', address: '0.0.0.0:1', use: 'free' }],
};

const node = (more: Partial<NodeFacts>): Partial<Facts> => ({ nodes: [{ ...NODE, ...more }] });
const kafka = (more: Partial<KafkaFacts>): Partial<Facts> => ({ kafka: { ...KAFKA, ...more } });
const disk = (more: object): Partial<Facts> => ({ disks: [{ ...DISK, ...more }] });
const backup = (more: object): Partial<Facts> => ({ backups: [{ ...BACKUP, ...more }] });
const refused = { code: 'peer.unsigned', text: 'not signed' };

const BROKEN: readonly (readonly [what: string, facts: Partial<Facts>, wanted: readonly string[]])[] = [
  ['a stage that stands still', { stages: [{ name: 'a sends', waiting: 1, movedAt: 0, reason: 'away' }] }, ['fail stages stage.stuck']],
  ['no node', { nodes: [AWAY] }, ['fail node.reachable chain.unreachable']],
  ['one of two nodes away', { nodes: [AWAY, NODE] }, ['warn node.reachable chain.unreachable']],
  ['a node that syncs', node({ syncing: true }), ['warn node.syncing chain.syncing']],
  ['a node of another chain', node({ genesisHash: OTHER }), ['fail node.genesis chain.wrong-genesis']],
  ['old finality', node({ finalized: { number: 100, time: NOW - LIVE - 1 } }), ['fail node.finality chain.stale']],
  ['finality far behind', node({ best: { number: 106, time: NOW } }), ['warn node.finality chain.stale']],
  ['an unknown runtime', node({ runtime: { code: 'chain.undecodable', text: 'x' } }), ['fail node.runtime chain.undecodable']],
  ['the next block gone', node({ stateFrom: 102 }), ['fail node.archive chain.pruned']],
  ['too little state for a backup', node({ stateFrom: 60 }), ['warn node.archive chain.pruned']],
  ['a clock that is behind', node({ best: { number: 102, time: NOW + 31_000 } }), ['fail clock clock.behind']],
  ['a clock ahead', node({ best: { number: 102, time: NOW - LIVE - 1 } }), ['warn clock clock.ahead']],
  [
    'no Kafka',
    { kafka: { brokers: ['k:1'], failure: { code: 'kafka.unreachable', text: 'x' } } },
    ['fail broker.reachable kafka.unreachable'],
  ],
  ['an old Kafka', kafka({ updateFeatures: 0 }), ['warn broker.version kafka.version']],
  ['an ancient Kafka', kafka({ updateFeatures: undefined }), ['warn broker.version kafka.version']],
  ['a topic that cannot be used', kafka({ topics: [deviating('wrong')] }), ['fail broker.topics kafka.topics']],
  ['a topic that forgets', kafka({ topics: [deviating('warning')] }), ['warn broker.topics kafka.topics']],
  ['replicas behind', kafka({ replicas: [{ topic: 'a', replicas: 3, inSync: 2, least: 2 }] }), ['warn broker.in-sync kafka.in-sync']],
  ['too few replicas', kafka({ replicas: [{ topic: 'a', replicas: 3, inSync: 1, least: 2 }] }), ['fail broker.in-sync kafka.in-sync']],
  ['no transactions', kafka({ transaction: { code: 'kafka.transactions', text: 'x' } }), ['fail broker.transactions kafka.transactions']],
  [
    'a peer that is away',
    { peers: [{ ...LINK, state: 'disconnected', lastError: { code: 'peer.timeout', text: 'x' } }] },
    ['warn peers.linked peer.timeout'],
  ],
  ['a peer without address', { peers: [{ ...LINK, state: 'no-address', address: null }] }, ['warn peers.linked peer.no-address']],
  ['a certificate that runs out', { peers: [{ ...LINK, certificateUntil: 150 }] }, ['warn peers.linked peer.expired']],
  [
    'a peer that is not itself',
    { dialled: [{ validator: PEER, address: '/x', certificate: refused }] },
    ['warn peers.dialled peer.unsigned'],
  ],
  ['a folder not ours', disk({ failure: { code: 'store.io', text: 'EACCES' } }), ['fail disk.writable store.io']],
  ['a folder open to others', disk({ open: true }), ['fail disk.writable store.permissions']],
  ['a full disk', disk({ free: 255 * MB }), ['fail disk.room store.full']],
  ['a disk that is nearly full', disk({ free: 1_000 * MB }), ['warn disk.room store.full']],
  ['a slow disk', disk({ syncTime: 101 }), ['warn disk.sync store.slow']],
  ['a disk that hardly writes', disk({ syncTime: 3_001 }), ['fail disk.sync store.slow']],
  ['a development account on a live chain', { devAccount: 'Alice' }, ['fail keys key.development']],
  [
    'a key that cannot be read',
    { keys: [{ key: 'k', place: '/k', failure: { code: 'key.unusable', text: 'x' } }] },
    ['fail keys key.unusable'],
  ],
  ['a key beside the data', { keys: [{ key: 'k', place: '/k', besideData: true }] }, ['warn keys key.beside-data']],
  ['no backup', backup({ made: null, age: null }), ['warn backups backup.none']],
  ['a backup that fails', backup({ failing: 'x' }), ['warn backups backup.failed']],
  ['an old backup', backup({ age: 43_201 }), ['warn backups backup.old']],
  ['a port that is taken', { ports: [{ key: 'http.port', address: 'x', use: 'taken' }] }, ['fail ports port.in-use']],
];

const badOf = (facts: Facts): string[] =>
  findingsOf(facts).flatMap(({ verdict, check, code = '' }) => (verdict === 'ok' ? [] : [`${verdict} ${check} ${code}`]));

describe('the checks', () => {
  it('find nothing wrong with a deployment that is well, and say of each thing that it is', () => {
    expect(badOf(WELL)).toEqual([]);
    expect([...new Set(findingsOf(WELL).map(({ check }) => check))]).toEqual(CHECKS.map(({ name }) => name));
    expect(isReady(findingsOf(WELL))).toBe(true);
  });

  it.each(BROKEN)('find %s, and nothing else', (_what, facts, wanted) => {
    expect(badOf({ ...WELL, ...facts })).toEqual(wanted);
    expect(isReady(findingsOf({ ...WELL, ...facts }))).toBe(wanted.every((one) => one.startsWith('warn')));
  });

  it('are each shown what is wrong', () => {
    const found = new Set(BROKEN.flatMap(([, , wanted]) => wanted.map((one) => one.split(' ')[1])));
    expect(CHECKS.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
  });

  it('name a heading of the runbook, what it means and a way out', () => {
    const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8').split('\n');
    for (const [, facts] of BROKEN)
      for (const one of findingsOf({ ...WELL, ...facts })) {
        expect(finding.parse(one)).toEqual(one);
        if (one.verdict === 'ok') continue;
        expect(runbook).toContain(`## ${one.code ?? ''}`);
        expect(one.means?.length).toBeGreaterThan(10);
        expect(one.fix?.length).toBeGreaterThan(10);
      }
  });

  it('say nothing of what is not known', () => {
    expect(findingsOf({ now: NOW })).toEqual([]);
    fc.assert(
      fc.property(fc.subarray(BROKEN.slice()), fc.subarray(Object.keys(WELL)), (broken, left) => {
        const facts = Object.assign({}, WELL, ...broken.map(([, one]) => one)) as Facts;
        const known = Object.fromEntries(Object.entries(facts).filter(([key]) => key === 'now' || left.includes(key))) as unknown as Facts;
        const all = findingsOf(facts).map((one) => JSON.stringify([one.check, one.subject]));
        for (const one of findingsOf(known)) expect(all).toContain(JSON.stringify([one.check, one.subject]));
      }),
    );
  });
});

describe('a coordinator that runs', () => {
  const standing = { endpoint: 'ws://node', awaySince: null, syncing: false, head: 9, risenAt: NOW, failure: null };
  const chain = { genesisHash: GENESIS, profile: 'p', finalized: null, parked: null, node: standing };

  it('is ready exactly while the checks find nothing that fails, and tells what they find', () => {
    const status = someStatus({
      now: NOW,
      chain: { ...chain, node: { ...standing, syncing: true } },
      backups: [{ ...BACKUP, age: 99_999 }],
    });
    expect(status.findings.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['node.syncing', 'warn'],
      ['backups', 'warn'],
    ]);
    expect(status.ready).toBe(true);
    const anyStage = fc.record({ name: fc.string(), waiting: fc.nat(2), movedAt: fc.integer({ min: NOW - 20_000, max: NOW }) });
    fc.assert(
      fc.property(fc.array(anyStage), fc.boolean(), (stages, away) => {
        const node = { ...standing, awaySince: away ? NOW - 10_001 : null };
        const told = someStatus({ now: NOW, stages, chain: { ...chain, node } });
        expect(told.ready).toBe(isReady(findingsOf(factsOf(told))));
        expect(told.ready).toBe(told.stuck.length === 0 && !away);
      }),
    );
  });

  it('is not called unready by a connection that was lost just now', () => {
    const of = (awaySince: number) => someStatus({ now: NOW, chain: { ...chain, node: { ...standing, awaySince, failure: 'refused' } } });
    expect(of(NOW - 10_000).ready).toBe(true);
    expect(of(NOW - 10_001)).toMatchObject({ ready: false, findings: [{ check: 'node.reachable', found: 'refused' }] });
  });
});
