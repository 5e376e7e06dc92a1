import type { Registry } from 'prom-client';
import type { Observable } from 'rxjs';
import type { Store } from '../data/store.ts';
import { MusigSigner } from '../domain/crypto/musigSigner.ts';
import type { Stage } from '../domain/health/readiness.ts';
import type { Sections } from '../domain/health/status.ts';
import type { Hex } from '../domain/hex.ts';
import type { Interest } from '../domain/observation/tellInterest.ts';
import { WINDOW } from '../domain/party/window.ts';
import type { PeersReport } from '../domain/peers/peerReport.ts';
import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import type { IntegrityContext } from '../domain/solvency/integrity.ts';
import { secretScalar, signSr25519, verifySr25519 } from '../domain/threshold/schnorrkel.ts';
import { allTopics, sourcesOf, topicsOf, writersOf } from '../domain/topics.ts';
import type { Tracer } from '../domain/tracing/span.ts';
import type { ChainSubmitter } from '../sinks/toChain.ts';
import type { TopicLog } from '../sinks/toTopic.ts';
import type { ChainReader } from '../streams/fromChain.ts';
import type { PeerMemory, PeerNetwork } from '../streams/fromPeers.ts';
import type { TopicFeed } from '../streams/fromTopic.ts';
import { openConnection } from './connection.ts';
import { openCrypto } from './crypto.ts';
import { openIntegrity } from './integrity.ts';
import type { Module, ModuleDeps, ParkedAlarm, Route } from './module.ts';
import type { ModuleName } from './moduleNames.ts';
import { openObservation } from './observation.ts';
import { peerMetrics } from './peerMetrics.ts';

/** Our Serai key: it signs for the validator. */
export interface SeraiKey {
  readonly publicKey: Hex;
  /** 64 bytes. */
  readonly secretKey: Uint8Array;
}

export interface CoordinatorOptions {
  /** Those to open here. */
  readonly modules: readonly ModuleName[];
  /** Names the deployment and its topics. */
  readonly name: string;
  readonly networks: readonly ExternalNetworkName[];
  /** Opens a module's own store, sealed. */
  readonly openStore: (module: ModuleName) => Promise<Store>;
  /** The message bus, as the module of this name may write to it. */
  readonly busOf: (module: ModuleName) => TopicLog & TopicFeed;
  readonly chain: ChainReader & ChainSubmitter;
  /** Opens the links to the other validators; what they have to know is read from the connection module's ledger. */
  readonly openPeers: (memory: PeerMemory) => Promise<PeerNetwork>;
  /** Where modules put their metrics, each under names of its own. */
  readonly metrics: Registry;
  readonly key: SeraiKey;
  /** Ed25519 seeds the modules sign their records with. */
  readonly signingSecrets: Readonly<Record<ModuleName, Uint8Array>>;
  /** Ed25519 public keys of everything that writes to our topics, by source. */
  readonly pins: Readonly<Record<string, Uint8Array>>;
  readonly random: (length: number) => Uint8Array;
  readonly solvency: Pick<IntegrityContext, 'rulesOf' | 'staleBlocks'>;
  /** Accounts and external addresses whose instructions are published. */
  readonly interest?: Interest;
  /** The height to begin at where nothing was observed yet; 0 where not given. */
  readonly startHeight?: number;
  /** Hears that a lane cannot be read on from a block or a record. */
  readonly parked: (alarm: ParkedAlarm) => void;
  /** Where traces are told; without it none are made. */
  readonly tracer?: Tracer | undefined;
  /** Hears what a module wrote to a topic, once it stands there. */
  readonly wrote: NonNullable<ModuleDeps['wrote']>;
  /** Hears what shows that a module's store was rolled back. */
  readonly rolledBack: NonNullable<ModuleDeps['rolledBack']>;
  readonly stop$: Observable<unknown>;
}

