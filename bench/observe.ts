import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiPromise, WsProvider } from '@polkadot/api';
import type { ProviderInterface } from '@polkadot/rpc-provider/types';
import { WebSocket } from 'ws';
import { toHex } from '../src/domain/hex.ts';
import { blockToRecords } from '../src/domain/observation/blockToRecords.ts';
import { watchedState } from '../src/domain/observation/watchedState.ts';
import { storageKey } from '../src/domain/serai/storageKey.ts';
import { type HeaderJson, hashOfHeader } from '../src/drivers/polkadot/header.ts';
import { openSeraiClient, type SeraiClient } from '../src/drivers/polkadot/openSeraiClient.ts';
import { patchingProvider } from '../src/drivers/polkadot/patchingProvider.ts';
import { openObserver } from '../test/support/observer.ts';
import { type Figure, median } from './figure.ts';

const BLOCKS = 10_000;
const PLAIN_BLOCKS = 1_000;
const ROUNDS = 3;
const LIVE_BLOCKS = 200;
const LONG_BACKLOG = 100_000;
const LOOK_AHEAD = 32;
const quiet = { info: () => undefined, warn: () => undefined };

interface Node {
  readonly url: string;
  readonly finalized: number;
}

const produce = async (child: ChildProcess, blocks: number): Promise<Node> => {
  child.send(blocks);
  const [told] = (await once(child, 'message')) as [Node];
  return told;
};

const open = (url: string): Promise<SeraiClient> =>
  openSeraiClient({ endpoints: [url], log: quiet, pollInterval: 1_000, lookAhead: LOOK_AHEAD });

/** Blocks a second from `from` on, read and turned into records. */
const ours = async (url: string, from: number, to: number): Promise<number> => {
  const client = await open(url);
  const published = new Map<string, string>();
  const began = performance.now();
  let records = 0;
  await new Promise<void>((resolve, reject) => {
    const stop = client.follow(
      { height: from },
      (block) => {
        const told = blockToRecords(block, published);
        for (const [key, value] of told.published) published.set(key, value);
        records += told.records.length;
        if (block.number === to) {
          void stop();
          resolve();
        }
        return Promise.resolve();
      },
      reject,
    );
  });
  const seconds = (performance.now() - began) / 1000;
  await client.close();
  if (records < (to - from) * 6) throw new Error(`only ${String(records)} records of ${String(to - from)} blocks`);
  return (to - from + 1) / seconds;
};

/** Blocks a second by the loop everyone writes first: one block after the other, by @polkadot/api. */
const plain = async (url: string, from: number, to: number): Promise<number> => {
  const provider = new WsProvider(url, 1_000);
  const api = await ApiPromise.create({ provider: patchingProvider(provider as ProviderInterface), noInitWarn: true, initWasm: false });
  const began = performance.now();
  let events = 0;
  for (let height = from; height <= to; height += 1) {
    const hash = await api.rpc.chain.getBlockHash(height);
    const at = await api.at(hash);
    events += ((await at.query['system']?.['events']?.()) as unknown as readonly unknown[]).length;
  }
  const seconds = (performance.now() - began) / 1000;
  await api.disconnect();
  if (events < (to - from) * 5) throw new Error(`only ${String(events)} events`);
  return (to - from + 1) / seconds;
};

/** Blocks a second where the same answers are fetched, as many at once, and thrown away. */
const floor = async (url: string, from: number, to: number): Promise<number> => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  const began = performance.now();
  let id = 0;
  let next = from;
  let owed = 0;
  let hashes: string[] = [];
  await new Promise<void>((resolve) => {
    const send = (method: string, params: unknown): void => {
      id += 1;
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    };
    const askHashes = (): void => {
      const count = Math.min(64, to - next + 1);
      send('chain_getBlockHash', [Array.from({ length: count }, (_, index) => next + index)]);
      next += count;
    };
    const askBlocks = (): void => {
      while (owed < LOOK_AHEAD * 2) {
        const hash = hashes.shift();
        if (hash === undefined) {
          if (owed > 0) return;
          if (next <= to) askHashes();
          else resolve();
          return;
        }
        owed += 2;
        send('chain_getHeader', [hash]);
        send('state_queryStorageAt', [KEYS, hash]);
      }
    };
    socket.on('message', (data: Buffer) => {
      if (hashes.length === 0 && owed === 0) hashes = (JSON.parse(data.toString('utf8')) as { result: string[] }).result;
      else owed -= 1;
      askBlocks();
    });
    askHashes();
  });
  socket.terminate();
  return (to - from + 1) / ((performance.now() - began) / 1000);
};

/** The storage keys that ours asks for. */
const KEYS = [
  storageKey('System', 'Events'),
  storageKey('System', 'LastRuntimeUpgrade'),
  storageKey('Timestamp', 'Now'),
  ...watchedState({ Bitcoin: 0, Ethereum: 0, Monero: 0 }).map(({ pallet, item, key }) => storageKey(pallet, item, key)),
].map(toHex);

