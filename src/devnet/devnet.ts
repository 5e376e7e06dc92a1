import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Observable } from 'rxjs';
import type { Store } from '../data/store.ts';
import { fromHex, toHex } from '../domain/hex.ts';
import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import { type ExternalObservation, externalObservation } from '../domain/processor/messages.ts';
import { coded } from '../domain/runbook.ts';
import { topicsOf } from '../domain/topics.ts';
import type { Tracer } from '../domain/tracing/span.ts';
import type { PeerAddress } from '../drivers/libp2p/libp2pNetwork.ts';
import { openRocksdbStore } from '../drivers/rocksdb/rocksdbStore.ts';
import type { Route } from '../modules/module.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';
import type { DevnetLog } from './devnetLog.ts';
import { type FaultBoard, FaultError, openFaultBoard } from './faultBoard.ts';
import { FAULT_KINDS, type Fault, type FaultSwitch } from './faultSwitch.ts';
import { setFault } from './node/faults.ts';
import { openSeraiNode, type SeraiNode } from './node/seraiNode.ts';
import { openPresence, type Presence } from './presence.ts';
import { type ExternalChain, openExternalChain } from './processor/externalChain.ts';
import { User } from './user.ts';
import { openValidator, type Validator } from './validator.ts';
import { forge, misreport, thiefOf } from './wrongs.ts';

/** The validators of the simulated chain's genesis. */
export const ACCOUNTS = ['Alice', 'Bob', 'Charlie', 'Dave'] as const;

/** Blocks of which even the lying endpoint tells the truth. */
const TRUTHFUL = 40;

export interface DevnetOptions {
  readonly dir: string;
  readonly seed: number;
  /** Port of the simulated node; 0 takes any. */
  readonly port: number;
  /** Milliseconds between Serai blocks. */
  readonly blockTime: number;
  /** The external networks the validators serve; each has its own sets, processors and user. */
  readonly networks: readonly ExternalNetworkName[];
  /** Serai blocks of a session, after which the sets rotate; 0 for one session without end. */
  readonly sessionBlocks: number;
  /** How many sessions there are; 0 (the default) for no end of them. */
  readonly sessions?: number;
  readonly log: DevnetLog;
  /** What goes wrong from the start. */
  readonly faults: readonly FaultSwitch[];
  readonly stop$: Observable<unknown>;
  /** Stands between a module and its store, by name as in `alice/crypto`: for who wants to see or stop what is written. */
  readonly through?: (store: Store, name: string) => Store;
  /** Where a validator tells its traces, by its name. */
  readonly tracerOf?: (name: string) => Tracer | undefined;
  /** Where the others reach what listens at an address: there, unless links are to be slower than this machine's. */
  readonly reachedAt?: (address: string) => Promise<string>;
}

/** A record some validator published, with whose it is. */
export interface Published {
  readonly validator: string;
  readonly topic: 'chain' | 'reports' | 'deadLetter';
  readonly record: StoredRecord;
}

/** A whole local Serai (design §13): a simulated node, external chains, and four validators with all they run. */
export interface Devnet {
  readonly node: SeraiNode;
  /** One of each network. */
  readonly users: readonly User[];
  readonly validators: readonly Presence[];
  /** What goes wrong, and how it is switched. */
  readonly faults: FaultBoard;
  readonly routes: readonly Route[];
  /** Tells of every record on the validators' chain, report and dead-letter topics, from the first one ever. */
  readonly watch: (tell: (published: Published) => void) => () => void;
  readonly close: () => Promise<void>;
}

