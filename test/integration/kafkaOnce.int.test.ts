import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { beginProof, proveNext, reportOf } from '../../src/domain/record/verifyTopic.ts';
import { openKafkaAdmin } from '../../src/drivers/kafka/openKafkaAdmin.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';
import { type MoverOptions, PINS, POINTS, TOGETHER } from '../support/mover.ts';

const COMMITS = 12;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const start = (options: MoverOptions) => {
  const child = spawn(process.execPath, ['test/support/mover.ts', JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, ...said });
    });
  });
  return { child, ended };
};

const run = (options: MoverOptions): Promise<Ended> => start(options).ended;

const numbers = (commits: number): number[] => Array.from({ length: commits * TOGETHER }, (_, index) => index);

const sumsOf = (commits: number) => {
  let sum = 0;
  return numbers(commits).map((number) => ({ number, sum: (sum += number) }));
};

const isStopped = (pid: number | undefined): boolean => / T /.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));

describe.runIf(brokerPossible)('exactly once, on a real broker', () => {
  let broker: Broker;
  let dir: string;
  beforeEach(async () => {
    broker = await startBroker();
    dir = mkdtempSync(join(tmpdir(), 'mover-'));
  });
  afterEach(() => broker.stop());

  const options = (more: Partial<MoverOptions> = {}): MoverOptions => ({ broker: broker.address, dir, commits: COMMITS, ...more });

  /** Proves both topics, and that they hold what they should and nothing else. */
  const proveAll = async (commits: number): Promise<void> => {
    const kafka = await openKafkaAdmin({
      brokers: [broker.address],
      clientId: 'prover',
      log: { debug: () => undefined, warn: () => undefined },
    });
    for (const [topic, name] of [
      ['mover-numbers', 'number'],
      ['mover-sums', 'sum'],
    ] as const) {
      let proof = beginProof(topic, PINS, false);
      const ids: string[] = [];
      const { low, end } = await kafka.bounds(topic);
      await kafka.readTo({
        topic,
        from: low,
        end,
        take: (record) => {
          proof = proveNext(proof, record);
          ids.push(record.headers['ce_id'] ?? '');
        },
      });
      expect(reportOf(proof).faults).toEqual([]);
      expect(ids).toEqual(numbers(commits).map((number) => `${name}/${String(number)}`));
    }
    await kafka.close();
  };

  it('writes and handles everything once, killed at every point of relay and intake', async () => {
    let commits = 0;
    for (const time of [1, 3])
      for (const point of POINTS) {
        commits += 20;
        const { signal, stderr } = await run(options({ commits, at: { point, time, signal: 'SIGKILL' } }));
        expect([signal, point, stderr]).toEqual(['SIGKILL', point, '']);
      }
    const { code, stdout, stderr } = await run(options({ commits }));
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual(sumsOf(commits));
    await proveAll(commits);
  });

  it('goes on in order when the broker is killed in the middle of an append, and comes back', async () => {
    const { child, ended } = start(options({ commits: 40, at: { point: 'sent', time: 4, signal: 'SIGSTOP' } }));
    await vi.waitFor(() => {
      expect(isStopped(child.pid)).toBe(true);
    }, 20_000);
    await broker.kill();
    child.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await broker.restart();
    const { code, stdout, stderr } = await ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual(sumsOf(40));
    await proveAll(40);
  });

  it('lets a paused instance write nothing once another one has taken over', async () => {
    const { child, ended } = start(options({ at: { point: 'sent', time: 4, signal: 'SIGSTOP' } }));
    await vi.waitFor(() => {
      expect(isStopped(child.pid)).toBe(true);
    }, 20_000);
    const copy = mkdtempSync(join(tmpdir(), 'mover-'));
    cpSync(dir, copy, { recursive: true });
    const second = await run(options({ dir: copy }));
    expect(second.code, second.stderr).toBe(0);
    child.kill('SIGCONT');
    const first = await ended;
    expect(first.code, first.stderr).toBe(4);
    expect(first.stderr).toContain('another instance of this coordinator has taken over');
    await proveAll(COMMITS);
  });

  it('refuses to write from an older copy of the store', async () => {
    const { child, ended } = start(options({ at: { point: 'after-write', time: 6, signal: 'SIGSTOP' } }));
    await vi.waitFor(() => {
      expect(isStopped(child.pid)).toBe(true);
    }, 20_000);
    const copy = mkdtempSync(join(tmpdir(), 'mover-'));
    cpSync(dir, copy, { recursive: true });
    child.kill('SIGCONT');
    expect((await ended).code).toBe(0);
    const { code, stderr } = await run(options({ dir: copy, commits: COMMITS + 4 }));
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/mover-(numbers|sums)/);
    await proveAll(COMMITS);
  });
});
