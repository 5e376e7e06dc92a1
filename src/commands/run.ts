import { Worker } from 'node:worker_threads';
import type { Config } from '../core/configSchema.ts';
import { EXIT } from '../core/exitCodes.ts';
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
}

/** How a thread tells that its module cannot run on. */
export interface ThreadFailure {
  readonly message: string;
  readonly exitCode: number;
}

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
): { readonly ended: Promise<void>; readonly stop: () => void; readonly leave: () => Promise<unknown> } => {
  const worker = new Worker(new URL('./moduleThread.ts', import.meta.url), { workerData: data });
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', (failure: ThreadFailure) => {
      reject(new ThreadError(failure));
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

const runThreads = async (config: Config): Promise<void> => {
  // Made once, if it has to be made.
  await masterKey(config);
  const threads = MODULES.map((module) => runThread({ config, module }));
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
export const runCoordinator = (config: Config, { modules }: RunCommand): Promise<void> =>
  modules === undefined ? runThreads(config) : runModules(config, modules, onSignals);
