import { parentPort, workerData } from 'node:worker_threads';
import { config as rxjsConfig } from 'rxjs';
import { exitCodeOf } from '../core/exitCodes.ts';
import { silenceNegativeTimeout } from '../drivers/kafka/silenceNegativeTimeout.ts';
import { silenceCallTypeWarning } from '../drivers/polkadot/silenceCallTypeWarning.ts';
import type { ThreadData, ThreadWord } from './run.ts';
import { runModules, type Told } from './runModules.ts';

// The entry point of a thread that runs one module; it hears `stop`, and tells why it cannot go on.
const { config, module, master } = workerData as ThreadData;

const say = (word: ThreadWord): void => {
  parentPort?.postMessage(word);
};

const fail = (error: unknown): void => {
  const message = error instanceof Error ? error.message : String(error);
  say({ failure: { message, exitCode: exitCodeOf(error) } });
};

silenceCallTypeWarning();
silenceNegativeTimeout();
rxjsConfig.onUnhandledError = fail;
process.on('unhandledRejection', fail);

const tell = (told: Told): void => {
  say({ told });
};

const onStop = (stop: () => void): (() => void) => {
  parentPort?.once('message', stop);
  return () => parentPort?.off('message', stop);
};

runModules(config, [module], { master, onStop, tell }).then(() => {
  process.exit(0);
}, fail);
