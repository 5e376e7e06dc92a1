import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSeraiNode, type SeraiNode } from '../src/devnet/node/seraiNode.ts';
import { status } from '../src/domain/health/status.ts';
import { openMemoryStore } from '../src/drivers/memory/memoryStore.ts';
import { configFile } from '../test/support/configFile.ts';
import { freePort } from '../test/support/freePort.ts';
import { startBroker } from '../test/support/kafkaBroker.ts';
import fetchJars from '../test/support/kafkaJars.ts';
import { type Figure, median } from './figure.ts';
import { transfers } from './transfers.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
/** Blocks that the store has before the first figure. */
const WARM = 1_000;
/** Blocks made at once, of which most are not yet read when the coordinator is told to stop. */
const BURST = 400;
/** As `npm run coordinator` and a service's environment have it (docs/benchmarks.md, observe). */
const FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=20'];
const ENVIRONMENT = { ...process.env, MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' };

const makeBlocks = async (node: SeraiNode, blocks: number): Promise<void> => {
  for (let made = 0; made < blocks; made += 1) await node.produceBlock(transfers);
};

/** Resident memory of a process in MB (Linux). */
const resident = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) / 1024;

/** A process, and what it takes when it does nothing of ours: its time to the end and its memory. */
const bareNode = async (): Promise<{ readonly took: number; readonly memory: number }> => {
  const from = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  const took = performance.now() - from;
  const idle = spawn(process.execPath, [...FLAGS, '-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', env: ENVIRONMENT });
  await sleep(1_000);
  const memory = resident(idle);
  idle.kill('SIGKILL');
  return { took, memory };
};

interface Coordinator {
  readonly process: ChildProcess;
  /** Milliseconds from its start until it was ready and had observed the node's last final block. */
  readonly took: number;
}

const startCoordinator = async (config: string, page: string, height: number): Promise<Coordinator> => {
  const from = performance.now();
  const child = spawn(process.execPath, [...FLAGS, 'src/main.ts', 'run', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: ENVIRONMENT,
  });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the coordinator ended with ${String(child.exitCode)}`);
    const answer = await fetch(`${page}/status`).catch(() => undefined);
    const told = answer?.ok === true ? status.parse(await answer.json()) : undefined;
    if (told?.ready === true && (told.chain?.finalized?.number ?? -1) >= height) break;
    await sleep(10);
  }
  return { process: child, took: performance.now() - from };
};

/** Milliseconds from the signal to the end. */
const stop = async (child: ChildProcess): Promise<number> => {
  const from = performance.now();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the coordinator ended with ${String(code)}`);
  return performance.now() - from;
};

/** One coordinator with all its modules, on a real broker and a simulated node: how soon it is ready and how soon gone, and what it holds. */
const coordinator = async (report: (figure: Omit<Figure, 'bench'>) => void): Promise<void> => {
  fetchJars();
  const broker = await startBroker();
  let clock = 1_790_000_000_000;
  const node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
  const port = await freePort();
  const config = configFile(broker.address, `[http]\nport = ${String(port)}`, new URL(node.url).port);
  const page = `http://127.0.0.1:${String(port)}`;
  const startTaken: number[] = [];
  const stopTaken: number[] = [];
  const drainTaken: number[] = [];
  let atRest = 0;
  try {
    await makeBlocks(node, WARM);
    const first = await startCoordinator(config, page, node.finalizedNumber());
    await stop(first.process);
    for (let round = 0; round < ROUNDS; round += 1) {
      const started = await startCoordinator(config, page, node.finalizedNumber());
      startTaken.push(started.took);
      await sleep(round === 0 ? 60_000 : 2_000);
      if (round === 0) atRest = resident(started.process);
      stopTaken.push(await stop(started.process));
      const busy = await startCoordinator(config, page, node.finalizedNumber());
      await makeBlocks(node, BURST);
      drainTaken.push(await stop(busy.process));
    }
  } finally {
    await node.close();
    await broker.stop();
    rmSync(dirname(config), { recursive: true, force: true });
  }
  const bare = await bareNode();
  report({
    case: 'cold start to ready, warm store',
    unit: 'ms',
    ours: median(startTaken),
    reference: bare.took,
    referenceName: 'a Node.js process that does nothing',
    goal: null,
  });
  report({ case: 'stop at rest', unit: 'ms', ours: median(stopTaken), reference: null, referenceName: null, goal: null });
  report({
    case: `drain, ${String(BURST)} blocks in flight`,
    unit: 'ms',
    ours: median(drainTaken),
    reference: median(stopTaken),
    referenceName: 'stop at rest',
    goal: null,
  });
  report({
    case: 'memory, one coordinator at rest',
    unit: 'MB',
    ours: atRest,
    reference: bare.memory,
    referenceName: 'a Node.js process that does nothing',
    goal: null,
  });
};

/** The whole devnet for some minutes: its memory at the end against that of the second minute. */
const devnet = async (minutes: number, report: (figure: Omit<Figure, 'bench'>) => void): Promise<void> => {
  const child = spawn(process.execPath, ['src/main.ts', 'devnet'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const perMinute: number[] = [];
  try {
    for (let minute = 1; minute <= minutes; minute += 1) {
      const samples: number[] = [];
      for (let second = 0; second < 60; second += 5) {
        await sleep(5_000);
        samples.push(resident(child));
      }
      perMinute.push(median(samples));
      process.stderr.write(`minute ${String(minute)} of ${String(minutes)}: ${perMinute.at(-1)?.toFixed(0) ?? ''} MB\n`);
    }
  } finally {
    child.kill('SIGKILL');
  }
  report({
    case: `memory, devnet after ${String(minutes)} minutes`,
    unit: 'MB',
    ours: perMinute.at(-1) ?? 0,
    reference: perMinute[1] ?? perMinute[0] ?? 0,
    referenceName: 'its second minute',
    goal: '<=1.2',
  });
};

/** Start, stop and memory of the process; the devnet runs for as long as `--minutes` says. */
export const processes = async (minutes: number, report: (figure: Figure) => void): Promise<void> => {
  const told = (figure: Omit<Figure, 'bench'>): void => {
    report({ bench: 'process', ...figure });
  };
  await coordinator(told);
  await devnet(minutes, told);
};
