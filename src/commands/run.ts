import { Worker } from 'node:worker_threads';
import type { Config } from '../core/configSchema.ts';
import { EXIT } from '../core/exitCodes.ts';
import { openLog } from '../core/log.ts';
import { type MetricsTold, openExposition } from '../core/metrics.ts';
import { VERSION } from '../core/version.ts';
import type { Stage } from '../domain/health/readiness.ts';
import { type Sections, type Status, statusOf } from '../domain/health/status.ts';
import type { PeersReport } from '../domain/peers/peerReport.ts';
import { coded } from '../domain/runbook.ts';
import { controlFolder, openControlSocket } from '../drivers/http/controlSocket.ts';
import { type HealthOptions, openHealthServer, statusPage } from '../drivers/http/healthServer.ts';
import { MODULES, type ModuleName } from '../modules/moduleNames.ts';
import { masterKey } from './deploymentKeys.ts';
import { onSignals } from './onSignals.ts';
import { tellActs } from './recordAct.ts';
import type { Surroundings, Told } from './runModules.ts';
import { seraiKey } from './seraiKey.ts';
import { allDone, type Task, type TaskDone, task } from './tasks.ts';

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
  /** Of an error of ours. */
  readonly code?: string;
}

/** What a thread is told: to stop, or to do something under a number of its own. */
export type ThreadOrder = 'stop' | { readonly number: number; readonly task: Task };

/** What came of a task. */
type ThreadAnswer = { readonly number: number } & ({ readonly done: TaskDone } | { readonly error: string });

/** What a thread says: how its module stands, what came of a task, or that it cannot run on. */
export type ThreadWord = { readonly failure: ThreadFailure } | { readonly told: Told } | { readonly answer: ThreadAnswer };

/** What was told last, by who told it. */
interface Hearing {
  readonly of: (teller: string) => (told: Told) => void;
  readonly peers: () => PeersReport | undefined;
  readonly status: () => Status;
  readonly metrics: () => readonly MetricsTold[];
}

const hearAll = (name: string, tellers: readonly string[]): Hearing => {
  const last = new Map<string, { readonly told: Told; readonly at: number }>();
  const began = Date.now();
  /** One who falls silent stands still as well, and one who has not spoken yet. */
  const stages = (): Stage[] =>
    tellers.flatMap((teller) => {
      const { told, at } = last.get(teller) ?? {};
      if (told === undefined || at === undefined)
        return [{ name: `${teller} starts`, waiting: 1, movedAt: began, patience: 0, reason: 'it has not said yet where its work stands' }];
      return [...told.stages, { name: `${teller} runs`, waiting: 1, movedAt: at, reason: 'it has not said where its work stands' }];
    });
  const all = (): Told[] => [...last.values()].map(({ told }) => told);
  const peers = (): PeersReport | undefined => all().find((told) => told.peers !== undefined)?.peers;
  return {
    of: (teller) => (told) => {
      last.set(teller, { told, at: Date.now() });
    },
    peers,
    status: () =>
      statusOf({
        now: Date.now(),
        version: VERSION,
        name,
        validator: all().find((told) => told.validator !== undefined)?.validator ?? null,
        stages: stages(),
        peers: peers() ?? null,
        backups: all().flatMap((told) => told.backups ?? []),
        ...(Object.assign({}, ...all().map((told) => told.sections ?? {})) as Sections),
      }),
    metrics: () => all().map((told) => told.metrics),
  };
};

/** A module in another thread failed; its error was of that thread. */
class ThreadError extends Error {
  readonly exitCode: number;
  readonly code: string | undefined;

