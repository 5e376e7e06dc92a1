import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';

/** Resident memory of a process in MB (Linux). */
const resident = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) / 1024;

/** Lets the whole devnet run for some minutes and compares its memory at the end with that of the second minute. */
export const memory = async (minutes: number, report: (figure: Figure) => void): Promise<void> => {
  const devnet = spawn(process.execPath, ['src/main.ts', 'devnet'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const { pid } = devnet;
  if (pid === undefined) throw new Error('the devnet did not start');
  const perMinute: number[] = [];
  try {
    for (let minute = 0; minute < minutes; minute += 1) {
      const samples: number[] = [];
      for (let second = 0; second < 60; second += 5) {
        await sleep(5_000);
        samples.push(resident(pid));
      }
      perMinute.push(median(samples));
    }
  } finally {
    devnet.kill('SIGKILL');
  }
  perMinute.forEach((value, minute) => {
    report({
      bench: 'memory',
      case: `devnet, minute ${String(minute + 1)}`,
      unit: 'MB',
      ours: value,
      reference: null,
      referenceName: null,
      goal: null,
    });
  });
  report({
    bench: 'memory',
    case: `devnet after ${String(minutes)} minutes`,
    unit: 'MB',
    ours: perMinute.at(-1) ?? 0,
    reference: perMinute[1] ?? perMinute[0] ?? 0,
    referenceName: 'second minute',
    goal: '<=1.2',
  });
};
