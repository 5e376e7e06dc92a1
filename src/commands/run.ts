import { Worker } from 'node:worker_threads';
import type { Config } from '../core/configSchema.ts';
import { EXIT } from '../core/exitCodes.ts';
import type { Stage } from '../domain/health/readiness.ts';
import { openHealthServer } from '../drivers/http/healthServer.ts';
import { MODULES, type ModuleName } from '../modules/moduleNames.ts';
import { masterKey } from './deploymentKeys.ts';
import { onSignals } from './onSignals.ts';
import { runModules } from './runModules.ts';

export interface RunCommand {
  /** Those to run, on one event loop; without it all, each in a thread of its own. */
  readonly modules?: readonly ModuleName[];
}

/** What a thread is given. */
export interface ThreadData {
  readonly config: Config;
  readonly module: ModuleName;
  /** Read once: a passphrase is asked for once. */
  readonly master: Uint8Array;
}

/** Why a module in a thread cannot run on. */
interface ThreadFailure {
  readonly message: string;
  readonly exitCode: number;
}

/** What a thread says: where its work stands, or that it cannot run on. */
export type ThreadWord = { readonly failure: ThreadFailure } | { readonly stages: readonly Stage[] };

/** What was told last of where work stands, by who told it. One who falls silent stands still as well. */
interface Told {
  readonly of: (teller: string) => (stages: readonly Stage[]) => void;
  readonly all: () => readonly Stage[];
}

const stagesTold = (): Told => {
  const last = new Map<string, { readonly stages: readonly Stage[]; readonly at: number }>();
  return {
    of: (teller) => {
      last.set(teller, { stages: [], at: Date.now() });
      return (stages) => {
        last.set(teller, { stages, at: Date.now() });
      };
    },
    all: () =>
      [...last].flatMap(([teller, { stages, at }]) => [
        ...stages,
        { name: `${teller} runs`, waiting: 1, movedAt: at, reason: 'it has not said where its work stands' },
      ]),
  };
};

/** A module in another thread failed; its error was of that thread. */
class ThreadError extends Error {
  readonly exitCode: number;

  constructor({ message, exitCode }: ThreadFailure) {
    super(message);
    this.name = 'ThreadError';
    this.exitCode = exitCode;
  }
}

/** Runs a module in a thread until it was stopped or failed. */
const runThread = (
  data: ThreadData,
  tell: (stages: readonly Stage[]) => void,
): { readonly ended: Promise<void>; readonly stop: () => void; readonly leave: () => Promise<unknown> } => {
  const worker = new Worker(new URL('./moduleThread.ts', import.meta.url), { workerData: data });
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', (word: ThreadWord) => {
      if ('stages' in word) tell(word.stages);
      else reject(new ThreadError(word.failure));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new ThreadError({ message: `the thread of ${data.module} ended with ${String(code)}`, exitCode: EXIT.failed }));
    });
  });
  return {
    ended,
    stop: () => {
      worker.postMessage('stop');
    },
    leave: () => worker.terminate(),
  };
};

const runThreads = async (config: Config, master: Uint8Array, told: Told): Promise<void> => {
  const threads = MODULES.map((module) => runThread({ config, module, master }, told.of(module)));
  const release = onSignals(() => {
    for (const { stop } of threads) stop();
  });
  try {
    await Promise.all(threads.map(({ ended }) => ended));
  } catch (error) {
    await Promise.all(threads.map(({ leave }) => leave()));
    throw error;
  } finally {
    release();
  }
};

/** Runs the coordinator a configuration describes, until a signal: each module in a thread, or some of them in this one. */
export const runCoordinator = async (config: Config, { modules }: RunCommand): Promise<void> => {
  const told = stagesTold();
  const master = await masterKey(config);
  const health = config.http === undefined ? undefined : await openHealthServer({ ...config.http, stages: told.all, now: Date.now });
  try {
    if (modules === undefined) await runThreads(config, master, told);
    else await runModules(config, modules, { master, onStop: onSignals, tell: told.of(modules.join(', ')) });
  } finally {
    await health?.close();
  }
};
