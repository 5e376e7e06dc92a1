import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { Subject } from 'rxjs';
import { supervise } from '../src/core/supervise.ts';
import { type Devnet, openDevnet } from '../src/devnet/devnet.ts';
import { type Report, report as reportSchema } from '../src/domain/crypto/reports.ts';
import { signableName } from '../src/domain/processor/ids.ts';
import { type Figure, median } from './figure.ts';
import { SlowLinks } from './slowLinks.ts';

/** Milliseconds that a link takes each way. */
const DELAYS = [0, 50];
const BLOCK_TIME = 500;
const BURNS = 12;
const PINGS = 20;
/** Whoever speaks it sends back what comes. */
const PING = '/bare/ping/1';
const PING_LENGTH = 32;

const quiet = { info: () => undefined, warn: () => undefined };

/** What was seen of a plan: the block with its burn, and when each validator had its signature. */
interface Plan {
  anchor?: number;
  readonly signed: number[];
}

/** When blocks were finalized, and plans signed, in milliseconds. */
class Times {
  readonly plans = new Map<string, Plan>();
  readonly #finalized = new Map<number, number>();
  #height = 0;

  /** Taken before the block is made that finalizes these, so that its making counts as ours. */
  finalized(upTo: number, at: number): void {
    for (; this.#height < upTo; this.#height += 1) this.#finalized.set(this.#height + 1, at);
  }

  take({ type, data }: Report): void {
    if (type !== 'serai.report.attempt.v1' && type !== 'serai.report.signed.v1') return;
    if (data.id.kind !== 'plan') return;
    const name = signableName(data.id);
    const plan = this.plans.get(name) ?? { signed: [] };
    this.plans.set(name, plan);
    if (type === 'serai.report.attempt.v1') plan.anchor = data.anchor.number;
    else plan.signed.push(performance.now());
  }

  /** From the finalization of each plan's block to its signature at the first validator, or at the last. */
  spans(of: 'first' | 'last'): number[] {
    return [...this.plans.values()].flatMap(({ anchor, signed }) => {
      const began = anchor === undefined ? undefined : this.#finalized.get(anchor);
      return began === undefined ? [] : [(of === 'first' ? Math.min(...signed) : Math.max(...signed)) - began];
    });
  }
}

/** Blocks as a node makes them, with the time of each. */
const makeBlocks = async ({ node }: Devnet, times: Times, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const began = performance.now();
    await node.produceBlock();
    times.finalized(node.finalizedNumber(), began);
    await sleep(Math.max(0, BLOCK_TIME - (performance.now() - began)), undefined, { signal }).catch(() => undefined);
  }
};

const bare = () => ({ transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] });

/** The round trip of a message over libp2p alone through such a link, in milliseconds: one stream, opened before. */
const roundTrip = async (links: SlowLinks): Promise<number> => {
  const far = await createLibp2p({ ...bare(), addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } });
  await far.handle(PING, (stream) => {
    stream.addEventListener('message', ({ data }) => stream.send(data));
  });
  const near = await createLibp2p(bare());
  const stream = await near.dialProtocol(multiaddr(await links.before(far.getMultiaddrs()[0]?.toString() ?? '')), PING);
  const trips: number[] = [];
  for (let number = 0; number < PINGS; number += 1) {
    const began = performance.now();
    stream.send(randomBytes(PING_LENGTH));
    let received = 0;
    while (received < PING_LENGTH) received += await echoed(stream);
    trips.push(performance.now() - began);
  }
  stream.abort(new Error('that is enough'));
  await Promise.all([near.stop(), far.stop()]);
  return median(trips);
};

/** The length of what comes next on a stream. */
const echoed = (stream: Stream): Promise<number> =>
  new Promise((resolve) => {
    stream.addEventListener(
      'message',
      ({ data }) => {
        resolve(data.byteLength);
      },
      { once: true },
    );
  });

const measure = async (delay: number): Promise<{ readonly first: number; readonly last: number; readonly trip: number }> => {
  const dir = await mkdtemp(join(tmpdir(), 'serai-bench-'));
  const stop$ = new Subject<void>();
  const links = new SlowLinks(delay);
  const devnet = await openDevnet({
    dir,
    seed: 1,
    port: 0,
    blockTime: 0,
    sessionBlocks: 0,
    networks: ['Bitcoin'],
    log: { ...quiet, child: () => quiet },
    faults: [],
    stop$,
    reachedAt: (address) => links.before(address),
  });
  const [user] = devnet.users;
  if (user === undefined) throw new Error('a devnet without networks has no user');
  const times = new Times();
  const unwatch = devnet.watch(({ topic, record }) => {
    if (topic !== 'reports') return;
    const read = reportSchema.safeParse({
      type: record.headers['ce_type'],
      data: JSON.parse(new TextDecoder().decode(record.value)) as unknown,
    });
    if (read.success) times.take(read.data);
  });
  const running = supervise(devnet.routes, stop$);
  running.ended.catch((error: unknown) => {
    throw error;
  });
  const gate = new AbortController();
  const making = makeBlocks(devnet, times, gate.signal);
  // The first cycle holds key generation too: it is the warm-up.
  for (let number = 0; number <= BURNS; number += 1) {
    await user.deposit(number);
    await user.burn(number, gate.signal);
    const done = (): boolean =>
      [...times.plans.values()].filter(({ signed }) => signed.length === devnet.validators.length).length > number;
    while (!done()) await sleep(5);
  }
  const trip = await roundTrip(links);
  const [first, last] = [median(times.spans('first').slice(1)), median(times.spans('last').slice(1))];
  gate.abort();
  await making;
  unwatch();
  running.stop(3_000);
  await running.ended;
  await devnet.close();
  links.close();
  await rm(dir, { recursive: true, force: true });
  return { first, last, trip };
};

/** From the finalization of a burn to its signature on the devnet, in round trips of the links between the validators. */
export const roundTrips = async (report: (figure: Figure) => void): Promise<void> => {
  for (const delay of DELAYS) {
    const { first, last, trip } = await measure(delay);
    const common = { bench: 'signing', unit: 'ms', reference: trip, referenceName: 'a round trip', goal: null };
    const links = delay === 0 ? 'loopback' : `links of ${String(delay)} ms`;
    report({ ...common, case: `burn to signature, ${links}`, ours: first });
    report({ ...common, case: `burn to signature known by all, ${links}`, ours: last });
  }
};
