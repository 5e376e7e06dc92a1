import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Subject } from 'rxjs';
import { supervise } from '../src/core/supervise.ts';
import { openDevnet } from '../src/devnet/devnet.ts';
import { Results } from '../src/devnet/reports.ts';
import { report as reportSchema } from '../src/domain/crypto/reports.ts';
import { type Figure, median } from './figure.ts';
import { cycleMathematics } from './mathematics.ts';

const BLOCK_TIME = 250;
const CYCLES = 5;

const quiet = { info: () => undefined, warn: () => undefined };

/** Seconds of a cycle (deposit to output seen by the first validator), and what of them is mathematics, waiting, and ours. */
export const cycle = async (report: (figure: Figure) => void): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'serai-bench-'));
  const stop$ = new Subject<void>();
  const devnet = await openDevnet({
    dir,
    seed: 1,
    port: 0,
    blockTime: BLOCK_TIME,
    sessionBlocks: 0,
    networks: ['Bitcoin'],
    log: { ...quiet, child: () => quiet },
    faults: [],
    stop$,
  });
  const [user] = devnet.users;
  if (user === undefined) throw new Error('a devnet without networks has no user');
  const results = new Results();
  const unwatch = devnet.watch(({ topic, record }) => {
    if (topic !== 'reports') return;
    const read = reportSchema.safeParse({
      type: record.headers['ce_type'],
      data: JSON.parse(new TextDecoder().decode(record.value)) as unknown,
    });
    if (read.success) results.take(read.data);
  });
  const running = supervise(devnet.routes, stop$);
  running.ended.catch((error: unknown) => {
    throw error;
  });
  const seconds: number[] = [];
  const processor: number[] = [];
  // The first cycle holds key generation too: it is the warm-up.
  for (let number = 0; number <= CYCLES; number += 1) {
    const began = performance.now();
    const cpu = process.cpuUsage();
    await user.deposit(number);
    await user.burn(number, new AbortController().signal);
    while (results.cyclesOf('Bitcoin') <= number) await sleep(5);
    const used = process.cpuUsage(cpu);
    if (number === 0) report(plain('first cycle, with key generation', (performance.now() - began) / 1000));
    else {
      seconds.push((performance.now() - began) / 1000);
      processor.push((used.user + used.system) / 1e6);
    }
  }
  unwatch();
  running.stop(3_000);
  await running.ended;
  await devnet.close();
  await rm(dir, { recursive: true, force: true });

  const once = cycleMathematics();
  once();
  const rounds = Array.from({ length: 9 }, () => {
    const began = performance.now();
    once();
    return (performance.now() - began) / 1000;
  });
  const [whole, cpu, mathematics] = [median(seconds), median(processor), median(rounds)];
  report(plain('cycle', whole));
  report(plain('of it threshold mathematics', mathematics));
  report(plain('of it ours (all other processor time)', Math.max(0, cpu - mathematics)));
  report(plain(`of it waiting for ${String(BLOCK_TIME)} ms blocks`, Math.max(0, whole - cpu)));
};

const plain = (name: string, ours: number): Figure => ({
  bench: 'cycle',
  case: name,
  unit: 's',
  ours,
  reference: null,
  referenceName: null,
  goal: null,
});
