import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { type Report, report as reportSchema } from '../../src/domain/crypto/reports.ts';
import { fromHex } from '../../src/domain/hex.ts';
import { signableName, signIdName } from '../../src/domain/processor/ids.ts';
import { verifySr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { topicsOf } from '../../src/domain/topics.ts';
import { provenTopics } from './devnetTopics.ts';
import { seeded } from './seeded.ts';

/** A death of the devnet's process by SIGKILL at a commit of one module's ledger (`mortalDevnet.ts`). */
export interface Death {
  /** As in `alice/crypto`. */
  readonly store: string;
  /** The number of the commit; the next one where an earlier life came further. */
  readonly commit: number;
  /** Right before the commit is written, or right after. */
  readonly when: 'before' | 'after';
}

const VALIDATORS = ['alice', 'bob', 'charlie', 'dave'];

/** How many commits each module makes in one cycle with its key generation, and in each start. */
const COMMITS = { crypto: 85, 'processor-bitcoin': 13, connection: 78, observation: 50 } as const;
const COMMITS_OF_A_START = 2;

/** Every second death is one of the crypto module or the processor, where the secrets are. */
const MODULES = ['crypto', 'processor-bitcoin', 'crypto', 'connection', 'processor-bitcoin', 'crypto', 'observation'] as const;

/** Deaths one after the other over a key generation and two signatures: which, where and when is drawn. */
export const drawDeaths = (seed: number, count: number): Death[] => {
  const draw = seeded(seed);
  return Array.from({ length: count }, (_, number) => {
    const module = MODULES[Math.floor(draw() * MODULES.length)] ?? 'crypto';
    const validator = VALIDATORS[Math.floor(draw() * VALIDATORS.length)] ?? 'alice';
    const commit = Math.ceil(((number + draw()) / count) * COMMITS[module]) + number * COMMITS_OF_A_START;
    return { store: `${validator}/${module}`, commit, when: draw() < 0.5 ? 'before' : 'after' };
  });
};

/** How a life ended, and what it said. */
export interface Life {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the devnet on its folder; it goes on where it stood, until it dies or is through with its cycles. */
export const live = (dir: string, cycles: number, death?: Death): Promise<Life> => {
  const how = death === undefined ? [] : ['--store', death.store, '--commit', String(death.commit), '--when', death.when];
  const child = spawn(process.execPath, ['test/support/mortalDevnet.ts', '--data', dir, '--cycles', String(cycles), ...how]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
};

const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

/** What all validators' topics must show after any deaths: nothing lost, nothing twice, nobody accused (design §4, §8). */
export const checkTopics = async (dir: string): Promise<void> => {
  const said = new Map<string, string>();
  for (const name of VALIDATORS) {
    const topics = await provenTopics(dir, name, ['Bitcoin']);
    for (const [topic, { records, report }] of topics) {
      assert.deepEqual(report.faults, [], topic);
      const ids = records.filter(({ headers }) => headers['ce_type'] !== 'serai.epoch.opened.v1').map(({ headers }) => headers['ce_id']);
      const twice = ids.filter((id, place) => ids.indexOf(id) !== place);
      assert.deepEqual(twice, [], `twice on ${topic}`);
    }
    assert.deepEqual(topics.get(topicsOf(name).deadLetter)?.records, []);
    const reports = (topics.get(topicsOf(name).reports)?.records ?? []).flatMap(({ headers, value }) => {
      // The integrity module reports here too.
      const read = reportSchema.safeParse({ type: headers['ce_type'], data: json(value) });
      return read.success ? [read.data] : [];
    });
    assert.ok(reports.some(({ type }) => type === 'serai.report.signed.v1'));
    checkReports(name, reports, said);
  }
};

const checkReports = (name: string, reports: readonly Report[], said: Map<string, string>): void => {
  const wrong = reports.filter(({ type }) => type === 'serai.report.evidence.v1' || type === 'serai.report.blame.v1');
  assert.deepEqual(wrong, [], `${name} accuses`);
  const once = (what: string, word: string): void => {
    assert.equal(word, said.get(what) ?? word, what);
    said.set(what, word);
  };
  const begun = reports.flatMap((each) => (each.type === 'serai.report.attempt.v1' ? [each.data] : []));
  assert.equal(new Set(begun.map(({ id }) => signIdName(id))).size, begun.length, `${name} began an attempt twice`);
  for (const [place, { id, digest, party, rule, journal }] of begun.entries()) {
    assert.equal(journal.number, place + 1, `the journal of ${name} leaves out an attempt`);
    once(`digest of ${signableName(id)}`, digest);
    if (rule === 'pure') once(`party of ${signIdName(id)}`, String(party));
  }
  for (const each of reports) {
    if (each.type !== 'serai.report.signed.v1') continue;
    const { id, message, signature, groupKey } = each.data;
    assert.ok(verifySr25519(fromHex(groupKey), fromHex(message), fromHex(signature)), `signature of ${signableName(id)}`);
    // Another attempt makes another signature of the same message.
    once(`signature of ${signIdName(id)}`, signature);
  }
};