/** Reads the devnet's root secret, or makes it: 32 bytes, hex, for this user's eyes only. */
const rootSecret = async (dir: string): Promise<Uint8Array> => {
  const file = join(dir, 'root.key');
  try {
    return fromHex((await readFile(file, 'utf8')).trim());
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    const root = randomBytes(32);
    await writeFile(`${file}.new`, `${toHex(root)}\n`, { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
    return root;
  }
};

/** Whether the validator at a place is away where so many of the last ones are. */
const isAway = (at: number, away: number): boolean => at >= ACCOUNTS.length - away;

/** Opens the devnet on its folder: whatever was there goes on where it stood. */
export const openDevnet = async (options: DevnetOptions): Promise<Devnet> => {
  const { dir, seed, port, blockTime, sessionBlocks, sessions = 0, networks, log, faults, stop$ } = options;
  const { through = (store: Store) => store, reachedAt = (address: string) => Promise.resolve(address) } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const root = await rootSecret(dir);
  const random = (length: number): Uint8Array => randomBytes(length);
  const opened = new AsyncDisposableStack();
  try {
    const failed = (error: unknown): void => {
      log.warn({ ...coded('node.failed'), reason: String(error) }, 'the simulated chain failed');
    };
    const node = opened.adopt(
      await openSeraiNode({ store: await openRocksdbStore(join(dir, 'node')), port, blockTime, sessionBlocks, sessions, failed }),
      (it) => it.close(),
    );
    const endpoints = [node.url];
    const externals: { network: ExternalNetworkName; chain: ExternalChain }[] = [];
    for (const network of networks) {
      const store = opened.adopt(await openRocksdbStore(join(dir, network.toLowerCase())), (it) => it.close());
      externals.push({ network, chain: await openExternalChain({ store, network }) });
    }

    const wrongs = { misreports: false, lag: 0 };
    const processors = {
      bend: (observation: ExternalObservation) => (wrongs.misreports ? misreport(observation) : observation),
      lag: () => wrongs.lag,
    };
    const presences: Presence[] = [];
    const victim = (): Validator => {
      const here = presences.map((presence) => presence.validator()).find((validator) => validator !== undefined);
      if (here === undefined) throw new FaultError('every validator is away');
      return here;
    };
    /** How many of the last ones are away. */
    let away = 0;
    const steal = (amount: number): void => {
      for (const { network, chain } of externals) opened.defer(followVaults(victim(), thiefOf(chain, network, BigInt(amount)), failed));
    };
    const carryOut = async (fault: Fault, value: number): Promise<void> => {
      switch (fault) {
        case 'away':
          away = value;
          for (const [at, presence] of presences.entries()) presence.setAway(isAway(at, away));
          return;
        case 'lying-endpoint':
          endpoints.push(await node.openLiar(node.finalizedNumber() + TRUTHFUL));
          return;
        case 'misreport':
          wrongs.misreports = value > 0;
          return;
        case 'lag':
          wrongs.lag = value;
          return;
        case 'steal':
          if (value > 0) steal(value);
          return;
        case 'forge':
          if (value > 0) await forge(victim());
          return;
        default:
          setFault(node.faults, fault, value);
      }
    };
    /** What was made to go wrong stands in the audit log of everyone it may be done to. */
    const recordFault = async (fault: Fault, value: number): Promise<void> => {
      const act = { act: 'fault-switched', reason: FAULT_KINDS[fault].what, details: { fault, value: String(value) } } as const;
      // One that is just leaving need not hear of it.
      for (const presence of presences) await presence.validator()?.record(act).catch(failed);
    };
    const board = openFaultBoard(async (fault, value) => {
      await recordFault(fault, value);
      await carryOut(fault, value);
    });

    // What is wrong with the node or the processors is so before the validators are there; what is done to them comes after.
    const later = new Set<Fault>(['steal', 'forge']);
    const wanted = faults.map(({ fault, value }) => ({ fault, value: value === true ? (FAULT_KINDS[fault].usual ?? 1) : value }));
    for (const { fault, value } of wanted) if (!later.has(fault)) await board.begin(fault, value);

    const addresses: PeerAddress[] = [];
    const watchers = new Set<Watcher>();
    const came = (validator: Validator): (() => void) => {
      for (const watcher of watchers) watcher.follow(validator);
      return () => {
        for (const watcher of watchers) watcher.leave(validator);
      };
    };
    for (const [at, account] of ACCOUNTS.entries()) {
      const own = { account, dir, root, externals, endpoints, addresses, random, log, through, reachedAt } as const;
      const tracer = options.tracerOf?.(account.toLowerCase());
      const open = (leave$: Observable<unknown>): Promise<Validator> =>
        openValidator({ ...own, tracer, processors: at === 0 ? processors : {}, stop$: leave$ });
      const presence = await openPresence({ name: account.toLowerCase(), open, stop$, came }, isAway(at, away));
      presences.push(opened.adopt(presence, (it) => it.close()));
    }
    // Those that are there since before the validators are told of now.
    for (const { fault, value } of wanted)
      if (later.has(fault)) await board.begin(fault, value);
      else await recordFault(fault, value);
    return {
      node,
      users: externals.map(
        ({ network, chain }) => new User({ network, seed, external: chain, nodeUrl: node.url, genesisHash: node.genesisHash }),
      ),
      validators: presences,
      faults: board,
      routes: presences.map(({ route }) => route),
      watch: (tell) => {
        const watcher = watcherOf(tell);
        watchers.add(watcher);
        for (const presence of presences) {
          const validator = presence.validator();
          if (validator !== undefined) watcher.follow(validator);
        }
        return () => {
          watchers.delete(watcher);
          for (const presence of presences) {
            const validator = presence.validator();
            if (validator !== undefined) watcher.leave(validator);
          }
        };
      },
      close: () => opened.disposeAsync(),
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
};

/** Hears what a validator's processors saw. */
const followVaults = (
  { name, bus }: Validator,
  hear: (observation: ExternalObservation) => Promise<void>,
  failed: (error: unknown) => void,
): (() => Promise<void>) => {
  const deliver = async ({ headers, value }: StoredRecord): Promise<void> => {
    const seen = externalObservation.safeParse({ type: headers['ce_type'], data: JSON.parse(new TextDecoder().decode(value)) as unknown });
    if (seen.success) await hear(seen.data);
  };
  return bus.read(topicsOf(name).serai, 0n, deliver, failed);
};

/** Reads what validators publish, from the first record ever, while they are there. */
interface Watcher {
  readonly follow: (validator: Validator) => void;
  readonly leave: (validator: Validator) => void;
}

const watcherOf = (tell: (published: Published) => void): Watcher => {
  const stops = new Map<Validator, (() => Promise<void>)[]>();
  return {
    follow: (validator) => {
      const { name, bus } = validator;
      const reads = (['chain', 'reports', 'deadLetter'] as const).map((topic) => {
        const deliver = (record: StoredRecord): Promise<void> => {
          tell({ validator: name, topic, record });
          return Promise.resolve();
        };
        return bus.read(topicsOf(name)[topic], 0n, deliver, () => undefined);
      });
      stops.set(validator, reads);
    },
    leave: (validator) => {
      for (const stop of stops.get(validator) ?? []) void stop();
      stops.delete(validator);
    },
  };
};
