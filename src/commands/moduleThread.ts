import { parentPort, workerData } from 'node:worker_threads';
import { config as rxjsConfig } from 'rxjs';
import { exitCodeOf } from '../core/exitCodes.ts';
import { CoordinatorError } from '../domain/errors.ts';
import { silenceNegativeTimeout } from '../drivers/kafka/silenceNegativeTimeout.ts';
import { silenceCallTypeWarning } from '../drivers/polkadot/silenceCallTypeWarning.ts';
import type { ThreadData, ThreadOrder, ThreadWord } from './run.ts';
import { runModules, type Told } from './runModules.ts';
import type { Task, TaskDone } from './tasks.ts';

// The entry point of a thread that runs one module; it hears `stop`, and tells why it cannot go on.
const { config, module, master } = workerData as ThreadData;

const say = (word: ThreadWord): void => {
  parentPort?.postMessage(word);
};

const fail = (error: unknown): void => {
  const message = error instanceof Error ? error.message : String(error);
  say({ failure: { message, exitCode: exitCodeOf(error), ...(error instanceof CoordinatorError ? { code: error.code } : {}) } });
};

silenceCallTypeWarning();
silenceNegativeTimeout();
rxjsConfig.onUnhandledError = fail;
process.on('unhandledRejection', fail);

const tell = (told: Told): void => {
  say({ told });
};

const onStop = (stop: () => void): (() => void) => {
  const hear = (order: ThreadOrder): void => {
    if (order === 'stop') stop();
  };
  parentPort?.on('message', hear);
  return () => parentPort?.off('message', hear);
};

const onTask = (handle: (task: Task) => Promise<TaskDone>): void => {
  parentPort?.on('message', (order: ThreadOrder) => {
    if (order === 'stop') return;
    const { number } = order;
    handle(order.task).then(
      (done) => {
        say({ answer: { number, done } });
      },
      (error: unknown) => {
        say({ answer: { number, error: error instanceof Error ? error.message : String(error) } });
      },
    );
  });
};

runModules(config, [module], { master, onStop, onTask, tell }).then(() => {
  process.exit(0);
}, fail);