  constructor({ message, exitCode, code }: ThreadFailure) {
    super(message);
    this.name = 'ThreadError';
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** Runs a module in a thread until it was stopped or failed. */
const runThread = (
  data: ThreadData,
  tell: (told: Told) => void,
): {
  readonly ended: Promise<void>;
  readonly stop: () => void;
  readonly leave: () => Promise<unknown>;
  readonly work: (task: Task) => Promise<TaskDone>;
} => {
  const worker = new Worker(new URL('./moduleThread.ts', import.meta.url), { workerData: data });
  const working = new Map<number, PromiseWithResolvers<TaskDone>>();
  let tasks = 0;
  const answered = (answer: ThreadAnswer): void => {
    const waiting = working.get(answer.number);
    working.delete(answer.number);
    if ('done' in answer) waiting?.resolve(answer.done);
    else waiting?.reject(new Error(`${data.module}: ${answer.error}`));
  };
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', (word: ThreadWord) => {
      if ('told' in word) tell(word.told);
      else if ('answer' in word) answered(word.answer);
      else reject(new ThreadError(word.failure));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      for (const { reject: refuse } of working.values()) refuse(new Error(`${data.module} ended meanwhile`));
      if (code === 0) resolve();
      else reject(new ThreadError({ message: `the thread of ${data.module} ended with ${String(code)}`, exitCode: EXIT.failed }));
    });
  });
  return {
    ended,
    stop: () => {
      worker.postMessage('stop' satisfies ThreadOrder);
    },
    work: (asked) => {
      const waiting = Promise.withResolvers<TaskDone>();
      tasks += 1;
      working.set(tasks, waiting);
      worker.postMessage({ number: tasks, task: asked } satisfies ThreadOrder);
      return waiting.promise;
    },
    leave: () => worker.terminate(),
  };
};

const runThreads = async (config: Config, master: Uint8Array, hearing: Hearing, onTask: Surroundings['onTask']): Promise<void> => {
  const threads = MODULES.map((module) => runThread({ config, module, master }, hearing.of(module)));
  onTask(async (asked) => allDone(await Promise.all(threads.map(({ work }) => work(asked)))));
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
  openLog(config.general.log_level).info({ name: config.general.name, version: VERSION, node: process.version }, 'coordinator.starting');
  const together = modules?.join(', ');
  const hearing = hearAll(config.general.name, together === undefined ? MODULES : [together]);
  const master = await masterKey(config);
  // Before any thread is begun: one that ends while others load is no way to say that a file is wrong.
  await seraiKey(config);
  const status = { status: hearing.status };
  await using opened = new AsyncDisposableStack();
  if (config.http !== undefined) {
    const exposition = openExposition();
    const server = await openHealthServer({ ...config.http, ...status, metrics: () => exposition(hearing.metrics()) });
    opened.defer(() => server.close());
  }
  let work: Parameters<Surroundings['onTask']>[0] = () =>
    Promise.reject(new Error('the modules are not open yet; try again in a few seconds'));
  const onTask: Surroundings['onTask'] = (handle) => {
    work = handle;
  };
  tellActs(config).catch((error: unknown) => {
    // They wait for the next start.
    openLog(config.general.log_level).warn({ ...coded('audit.acts-wait'), reason: String(error) }, 'acts of the operator wait');
  });
  await openControl(config, modules, { ...status, peers: hearing.peers, work: (asked) => work(asked) }, opened);
  if (modules === undefined || together === undefined) {
    await runThreads(config, master, hearing, onTask);
    return;
  }
  const { runModules } = await import('./runModules.ts');
  await runModules(config, modules, { master, onStop: onSignals, onTask, tell: hearing.of(together) });
};

/** Opens the socket by which other commands speak to this process; each of them is a page. */
const openControl = async (
  { general }: Config,
  modules: readonly ModuleName[] | undefined,
  { peers, work, ...status }: HealthOptions & Pick<Hearing, 'peers'> & { readonly work: (task: Task) => Promise<TaskDone> },
  opened: AsyncDisposableStack,
): Promise<void> => {
  // Windows has no such sockets in folders.
  if (process.platform === 'win32') return;
  const runsConnection = modules === undefined || modules.includes('connection');
  const control = await openControlSocket({
    folder: controlFolder(general.data_dir, general.name),
    name: modules === undefined ? 'all' : modules.join('+'),
    pages: {
      'GET /status': statusPage(status),
      'POST /tasks': async (asked) => ({ body: await work(task.parse(asked)) }),
      ...(runsConnection ? { 'GET /peers': () => ({ body: peers() ?? null }) } : {}),
    },
  });
  opened.defer(() => control.close());
};
