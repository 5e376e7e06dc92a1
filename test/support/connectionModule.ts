import { randomBytes } from 'node:crypto';
import { Subject } from 'rxjs';
import { type Running, supervise } from '../../src/core/supervise.ts';
import type { Store } from '../../src/data/store.ts';
import { type Hex, toHex } from '../../src/domain/hex.ts';
import { signPeerMessage } from '../../src/domain/peers/peerMessage.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import { type Json, table } from '../../src/domain/tables.ts';
import { devAccount, signSr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { sourcesOf, topicsOf, writersOf } from '../../src/domain/topics.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../../src/drivers/embeddedLog/embeddedLog.ts';
import { type Libp2pNetwork, type Libp2pOptions, openLibp2p, type PeerAddress } from '../../src/drivers/libp2p/libp2pNetwork.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { type ConnectionModule, openConnection } from '../../src/modules/connection.ts';
import { type ModuleShapes, openModule } from '../../src/modules/module.ts';
import { GENESIS, SWIFT } from './peers.ts';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const time = new Date(0).toISOString();

/** What the crypto module beside it has heard, by id, in order. */
const heard = table<Json>('heard');

/** A validator with a whole connection module, and a stand-in for its crypto and observation modules. */
export interface ConnectedValidator {
  readonly validator: Hex;
  readonly module: () => ConnectionModule;
  readonly network: () => Libp2pNetwork;
  /** Tells the module that these are the validators, and to hold links to them. */
  readonly elect: (validators: readonly Hex[], session: number) => Promise<void>;
  readonly say: (to: readonly Hex[], ids: readonly string[]) => Promise<void>;
  /** What was heard of a validator, in order: `id` of each message, twice where it was handled twice. */
  readonly heardOf: (from: Hex) => readonly string[];
  /** The process dies: nothing more is written, nobody is told, what was under way is lost. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ConnectedOptions {
  readonly name: string;
  readonly addresses: () => readonly PeerAddress[];
  readonly limits?: Libp2pOptions['limits'];
}

/** A store that goes on existing when its process dies, and takes nothing more of a dead one. */
const mortal = (store: Store): { readonly store: Store; readonly die: () => void } => {
  let dead = false;
  return {
    store: {
      get: (bucket, key) => store.get(bucket, key),
      scan: (bucket, range) => store.scan(bucket, range),
      snapshot: () => store.snapshot(),
      compact: () => store.compact(),
      write: (batch) => (dead ? Promise.reject(new Error('the process is dead')) : store.write(batch)),
      close: () => Promise.resolve(),
    },
    die: () => {
      dead = true;
    },
  };
};

/** Opens a validator whose stores are in memory, and outlive its process. */
export const openConnected = async ({ name, addresses, limits = SWIFT }: ConnectedOptions): Promise<ConnectedValidator> => {
  const { publicKey, secretKey } = devAccount(name);
  const validator = toHex(publicKey);
  const deployment = name.toLowerCase();
  const topics = topicsOf(deployment);
  const sources = sourcesOf(deployment);
  const secrets = Object.fromEntries([sources.connection, sources.crypto, sources.observation].map((source) => [source, random(32)]));
  const secretOf = (source: string): Uint8Array => secrets[source] ?? new Uint8Array(32);
  const pins = Object.fromEntries(Object.entries(secrets).map(([source, secret]) => [source, publicKeyOf(secret)]));
  const seed = random(32);
  const log: EmbeddedLog = await openEmbeddedLog(openMemoryStore());
  await log.createTopics([topics.chain, topics.outbound, topics.inbound, topics.control, topics.deadLetter]);
  const common = {
    pins,
    writers: writersOf(deployment, ['Bitcoin']),
    deadLetter: topics.deadLetter,
    random,
    parkedFor: 1_000,
    parked: () => undefined,
  };

  // The modules beside it live on when its process dies.
  const besides$ = new Subject<void>();
  const beside = (source: string, sealedFor: Readonly<Record<string, string>>): Promise<ModuleShapes> =>
    openModule({ ...common, bus: log, store: openMemoryStore(), source, signingSecret: secretOf(source), stop$: besides$ }, sealedFor);
  const crypto = await beside(sources.crypto, { [topics.outbound]: sources.connection });
  const observation = await beside(sources.observation, {});
  let count = 0;
  const running = supervise(
    [
      crypto.relayTopic(topics.outbound),
      observation.relayTopic(topics.chain),
      crypto.read({
        topic: topics.inbound,
        sealed: true,
        refused: 'park',
        understand: (_record, data) => (draft) => {
          const { from, id } = data as { from: string; id: string };
          count += 1;
          heard.put(draft, String(count), { from, id });
        },
      }),
    ],
    besides$,
  );

  interface Process {
    readonly module: ConnectionModule;
    readonly network: Libp2pNetwork;
    readonly running: Running;
    readonly die: () => void;
  }
  const stored = openMemoryStore();
  let listen = '/ip4/127.0.0.1/tcp/0';
  let process: Process | undefined;
  const alive = (): Process => {
    if (process === undefined) throw new Error(`${name} is dead`);
    return process;
  };

  const start = async (): Promise<void> => {
    const stop$ = new Subject<void>();
    const { store, die } = mortal(stored);
    let network: Libp2pNetwork | undefined;
    const module = await openConnection({
      ...common,
      bus: log,
      store,
      source: sources.connection,
      signingSecret: secretOf(sources.connection),
      stop$,
      self: validator,
      genesisHash: GENESIS,
      topics,
      crypto: sources.crypto,
      operator: sources.operator,
      integrity: sources.integrity,
      openPeers: async (memory) => {
        network = await openLibp2p({
          listen: [listen],
          peers: addresses,
          // What others say of where they listen would lead around the proxies of a test.
          allowPrivate: false,
          identitySeed: seed,
          validator,
          genesisHash: GENESIS,
          version: '0.0.0-test',
          sign: (message) => signSr25519(secretKey, message),
          memory,
          log: () => undefined,
          limits,
        });
        return network;
      },
    });
    const routes = supervise(module.routes, stop$);
    // A dead process fails in every route; nobody is left to hear it.
    routes.ended.catch(() => undefined);
    if (network === undefined) throw new Error('no network was opened');
    listen = network.addresses()[0]?.replace(/\/p2p\/.*/, '') ?? listen;
    process = { module, network, running: routes, die };
  };

  const kill = async (): Promise<void> => {
    const { network, running: routes, die } = alive();
    process = undefined;
    die();
    routes.stop(0);
    await network.close();
  };

  await start();
  return {
    validator,
    module: () => alive().module,
    network: () => alive().network,
    elect: async (validators, session) => {
      const set = { network: 'Bitcoin', session };
      const block = { number: session, hash: GENESIS };
      const participants = validators.map((key) => ({ address: 'x', publicKey: key, weight: 1 }));
      const head = { ...block, parentHash: GENESIS, stateRoot: GENESIS, extrinsicsRoot: GENESIS, time: 0 };
      const put = (type: string, data: Json) => ({ topic: topics.chain, type, id: `${type}/${String(session)}`, time, data });
      await observation.ledger.commit({
        decide: (draft) => {
          draft.send(put('serai.validator-sets.participants.v1', { block, set, participants }));
          draft.send(put('serai.chain.block.v1', { ...head }));
        },
      });
      await crypto.counterpartsKnown(new AbortController().signal);
      await crypto.ledger.commit({
        decide: (draft) => {
          const data = { validators: [...validators] };
          draft.send({ topic: topics.outbound, type: 'serai.peer.connect.v1', id: `connect/${String(session)}`, time, data });
        },
      });
    },
    say: async (to, ids) => {
      await crypto.counterpartsKnown(new AbortController().signal);
      await crypto.ledger.commit({
        decide: (draft) => {
          for (const id of ids)
            for (const receiver of to) {
              const message = signPeerMessage({ kind: 'test', from: validator, to: receiver, genesis: GENESIS, id, body: null }, (bytes) =>
                signSr25519(secretKey, bytes),
              );
              draft.send({ topic: topics.outbound, type: 'serai.peer.message.v1', id: `${id}/${receiver}`, time, data: message });
            }
        },
      });
    },
    heardOf: (from) =>
      [...heard.rows(crypto.ledger)]
        .sort(([a], [b]) => Number(a) - Number(b))
        .flatMap(([, row]) => {
          const { from: sender, id } = row as { from: string; id: string };
          return sender === from ? [id] : [];
        }),
    kill,
    start,
    close: async () => {
      if (process !== undefined) await kill();
      running.stop(0);
      await running.ended;
      await log.close();
    },
  };
};
