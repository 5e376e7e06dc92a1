import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { type AlarmLog, logAlarms, logRollBack } from '../core/logAlarms.ts';
import { logParked } from '../core/logParked.ts';
import { openMetrics } from '../core/metrics.ts';
import { VERSION } from '../core/version.ts';
import { RecordWriter } from '../data/recordWriter.ts';
import { openSealedStore } from '../data/sealedStore.ts';
import type { Store } from '../data/store.ts';
import type { Act } from '../domain/control/acts.ts';
import { type Status, statusOf } from '../domain/health/status.ts';
import { type Hex, toHex } from '../domain/hex.ts';
import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import { publicKeyOf } from '../domain/record/signRecord.ts';
import type { Tail } from '../domain/record.ts';
import { Secret } from '../domain/sealing/secret.ts';
import { devAccount, signSr25519 } from '../domain/threshold/schnorrkel.ts';
import { sourcesOf, topicsOf, writersOf } from '../domain/topics.ts';
import type { Tracer } from '../domain/tracing/span.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../drivers/embeddedLog/embeddedLog.ts';
import { type Libp2pNetwork, openLibp2p, type PeerAddress } from '../drivers/libp2p/libp2pNetwork.ts';
import { openSeraiClient } from '../drivers/polkadot/openSeraiClient.ts';
import { openRocksdbStore } from '../drivers/rocksdb/rocksdbStore.ts';
import { openCoordinator } from '../modules/coordinator.ts';
import type { Module, Route } from '../modules/module.ts';
import { MODULES } from '../modules/moduleNames.ts';
import type { PeerMemory } from '../streams/fromPeers.ts';
import { deriveKey } from './deriveKeys.ts';
import type { DevnetLog } from './devnetLog.ts';
import type { ExternalChain } from './processor/externalChain.ts';
import { openProcessor } from './processor/processor.ts';
import { openProcessorService, type ProcessorServiceDeps } from './processorService.ts';

export interface ValidatorOptions {
  /** A development account: `Alice`. */
  readonly account: string;
  readonly dir: string;
  /** The devnet's root secret, from which every other one is derived. */
  readonly root: Uint8Array;
  /** The networks it serves, with a processor of its own for each. */
  readonly externals: readonly { readonly network: ExternalNetworkName; readonly chain: ExternalChain }[];
  /** Of Serai nodes: the first is used, the others stand by and are compared with it. */
  readonly endpoints: readonly string[];
  /** Addresses of all validators; this one adds its own. */
  readonly addresses: PeerAddress[];
  readonly random: (length: number) => Uint8Array;
  readonly log: DevnetLog;
  /** What its processors do wrong. */
  readonly processors?: Pick<ProcessorServiceDeps, 'bend' | 'lag'>;
  readonly tracer: Tracer | undefined;
  readonly stop$: Observable<unknown>;
  readonly through: (store: Store, name: string) => Store;
  readonly reachedAt: (address: string) => Promise<string>;
}