/** How a coordinator is run: V8 and the C library give memory back sooner, for a seventh of the speed (docs/benchmarks.md). */
const AS_RUN = {
  execArgv: ['--max-semi-space-size=16', '--heap-growing-percent=20'],
  env: { ...process.env, MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' },
};

/** A backlog up to a height, observed by a process of its own: from the node into the log. */
const backlog = async (url: string, last: number): Promise<{ readonly blocksPerSecond: number; readonly megabytes: number }> => {
  const child = fork(new URL('./observeBacklog.ts', import.meta.url), [url, String(last)], { stdio: 'inherit', ...AS_RUN });
  const [told] = (await once(child, 'message')) as [{ blocksPerSecond: number; megabytes: number }];
  await once(child, 'exit');
  return told;
};

/** Milliseconds from the notification of a finalized head to what was waited for, over blocks made one by one. */
const latencies = async (child: ChildProcess, url: string): Promise<{ readonly ours: number[]; readonly floor: number[] }> => {
  const notified = new Map<number, number>();
  const figures = { ours: [] as number[], floor: [] as number[] };
  const observer = await openObserver({
    endpoints: [url],
    client: { pollInterval: 5_000, lookAhead: LOOK_AHEAD },
    heard: ({ headers }) => {
      const [type, height] = (headers['ce_id'] ?? '').split('/');
      const since = type === 'serai.chain.block.v1' ? notified.get(Number(height)) : undefined;
      if (since !== undefined) figures.ours.push(performance.now() - since);
    },
  });
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  const fetched = new Map<number, number>();
  let id = 1;
  const fetch = (height: number, hash: string): void => {
    for (const [method, params] of [
      ['chain_getHeader', [hash]],
      ['state_queryStorageAt', [KEYS, hash]],
    ] as const) {
      id += 1;
      fetched.set(id, height);
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    }
  };
  const owed = new Map<number, number>();
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString('utf8')) as { id?: number; params?: { result: HeaderJson } };
    if (message.params !== undefined) {
      const height = Number(message.params.result.number);
      notified.set(height, performance.now());
      owed.set(height, 2);
      fetch(height, hashOfHeader(message.params.result));
      return;
    }
    const height = fetched.get(message.id ?? 0);
    if (height === undefined) return;
    const rest = (owed.get(height) ?? 0) - 1;
    owed.set(height, rest);
    if (rest === 0) figures.floor.push(performance.now() - (notified.get(height) ?? 0));
  });
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_subscribeFinalizedHeads', params: [] }));
  await pause(2_000);
  for (let block = 0; block < LIVE_BLOCKS; block += 1) {
    await produce(child, 1);
    await pause(30);
  }
  await pause(500);
  socket.terminate();
  await observer.stop();
  return { ours: figures.ours.slice(-LIVE_BLOCKS + 20), floor: figures.floor.slice(-LIVE_BLOCKS + 20) };
};

const quantile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;

/**
 * Observation against a simulated node in another process: catch-up over 10,000 blocks with five events each, live blocks, and the memory a
 * backlog takes. The floor fetches the same answers, as many at once, and does not decode them.
 */
export const observe = async (report: (figure: Figure) => void): Promise<void> => {
  const child = fork(new URL('./observeNode.ts', import.meta.url), { stdio: 'inherit' });
  const live = await latencies(child, (await produce(child, 3)).url);
  for (const [name, part] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const)
    report({
      bench: 'observe',
      case: `live, notification to log, ${name}`,
      unit: 'ms',
      ours: quantile(live.ours, part),
      reference: quantile(live.floor, part),
      referenceName: 'fetching alone',
      goal: null,
    });

  const short = await produce(child, 1_000 - LIVE_BLOCKS);
  const small = await backlog(short.url, short.finalized);
  const { url, finalized } = await produce(child, BLOCKS - 1_000 + 3);
  const whole = await backlog(url, finalized);
  const figures = { ours: [] as number[], plain: [] as number[], floor: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const rates = {
      ours: await ours(url, finalized - BLOCKS + 1, finalized),
      plain: await plain(url, finalized - PLAIN_BLOCKS + 1, finalized),
      floor: await floor(url, finalized - BLOCKS + 1, finalized),
    };
    // The first round warms up.
    if (round > 0) for (const name of ['ours', 'plain', 'floor'] as const) figures[name].push(rates[name]);
  }
  const common = { bench: 'observe', unit: 'blocks/s' };
  const [loop, fetching] = [
    { reference: median(figures.plain), referenceName: 'plain @polkadot/api loop', goal: '>=5' },
    { reference: median(figures.floor), referenceName: 'fetching alone', goal: '>=0.5' },
  ];
  report({ ...common, case: 'catch-up, read and told', ours: median(figures.ours), ...loop });
  report({ ...common, case: 'catch-up, read and told', ours: median(figures.ours), ...fetching });
  report({ ...common, case: 'catch-up, committed and in the log', ours: whole.blocksPerSecond, ...loop });
  report({ ...common, case: 'catch-up, committed and in the log', ours: whole.blocksPerSecond, ...fetching, goal: null });

  const long = await produce(child, LONG_BACKLOG - finalized);
  const big = await backlog(long.url, long.finalized);
  report({
    bench: 'observe',
    case: 'peak memory, 100,000 blocks behind',
    unit: 'MB',
    ours: big.megabytes,
    reference: small.megabytes,
    referenceName: '1,000 blocks behind',
    goal: '<=1.2',
  });
  child.disconnect();
  await once(child, 'exit');
};
