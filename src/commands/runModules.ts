import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Subject } from 'rxjs';
import type { Config } from '../core/configSchema.ts';
import { enabledNetworks } from '../core/enabledNetworks.ts';
import { type LiveLog, openLiveLog } from '../core/log.ts';
import { logAlarms, logRollBack } from '../core/logAlarms.ts';
import { logParked } from '../core/logParked.ts';
import { type MetricsTold, openMetrics, tellMetrics } from '../core/metrics.ts';
import { solvencyRules } from '../core/solvencyRules.ts';
import { supervise } from '../core/supervise.ts';
import { VERSION } from '../core/version.ts';
import type { PatientStore } from '../data/patientStore.ts';
import type { SealedStore } from '../data/sealedStore.ts';
import type { ModuleStatus } from '../domain/health/moduleStatus.ts';
import type { Stage } from '../domain/health/readiness.ts';
import { toHex } from '../domain/hex.ts';
import { besideNode } from '../domain/peers/addresses.ts';
import { coded } from '../domain/runbook.ts';
import { signSr25519 } from '../domain/threshold/schnorrkel.ts';
import { type KafkaBus, openKafka } from '../drivers/kafka/openKafka.ts';
import { openSeraiClient, type SeraiClient } from '../drivers/polkadot/openSeraiClient.ts';
import { openCoordinator } from '../modules/coordinator.ts';
import type { ModuleName } from '../modules/moduleNames.ts';
import { traceMetrics } from '../modules/traceMetrics.ts';
import { backUpModule, backupTargets } from './backups.ts';
import { configuredTracer } from './configuredTracer.ts';
import { deriver, pinsOf, signingSecretsOf } from './deploymentKeys.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { type KeepBackups, type KeptBackups, keepBackups } from './keepBackups.ts';
import { rotateDataKey } from './keys.ts';
import { prepareTopics, topicsWanted } from './prepareTopics.ts';
import { seraiEndpoints } from './seraiEndpoints.ts';
import { seraiKey } from './seraiKey.ts';
import { openModuleStore, random } from './stores.ts';
import type { RotatedStore, Task, TaskDone } from './tasks.ts';

/** Milliseconds the node and Kafka have to answer at the start. */
const CONNECT = 10_000;

/** Milliseconds that what is in flight may take to finish. */
const DRAIN = 10_000;

/** Several things that cannot be reached, in one message; the first decides how the process ends. */
const allOf = ([first, ...others]: readonly Error[]): Error => {
  if (first !== undefined && others.length > 0) first.message = [first, ...others].map(({ message }) => message).join('\nerror: ');
  return first ?? new Error('nothing failed');
};

/** Opens a bus for each module: only one instance of a module may write, whichever others run beside it. */
const openBuses = async (
  config: Config,
  modules: readonly ModuleName[],
  log: Logger,
  opened: AsyncDisposableStack,
): Promise<Map<ModuleName, KafkaBus>> => {
  const kafka = await kafkaConnection(config, log.child({ part: 'kafka' }));
  const buses = new Map<ModuleName, KafkaBus>();
  for (const module of modules) {
    const bus = await openKafka({ ...kafka, transactionalId: `${config.general.name}-${module}`, connectDeadline: CONNECT });
    opened.defer(() => bus.close());
    buses.set(module, bus);
  }
  const [first] = buses.values();
  if (first === undefined) return buses;
  await prepareTopics({
    topics: first.topics,
    wanted: topicsWanted(config),
    brokers: kafka.brokers,
    warn: (deviations) => {
      log.warn({ ...coded('kafka.topics'), deviations }, 'topics are not as they should be');
    },
  });
  return buses;
};

const openChain = (config: Config, log: Logger): Promise<SeraiClient> => {
  const { observation } = config;
  return openSeraiClient({
    endpoints: seraiEndpoints(config),
    log: log.child({ part: 'chain' }),
    connectDeadline: CONNECT,
    withBatches: observation.addresses_of_interest.length > 0,
    ...(observation.genesis_hash === undefined ? {} : { expectedGenesis: observation.genesis_hash }),
  });
};

/** What modules are run in: a process or a thread. */
export interface Surroundings {
  readonly master: Uint8Array;
  /** Is given what stops them. */
  readonly onStop: (stop: () => void) => () => void;
  /** Is given what does the operator's tasks while they run. */
  readonly onTask: (handle: (task: Task) => Promise<TaskDone>) => void;
  /** Hears every second how they stand. */
  readonly tell: (told: Told) => void;
}