/** Milliseconds for which a finalized block is of now: two windows of Serai's blocks. Whoever is further behind joins no window: it is over. */
const LIVE = 2 * WINDOW * 6_000;

/** Milliseconds until a parked lane is tried again: another node, or a newer coordinator, may be able to read it. */
const PARKED_FOR = 60_000;

/** A coordinator that is open: it runs while its routes are subscribed to. */
export interface Coordinator {
  readonly routes: readonly Route[];
  readonly stages: () => readonly Stage[];
  /** How the links stand, where the connection module runs here. */
  readonly peers: () => PeersReport | undefined;
  /** What the modules that run here tell of their parts. */
  readonly sections: () => Sections;
  readonly close: () => Promise<void>;
}

/** Opens the modules of one validator's coordinator over one message bus (design §3). */
export const openCoordinator = async (options: CoordinatorOptions): Promise<Coordinator> => {
  const { name, networks, openStore, busOf, chain, openPeers, key, signingSecrets, pins, random, stop$ } = options;
  const topics = topicsOf(name);
  const sources = sourcesOf(name);
  const writers = writersOf(name, networks);
  const { parked, wrote, rolledBack, tracer } = options;
  const common = { pins, writers, deadLetter: topics.deadLetter, random, parkedFor: PARKED_FOR, parked, wrote, rolledBack, tracer, stop$ };
  const opened: Module[] = [];
  let peers: () => PeersReport | undefined = () => undefined;
  const close = async (): Promise<void> => {
    for (const module of opened.reverse()) await module.close();
  };
  const openers: Readonly<Record<ModuleName, () => Promise<Module>>> = {
    observation: async () =>
      openObservation({
        ...common,
        bus: busOf('observation'),
        store: await openStore('observation'),
        source: sources.observation,
        signingSecret: signingSecrets.observation,
        reader: chain,
        topic: topics.chain,
        interest: options.interest ?? [],
        startHeight: options.startHeight ?? 0,
      }),
    crypto: async () =>
      openCrypto({
        ...common,
        bus: busOf('crypto'),
        store: await openStore('crypto'),
        source: sources.crypto,
        signingSecret: signingSecrets.crypto,
        topics,
        submitter: chain,
        connection: sources.connection,
        operator: sources.operator,
        integrity: sources.integrity,
        processor: sources.processor,
        context: {
          self: key.publicKey,
          genesisHash: chain.genesisHash,
          networks,
          topics,
          sign: (message) => signSr25519(key.secretKey, message),
          verify: verifySr25519,
          isLive: (time) => Date.now() - time < LIVE,
          musig: new MusigSigner(secretScalar(key.secretKey)),
        },
      }),
    connection: async () => {
      const module = await openConnection({
        ...common,
        bus: busOf('connection'),
        store: await openStore('connection'),
        source: sources.connection,
        signingSecret: signingSecrets.connection,
        self: key.publicKey,
        genesisHash: chain.genesisHash,
        topics,
        crypto: sources.crypto,
        operator: sources.operator,
        integrity: sources.integrity,
        openPeers,
      });
      peers = module.peers;
      peerMetrics(options.metrics, module.peers);
      return module;
    },
    integrity: async () =>
      openIntegrity({
        ...common,
        bus: busOf('integrity'),
        store: await openStore('integrity'),
        source: sources.integrity,
        signingSecret: signingSecrets.integrity,
        topics,
        operator: sources.operator,
        context: { networks, topics, processor: sources.processor, ...options.solvency },
      }),
  };
  try {
    for (const module of options.modules) {
      await busOf(module).createTopics(allTopics(topics, networks));
      opened.push(await openers[module]());
    }
    return {
      routes: opened.flatMap(({ routes }) => routes),
      stages: () => opened.flatMap(({ stages }) => stages()),
      peers: () => peers(),
      sections: () => Object.assign({}, ...opened.map(({ section }) => section?.() ?? {})) as Sections,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
