import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coded } from '../../src/domain/runbook.ts';

const root = new URL('../../', import.meta.url).pathname;
const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');
const sections = new Map(
  runbook.split(/^## /m).flatMap((part, index): [string, string][] => {
    const end = part.indexOf('\n');
    return index === 0 ? [] : [[part.slice(0, end), part.slice(end + 1)]];
  }),
);

/** What looks like a code and is none: kinds of messages between validators, and of `epoch.`; files; settings of Kafka and RocksDB. */
const OTHERS = new Set([
  ...['certificate.proposal', 'certificate.vote', 'keygen.commitments', 'keygen.shares', 'musig.commitment', 'musig.share'],
  ...['keygen.blame', 'keygen.lack', 'keygen.relay'],
  ...['sign.completed', 'sign.preprocesses', 'sign.proposal', 'sign.ready', 'sign.round', 'sign.shares'],
  ...['slash.points', 'slash.proposal', 'slash.vote', 'epoch.opened', 'epoch.seen'],
  ...['dom.js', 'page.js', 'page.css', 'index.html', 'devnet.js', 'devnet.css', 'devnet.log', 'root.key'],
  ...['cleanup.policy', 'replication.factor', 'retention.bytes', 'retention.ms', 'rocksdb.sstables'],
  // Keys of the configuration, and checks (docs/health.md).
  ...['connection.listen', 'http.port', 'node.archive', 'node.finality', 'node.genesis', 'node.reachable', 'node.runtime', 'node.syncing'],
  // What goes as it should, at info.
  ...['backup.made', 'coordinator.running', 'coordinator.starting', 'keys.rotated'],
]);

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).flatMap((name) =>
  name.endsWith('.ts') ? [{ name, text: readFileSync(join(root, 'src', name), 'utf8') }] : [],
);

/** Families of names of checks (docs/health.md), and of attributes of traces. */
const FAMILIES_OF_OTHERS = new Set(['broker', 'disk', 'peers', 'serai', 'service']);

/** Every literal in the sources that has the form of a code. */
const codes = new Set(
  sources.flatMap(({ text }) =>
    [...text.matchAll(/'([a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*)'/g)].flatMap(([, code = '']) =>
      OTHERS.has(code) || FAMILIES_OF_OTHERS.has(code.split('.')[0] ?? '') ? [] : [code],
    ),
  ),
);

describe('docs/runbook.md', () => {
  it('has codes to speak of', () => {
    expect(codes.size).toBeGreaterThan(140);
  });

  it.each([...codes].sort())('says of %s what happened, how to see it, and what to do', (code) => {
    expect(sections.get(code)).toMatch(/^\S[^\n]{10,}\n\n- See: \S[^\n]{5,}\n- Do: \S[^\n]{5,}\n+$/);
  });

  it('names each code once, in order, and no other', () => {
    // Alerts stand before them (test/deploy).
    expect([...(runbook.match(/^## [a-z].*$/gm) ?? [])]).toEqual([...codes].sort().map((code) => `## ${code}`));
  });

  it('is linked from every warning and error of the log', () => {
    // `log[level]` and the loggers that are handed on carry what these calls made.
    const calls = sources.flatMap(({ name, text }) =>
      [...text.matchAll(/\b(?:log|alarms|openLog\([^)]*\))\.(?:warn|error)\(\s*([^,]*)/g)].map(([, first = '']) => ({ name, first })),
    );
    expect(calls.length).toBeGreaterThan(12);
    expect(calls.filter(({ first }) => !/^\{\s*\.\.\.coded\(/.test(first))).toEqual([]);
    const { runbook: place = '' } = coded('batch.differs-on-chain');
    expect(place).toBe('docs/runbook.md#batchdiffers-on-chain');
  });
});