/** One validator of the devnet: coordinator, message bus and processors, each on its own stores. */
export interface Validator {
  readonly name: string;
  readonly publicKey: Hex;
  readonly bus: EmbeddedLog;
  readonly routes: readonly Route[];
  /** How its coordinator stands, as `/status` tells it. */
  readonly status: () => Status;
  /** Records in its audit log what was done to it. */
  readonly record: (act: Act) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens one validator of the devnet. */
export const openValidator = async (options: ValidatorOptions): Promise<Validator> => {
  const { account, dir, root, externals, endpoints, addresses, random, log, stop$ } = options;
  const networks = externals.map(({ network }) => network);
  const name = account.toLowerCase();
  const { publicKey, secretKey } = devAccount(account);
  const validator = toHex(publicKey);
  const keyOf = (what: string): Uint8Array => deriveKey(root, `${name}/${what}`);
  const openStore = async (what: string): Promise<Store> => {
    const storeId = `${name}/${what}`;
    const sealed = await openSealedStore(await openRocksdbStore(join(dir, name, what)), {
      storeId,
      key: new Secret(keyOf('master')),
      random,
    });
    return options.through(sealed, storeId);
  };

  const topics = topicsOf(name);
  const sources = sourcesOf(name);
  const signingSecrets = {
    observation: keyOf('observation'),
    crypto: keyOf('crypto'),
    connection: keyOf('connection'),
    integrity: keyOf('integrity'),
  };
  const operatorSecret = keyOf('operator');
  const processorSecret = (network: ExternalNetworkName): Uint8Array => keyOf(`processor/${network}`);
  const pins = {
    [sources.observation]: publicKeyOf(signingSecrets.observation),
    [sources.crypto]: publicKeyOf(signingSecrets.crypto),
    [sources.connection]: publicKeyOf(signingSecrets.connection),
    [sources.integrity]: publicKeyOf(signingSecrets.integrity),
    [sources.operator]: publicKeyOf(operatorSecret),
    ...Object.fromEntries(networks.map((network) => [sources.processor(network), publicKeyOf(processorSecret(network))])),
  };

  const own = log.child(name);
  // The devnet's log tells what goes wrong on purpose: nothing of it is an error.
  const alarms: AlarmLog = {
    warn: (fields, event) => {
      own.warn({ ...fields }, event);
    },
    error: (fields, event) => {
      own.warn({ ...fields }, event);
    },
  };
  const parked = logParked(alarms);

  const opened = new AsyncDisposableStack();
  try {
    const bus = opened.adopt(await openEmbeddedLog(await openRocksdbStore(join(dir, name, 'log'))), (log) => log.close());
    const chain = opened.adopt(await openSeraiClient({ endpoints, log: log.child(name), pollInterval: 1_000, silence: 30_000 }), (client) =>
      client.close(),
    );
    const openPeers = async (memory: PeerMemory): Promise<Libp2pNetwork> => {
      const peers = await openLibp2p({
        listen: ['/ip4/127.0.0.1/tcp/0'],
        peers: () => addresses,
        identitySeed: keyOf('libp2p'),
        validator,
        genesisHash: chain.genesisHash,
        version: VERSION,
        sign: (message) => signSr25519(secretKey, message),
        memory,
        log: (event, details) => {
          log.child(name).info(details, event);
        },
      });
      const [address] = peers.addresses();
      const before = addresses.findIndex((known) => known.validator === validator);
      if (before >= 0) addresses.splice(before, 1);
      if (address !== undefined) addresses.push({ validator, address: await options.reachedAt(address) });
      return peers;
    };
    const coordinator = opened.adopt(
      await openCoordinator({
        modules: MODULES,
        name,
        networks,
        openStore,
        busOf: () => bus,
        chain,
        openPeers,
        metrics: openMetrics(),
        key: { publicKey: validator, secretKey },
        signingSecrets,
        pins,
        random,
        solvency: { staleBlocks: 100, rulesOf: () => ({ tolerance: 0n, breaches: 3, clears: 10, acknowledge: false }) },
        parked,
        tracer: options.tracer,
        wrote: logAlarms(alarms),
        rolledBack: logRollBack(alarms),
        stop$,
      }),
      ({ close }) => close(),
    );
    const services: Module[] = [];
    for (const { network, chain: external } of externals) {
      const processorStore = await openStore(`processor-${network.toLowerCase()}`);
      const processor = await openProcessor({
        store: processorStore,
        network,
        genesisHash: chain.genesisHash,
        validator,
        chain: external,
        random,
      });
      const service = opened.adopt(
        await openProcessorService({
          store: processorStore,
          bus,
          source: sources.processor(network),
          signingSecret: processorSecret(network),
          pins,
          writers: writersOf(name, networks),
          deadLetter: topics.deadLetter,
          random,
          parkedFor: 60_000,
          parked,
          tracer: options.tracer,
          wrote: logAlarms(alarms),
          stop$,
          network,
          topics,
          crypto: sources.crypto,
          processor,
          chain: external,
          ...options.processors,
        }),
        ({ close }) => close(),
      );
      services.push(service);
    }
    const writer = new RecordWriter(
      {
        source: sources.operator,
        signingSecret: operatorSecret,
        keys: { epoch: 1, secret: random(32) },
        counterpart: () => 'open',
        random,
      },
      await tailsOf(bus, topics.control, sources.operator),
    );
    let turn = Promise.resolve();
    const record = (act: Act): Promise<void> => {
      const time = new Date().toISOString();
      const type = 'serai.control.act.v1';
      // One after the other, so that they land in the order of their numbers.
      turn = turn
        .catch(() => undefined)
        .then(async () => {
          const id = `${type}/${act.act}/${time}/${String(writer.tail(topics.control).sequence)}`;
          for (const run of writer.write(topics.control, [{ topic: topics.control, type, id, time, data: act }]))
            await bus.append(topics.control, run);
        });
      return turn;
    };
    const stack = opened.move();
    return {
      name,
      publicKey: validator,
      bus,
      status: () =>
        statusOf({
          now: Date.now(),
          version: VERSION,
          name,
          validator,
          stages: coordinator.stages(),
          peers: coordinator.peers() ?? null,
          backups: null,
          ...coordinator.sections(),
        }),
      routes: [...coordinator.routes, ...services.flatMap(({ routes }) => routes)],
      record,
      close: () => stack.disposeAsync(),
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
};

const tailsOf = async (bus: EmbeddedLog, topic: string, source: string): Promise<(readonly [string, Tail])[]> => {
  const tail = await bus.tail(topic, source);
  return tail === undefined ? [] : [[topic, tail]];
};