/** A module that waits for room on its disk, and since when. */
const waitingStage = (module: ModuleName, store: PatientStore): Stage[] => {
  const waits = store.waits();
  return waits === undefined
    ? []
    : [{ name: `${module} writes its store`, waiting: Math.max(1, waits.writes), movedAt: waits.since, reason: waits.reason }];
};

const pause: KeepBackups['pause'] = (milliseconds, signal) => sleep(milliseconds, undefined, { signal, ref: false });

/** Where the log hears of backups. */
const toldTo = (log: Logger): Pick<KeepBackups, 'made' | 'failed'> => ({
  made: (module, id, details) => {
    log.info({ module, id, ...details }, 'backup.made');
  },
  failed: (module, error) => {
    log.error({ ...coded('backup.failed'), module, reason: String(error) }, 'backup failed');
  },
});

/** Brings a change of data keys to its end that an earlier life of this process had begun. */
const finishRotation = async (store: SealedStore, log: Logger, ended: Promise<void>): Promise<void> => {
  const stop = new AbortController();
  const leave = (): void => {
    stop.abort();
  };
  ended.then(leave, leave);
  try {
    const values = await store.reseal({ signal: stop.signal });
    if (values > 0) log.info({ store: store.storeId, values }, 'keys.rotated');
  } catch (error) {
    if (!stop.signal.aborted)
      log.error({ ...coded('keys.rotation-failed'), store: store.storeId, reason: String(error) }, 'rotation of keys failed');
  }
};

interface AtWork {
  readonly liveLog: LiveLog;
  readonly backups: ReadonlyMap<ModuleName, KeptBackups>;
  readonly stores: ReadonlyMap<ModuleName, SealedStore>;
}

/** Does what the operator asks of modules that run. */
const taskOf =
  ({ liveLog, backups, stores }: AtWork) =>
  async (task: Task): Promise<TaskDone> => {
    const done = { backups: [], rotated: [] };
    switch (task.do) {
      case 'back-up':
        return { ...done, backups: (await Promise.all([...backups].map(takeNow))).flat() };
      case 'rotate-keys':
        return { ...done, rotated: await Promise.all([...stores].map(rotateNow)) };
      case 'log-level':
        if (task.level !== undefined) liveLog.setLevel(task.level);
        return { ...done, level: liveLog.level() };
    }
  };

const takeNow = async ([module, backups]: readonly [ModuleName, KeptBackups]): Promise<TaskDone['backups']> =>
  (await backups.takeNow()).map(({ manifest: { id, rows, bytes }, written, where }) => ({
    ...{ module, id, where, rows, bytes, written: written.bytes },
  }));

const rotateNow = async ([module, store]: readonly [ModuleName, SealedStore]): Promise<RotatedStore> => ({
  module,
  ...(await rotateDataKey(store, () => undefined)),
});

/** How modules stand, and what they have counted. */
export interface Told extends ModuleStatus {
  readonly metrics: MetricsTold;
}

/** Milliseconds between two words about how modules stand. */
const TELL = 1_000;

