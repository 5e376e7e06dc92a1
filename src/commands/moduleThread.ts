import { parentPort, workerData } from 'node:worker_threads';
import { config as rxjsConfig } from 'rxjs';
import { exitCodeOf } from '../core/exitCodes.ts';
import { silenceNegativeTimeout } from '../drivers/kafka/silenceNegativeTimeout.ts';
import { silenceCallTypeWarning } from '../drivers/polkadot/silenceCallTypeWarning.ts';
import type { ThreadData, ThreadFailure } from './run.ts';
import { runModules } from './runModules.ts';

// The entry point of a thread that runs one module; it hears `stop`, and tells why it cannot go on.
const { config, module } = workerData as ThreadData;

const fail = (error: unknown): void => {
  const message = error instanceof Error ? error.message : String(error);
  parentPort?.postMessage({ message, exitCode: exitCodeOf(error) } satisfies ThreadFailure);
};

silenceCallTypeWarning();
silenceNegativeTimeout();
rxjsConfig.onUnhandledError = fail;
process.on('unhandledRejection', fail);

const onStop = (stop: () => void): (() => void) => {
  parentPort?.once('message', stop);
  return () => parentPort?.off('message', stop);
};

runModules(config, [module], onStop).then(() => {
  process.exit(0);
}, fail);
