import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Subject } from 'rxjs';
import { ConfigError } from '../core/configError.ts';
import { openLog } from '../core/log.ts';
import { supervise } from '../core/supervise.ts';
import { ACCOUNTS, type Devnet, type DevnetOptions, openDevnet } from '../devnet/devnet.ts';
import { openDevnetPage } from '../devnet/devnetPage.ts';
import { DevnetTimeout } from '../devnet/devnetTimeout.ts';
import type { FaultSwitch } from '../devnet/faultSwitch.ts';
import { liveView } from '../devnet/liveView.ts';
import { PortError } from '../devnet/portError.ts';
import { Results } from '../devnet/reports.ts';
import { Sessions } from '../devnet/sessions.ts';
import type { User } from '../devnet/user.ts';
import { report as reportSchema } from '../domain/crypto/reports.ts';
import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import type { OpenTracer } from '../drivers/openTelemetry/openTracer.ts';
import { openTracerAt } from './configuredTracer.ts';
import { onSignals } from './onSignals.ts';

export interface DevnetCommand {
  /** Cycles to run; without it, on and on until stopped. */
  readonly cycles?: number;
  readonly seed: number;
  readonly json: boolean;
  /** Seconds the cycles may take. */
  readonly timeout: number;
  /** Where state is kept; without it, in a folder that is deleted at the end. */
  readonly data?: string;
  readonly port: number;
  /** Port of the web page; 0 for any free one. */
  readonly pagePort: number;
  readonly blockTime: number;
  readonly sessionBlocks: number;
  /** How many sessions there are; 0 for no end of them. */
  readonly sessions: number;
  readonly networks: readonly ExternalNetworkName[];
  readonly fault: readonly FaultSwitch[];
  /** An OTLP endpoint that is told traces. */
  readonly trace?: string;
  /** As of the devnet: stands between modules and their stores. */
  readonly through?: DevnetOptions['through'];
}

/** Milliseconds between cycles while it goes on until stopped. */
const PAUSE = 2_000;

/** Milliseconds that what is in flight may take to finish. */
const DRAIN = 3_000;