/** Runs modules of the coordinator a configuration describes on one event loop. */
export const runModules = async (
  config: Config,
  modules: readonly ModuleName[],
  { master, onStop, onTask, tell }: Surroundings,
): Promise<void> => {
  const { general, observation, connection } = config;
  const liveLog = openLiveLog(general.log_level);
  const log = liveLog.log.child({ modules });
  const key = await seraiKey(config);
  const targets = await backupTargets(config);
  const derive = deriver(master, general.name);
  await using opened = new AsyncDisposableStack();
  const tracer = await configuredTracer(config, log);
  if (tracer !== undefined) opened.defer(() => tracer.close());
  // Both are tried, so that one start tells of everything that cannot be reached.
  const [chainTried, busTried] = await Promise.allSettled([openChain(config, log), openBuses(config, modules, log, opened)]);
  if (chainTried.status === 'fulfilled') opened.defer(() => chainTried.value.close());
  const failures = [chainTried, busTried].flatMap((tried) => (tried.status === 'rejected' ? [tried.reason as Error] : []));
  if (chainTried.status === 'rejected' || busTried.status === 'rejected') throw allOf(failures);
  const chain = chainTried.value;
  const buses = busTried.value;

  const signingSecrets = signingSecretsOf(derive);
  const stop$ = new Subject<void>();
  const stores = new Map<ModuleName, SealedStore>();
  const patient = new Map<ModuleName, PatientStore>();
  const metrics = openMetrics();
  if (tracer !== undefined) traceMetrics(metrics, tracer.counts);
  const validator = toHex(key.publicKey);
  const coordinator = opened.adopt(
    await openCoordinator({
      modules,
      name: general.name,
      networks: enabledNetworks(config),
      openStore: async (module) => {
        const store = await openModuleStore(config, module, {
          master,
          opened: (opening) => {
            patient.set(module, opening);
          },
          backUp: (rows) => backUpModule(config, module, rows, { master, targets, at: Date.now(), cause: 'migration', now: Date.now }),
        });
        stores.set(module, store);
        return store;
      },
      busOf: (module) => {
        const bus = buses.get(module);
        if (bus === undefined) throw new Error(`${module} does not run here`);
        return bus;
      },
      chain,
      openPeers: async (memory) => {
        // Of the modules, which all have threads of their own, only one needs it.
        const { openLibp2p } = await import('../drivers/libp2p/libp2pNetwork.ts');
        return openLibp2p({
          listen: connection.listen,
          announce: connection.announce,
          peers: () => connection.peers.map(({ validator: peer, address }) => ({ validator: peer as `0x${string}`, address })),
          ...(connection.private_addresses === undefined ? {} : { allowPrivate: connection.private_addresses }),
          search: async () => (await chain.nodeAddresses()).flatMap((address) => besideNode(address, connection.peer_port) ?? []),
          identitySeed: derive('libp2p'),
          validator,
          genesisHash: chain.genesisHash,
          version: VERSION,
          sign: (message) => signSr25519(key.secretKey, message),
          memory,
          log: (event, details) => {
            log.info(details, event);
          },
        });
      },
      metrics,
      key: { publicKey: validator, secretKey: key.secretKey },
      signingSecrets,
      pins: pinsOf(config, signingSecrets),
      random,
      solvency: solvencyRules(config),
      interest: observation.addresses_of_interest,
      startHeight: observation.start_block,
      parked: logParked(log),
      tracer,
      wrote: logAlarms(log),
      rolledBack: logRollBack(log),
      stop$,
    }),
    ({ close }) => close(),
  );
  const running = supervise(coordinator.routes, stop$);
  const release = onStop(() => {
    running.stop(DRAIN);
  });
  log.info({ name: general.name, validator, version: VERSION }, 'coordinator.running');
  const backups = new Map(
    [...stores].map(([module, store]) => [
      module,
      keepBackups(config, module, store, { master, targets, now: Date.now, pause, ...toldTo(log) }),
    ]),
  );
  const resealing = [...stores.values()].map((store) => finishRotation(store, log, running.ended));
  const stages = (): Stage[] => [
    ...coordinator.stages(),
    ...[...patient].flatMap(([module, store]) => waitingStage(module, store)),
    ...[...backups.values()].map(({ stage }) => stage()),
  ];
  onTask(taskOf({ liveLog, backups, stores }));
  const telling = keepTelling(
    () => {
      const links = coordinator.peers();
      return {
        stages: stages(),
        validator,
        sections: coordinator.sections(),
        backups: [...backups.values()].map(({ status }) => status()),
        ...(links === undefined ? {} : { peers: links }),
      };
    },
    metrics,
    tell,
  );
  try {
    // Metrics that cannot be told are a fault as any other.
    await Promise.race([running.ended, telling.failed]);
  } finally {
    telling.stop();
    release();
    for (const store of patient.values()) store.giveUp();
    await Promise.all([...[...backups.values()].map(({ close }) => close()), ...resealing]);
  }
};

/** Tells at once and then every second how modules stand. */
const keepTelling = (
  status: () => ModuleStatus,
  metrics: Registry,
  tell: Surroundings['tell'],
): { readonly failed: Promise<never>; readonly stop: () => void } => {
  const failed = Promise.withResolvers<never>();
  const tellNow = (): void => {
    tellMetrics(metrics).then((counted) => {
      tell({ ...status(), metrics: counted });
    }, failed.reject);
  };
  tellNow();
  const timer = setInterval(tellNow, TELL);
  return {
    failed: failed.promise,
    stop: () => {
      clearInterval(timer);
    },
  };
};
