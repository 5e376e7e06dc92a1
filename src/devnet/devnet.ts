import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Observable } from 'rxjs';
import type { Store } from '../data/store.ts';
import { fromHex, toHex } from '../domain/hex.ts';
import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import { type ExternalObservation, externalObservation } from '../domain/processor/messages.ts';
import { topicsOf } from '../domain/topics.ts';
import type { PeerAddress } from '../drivers/libp2p/libp2pNetwork.ts';
import { openRocksdbStore } from '../drivers/rocksdb/rocksdbStore.ts';
import type { Route } from '../modules/module.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';
import type { DevnetLog } from './devnetLog.ts';
import type { FaultSwitch } from './faultSwitch.ts';
import { setFault } from './node/faults.ts';
import { openSeraiNode, type SeraiNode } from './node/seraiNode.ts';
import { type ExternalChain, openExternalChain } from './processor/externalChain.ts';
import { User } from './user.ts';
import { openValidator, type Validator } from './validator.ts';
import { forge, misreport, thiefOf } from './wrongs.ts';

/** The validators of the simulated chain's genesis. */
export const ACCOUNTS = ['Alice', 'Bob', 'Charlie', 'Dave'] as const;

/** What a thief takes, and seconds by which a processor lags, where the fault does not say. */
const STOLEN = 1_000n;
const LAG = 20;

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
  readonly log: DevnetLog;
  /** What goes wrong from the start; the node's own faults can be switched while it runs (`devnet_setFault`). */
  readonly faults: readonly FaultSwitch[];
  readonly stop$: Observable<unknown>;
  /** Stands between a module and its store, by name as in `alice/crypto`: for who wants to see or stop what is written. */
  readonly through?: (store: Store, name: string) => Store;
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
  readonly validators: readonly Validator[];
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

/** Opens the devnet on its folder: whatever was there goes on where it stood. */
export const openDevnet = async (options: DevnetOptions): Promise<Devnet> => {
  const { dir, seed, port, blockTime, sessionBlocks, networks, log, faults, stop$ } = options;
  const { through = (store: Store) => store, reachedAt = (address: string) => Promise.resolve(address) } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const root = await rootSecret(dir);
  const random = (length: number): Uint8Array => randomBytes(length);
  const opened = new AsyncDisposableStack();
  try {
    const failed = (error: unknown): void => {
      log.warn({ reason: String(error) }, 'node.failed');
    };
    const node = opened.adopt(
      await openSeraiNode({ store: await openRocksdbStore(join(dir, 'node')), port, blockTime, sessionBlocks, failed }),
      (it) => it.close(),
    );
    const endpoints = [node.url];
    // The last ones are away: one, or as many as the fault says.
    let present: number = ACCOUNTS.length;
    const wrongs: { bend?: typeof misreport; lag?: number } = {};
    let stolen = 0n;
    let forges = false;
    for (const { fault, value } of faults) {
      switch (fault) {
        case 'away':
          present = Math.max(0, ACCOUNTS.length - Number(value));
          break;
        case 'lying-endpoint':
          endpoints.push(await node.openLiar(node.finalizedNumber() + TRUTHFUL));
          break;
        case 'misreport':
          wrongs.bend = misreport;
          break;
        case 'lag':
          wrongs.lag = value === true ? LAG : value;
          break;
        case 'steal':
          stolen = value === true ? STOLEN : BigInt(value);
          break;
        case 'forge':
          forges = true;
          break;
        default:
          setFault(node.faults, fault, value);
      }
    }
    const externals: { network: ExternalNetworkName; chain: ExternalChain }[] = [];
    for (const network of networks) {
      const store = opened.adopt(await openRocksdbStore(join(dir, network.toLowerCase())), (it) => it.close());
      externals.push({ network, chain: await openExternalChain({ store, network }) });
    }
    const addresses: PeerAddress[] = [];
    const validators: Validator[] = [];
    for (const [at, account] of ACCOUNTS.slice(0, present).entries()) {
      const processors = at === 0 ? wrongs : {};
      const own = { account, dir, root, externals, endpoints, addresses, random, log, processors, stop$, through, reachedAt } as const;
      validators.push(opened.adopt(await openValidator(own), (validator) => validator.close()));
    }
    const [victim] = validators;
    if (forges && victim !== undefined) await forge(victim);
    if (stolen > 0n && victim !== undefined)
      for (const { network, chain } of externals) opened.defer(followVaults(victim, thiefOf(chain, network, stolen), failed));
    const stack = opened.move();
    return {
      node,
      users: externals.map(
        ({ network, chain }) => new User({ network, seed, external: chain, nodeUrl: node.url, genesisHash: node.genesisHash }),
      ),
      validators,
      routes: validators.flatMap(({ routes }) => routes),
      watch: (tell) => watch(validators, tell),
      close: () => stack.disposeAsync(),
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

const watch = (validators: readonly Validator[], tell: (published: Published) => void): (() => void) => {
  const stops = validators.flatMap(({ name, bus }) =>
    (['chain', 'reports', 'deadLetter'] as const).map((topic) => {
      const deliver = (record: StoredRecord): Promise<void> => {
        tell({ validator: name, topic, record });
        return Promise.resolve();
      };
      return bus.read(topicsOf(name)[topic], 0n, deliver, () => undefined);
    }),
  );
  return () => {
    for (const stop of stops) void stop();
  };
};