/** Runs the local network: shows live what happens, and for `cycles` prints what was signed as the last line. */
export const runDevnet = async (command: DevnetCommand): Promise<void> => {
  const began = performance.now();
  const dir = command.data ?? (await mkdtemp(join(tmpdir(), 'serai-devnet-')));
  await makeFolder(dir);
  const logFile = join(command.data ?? '.devnet', 'devnet.log');
  const print = (line: string): void => {
    // With --json standard output is for the answer alone.
    (command.json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  await using opened = new AsyncDisposableStack();
  if (command.data === undefined) opened.defer(() => rm(dir, { recursive: true, force: true }));
  const log = openLog('info', logFile);
  const stop$ = new Subject<void>();
  const tracers = await openTracers(command, log, opened);
  const devnet = opened.adopt(
    await openDevnet({
      dir,
      seed: command.seed,
      port: command.port,
      blockTime: command.blockTime,
      sessionBlocks: command.sessionBlocks,
      sessions: command.sessions,
      networks: command.networks,
      faults: command.fault,
      tracerOf: (name) => tracers.get(name),
      ...(command.through === undefined ? {} : { through: command.through }),
      log: { info: log.info.bind(log), warn: log.warn.bind(log), child: (validator) => log.child({ validator }) },
      stop$,
    }),
    (it) => it.close(),
  );
  print(`Serai devnet: node at ${devnet.node.url}, ${String(devnet.validators.length)} validators; log in ${logFile}; Ctrl-C stops it`);
  const page = await openPage(devnet, command.pagePort);
  opened.defer(() => page.close());
  print(`Page: ${page.url} shows each of them live, and switches faults`);
  const results = new Results();
  const sessions = new Sessions();
  const view = liveView(command.networks, print);
  const unwatch = devnet.watch((published) => {
    view(published);
    const { headers, value } = published.record;
    const told = { type: headers['ce_type'], data: JSON.parse(new TextDecoder().decode(value)) as unknown };
    if (published.topic === 'chain') sessions.take(told);
    if (published.topic !== 'reports') return;
    const report = reportSchema.safeParse(told);
    if (report.success) results.take(report.data);
  });
  const running = supervise(devnet.routes, stop$);
  const gate = new AbortController();
  const release = onSignals(() => {
    gate.abort();
  });
  try {
    await Promise.race([running.ended, cycle(devnet, { results, sessions }, command, gate.signal)]);
  } finally {
    release();
    unwatch();
    running.stop(DRAIN);
    await running.ended.catch(() => undefined);
  }
  if (command.cycles === undefined) return;
  const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
  const summary = { ...results.summary(), seconds };
  process.stdout.write(`${command.json ? JSON.stringify(summary) : `${String(command.cycles)} cycles in ${String(seconds)} s`}\n`);
};

const makeFolder = async (dir: string): Promise<void> => {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ConfigError('config.invalid', `no state can be kept in ${dir} (${String(cause)}); give another folder with --data`, {
      cause,
    });
  }
};

/** A tracer for each validator, where traces are wanted. */
const openTracers = async ({ trace }: DevnetCommand, log: Logger, opened: AsyncDisposableStack): Promise<Map<string, OpenTracer>> => {
  const tracers = new Map<string, OpenTracer>();
  if (trace === undefined) return tracers;
  for (const account of ACCOUNTS) {
    const name = account.toLowerCase();
    const tracer = await openTracerAt({ endpoint: trace, headers: {}, ratio: 1, name, log: log.child({ validator: name }) });
    tracers.set(name, tracer);
  }
  opened.defer(async () => {
    await Promise.all([...tracers.values()].map((tracer) => tracer.close()));
  });
  return tracers;
};

const openPage = async (devnet: Devnet, port: number): ReturnType<typeof openDevnetPage> => {
  try {
    return await openDevnetPage({ devnet, port });
  } catch (cause) {
    throw new PortError(`the page cannot listen on port ${String(port)} (${String(cause)}); give another --page-port`, { cause });
  }
};

interface Told {
  readonly results: Results;
  readonly sessions: Sessions;
}

/** Runs each network's cycles one after the other; those that were done before are passed over. It ends once all sessions but the last are over. */
const cycle = async (devnet: Devnet, told: Told, command: DevnetCommand, stopped: AbortSignal): Promise<void> => {
  const { results, sessions } = told;
  const { cycles, timeout } = command;
  const deadline = AbortSignal.timeout(timeout * 1000);
  const signal = cycles === undefined ? stopped : AbortSignal.any([stopped, deadline]);
  try {
    await Promise.all(devnet.users.map((user) => use(user, results, cycles, signal)));
    const over = (): boolean => devnet.users.every(({ network }) => sessions.lastOver(network) >= command.sessions - 2);
    while (!over()) await sleep(20, undefined, { signal });
  } catch (error) {
    if (cycles !== undefined && deadline.aborted) {
      const done = Math.min(...devnet.users.map(({ network }) => results.cyclesOf(network)));
      throw new DevnetTimeout(
        `${String(done)} of ${String(cycles)} cycles were done within ${String(timeout)} s; give --timeout more seconds, or look into the log`,
        { cause: error },
      );
    }
    if (!stopped.aborted) throw error;
  }
};

const use = async (user: User, results: Results, cycles: number | undefined, signal: AbortSignal): Promise<void> => {
  for (let number = 0; number < (cycles ?? Number.POSITIVE_INFINITY); number += 1) {
    await user.deposit(number);
    await user.burn(number, signal);
    while (results.cyclesOf(user.network) <= number) await sleep(20, undefined, { signal });
    if (cycles === undefined) await sleep(PAUSE, undefined, { signal });
  }
};
