import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Stream } from '@libp2p/interface';
import { type Hex, toHex } from '../src/domain/hex.ts';
import { devAccount, signSr25519, verifySr25519 } from '../src/domain/threshold/schnorrkel.ts';
import { NETWORK_LIMITS } from '../src/drivers/libp2p/libp2pNetwork.ts';
import { openSide, type Side, sendFrom } from '../test/support/peers.ts';
import { openRawPeer, type RawPeer } from '../test/support/rawPeer.ts';
import { type Figure, median } from './figure.ts';
import { answersOf, BARE, REQUEST, UNLIMITED } from './peersBare.ts';

const ROUNDS = 5;
const BULK = 64 * 1024 * 1024;
const CHUNK = 256 * 1024;
const MESSAGES = 64 * 64;
const AT_ONCE = 64;
const SINGLE = 600;
const IDLE = 60;

/** Messages of the quiet peer whose times are taken together, while one disturbs or nobody does. */
const PHASE = 150;

type Report = (figure: Figure) => void;

const figure = (
  name: string,
  unit: string,
  ours: number,
  reference: number | null,
  referenceName: string | null,
  goal: string | null,
): Figure => ({
  bench: 'peers',
  case: name,
  unit,
  ours,
  reference,
  referenceName,
  goal,
});

const percentile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
};

const FAR = fileURLToPath(new URL('./peersFar.ts', import.meta.url));

const children = new Set<ChildProcess>();

/** A process at the other end: what it said of itself, and the lines it is told and prints later. */
interface Far {
  readonly pid: number;
  readonly said: readonly string[];
  readonly tell: (line: string) => void;
  readonly next: () => Promise<string>;
  readonly stop: () => void;
}

/** Starts a far end. */
const far = async (...words: readonly string[]): Promise<Far> => {
  const child = spawn(process.execPath, [FAR, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the far end ended');
    return line.value;
  };
  return {
    pid: child.pid ?? 0,
    said: (await next()).split(' '),
    tell: (line) => {
      child.stdin.write(`${line}\n`);
    },
    next,
    stop: () => {
      children.delete(child);
      child.kill('SIGKILL');
    },
  };
};

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
};

const write = async (stream: Stream, bytes: Uint8Array): Promise<void> => {
  if (!stream.send(bytes)) await stream.onDrain();
};

/** The next one is begun while the one before it is under way. */
const overlapped = async (count: number, once: () => Promise<void>): Promise<void> => {
  let before = Promise.resolve();
  for (let index = 0; index < count; index += 1) {
    const next = once();
    await before;
    before = next;
  }
  await before;
};

/** Ours: batches as the outbox gives them, the next one while the last is being acknowledged. */
const bulkOurs = async (side: Side, to: Hex): Promise<void> => {
  const batch = Array.from({ length: 3 }, () => new Uint8Array(CHUNK));
  await overlapped(Math.ceil(BULK / CHUNK / batch.length), () => sendFrom(side, to, batch));
};

const bulkBare = async (peer: RawPeer, address: string): Promise<void> => {
  const { stream } = await peer.open(address, BARE.bulk);
  const answers = answersOf(stream);
  for (let sent = 0; sent < BULK; sent += CHUNK) await write(stream, new Uint8Array(CHUNK));
  await answers.until(BULK / 1024 / 1024);
  await stream.close();
};

const messagesOurs = async (side: Side, to: Hex): Promise<void> => {
  const batch = Array.from({ length: AT_ONCE }, () => new Uint8Array(REQUEST));
  await overlapped(Math.ceil(MESSAGES / AT_ONCE), () => sendFrom(side, to, batch));
};

const messagesBare = async (peer: RawPeer, address: string): Promise<void> => {
  const { stream } = await peer.open(address, BARE.request);
  const answers = answersOf(stream);
  for (let sent = 0; sent < MESSAGES; sent += 1) {
    await write(stream, new Uint8Array(REQUEST));
    // As many are under way as ours are: two groups.
    if (sent % AT_ONCE === AT_ONCE - 1) await answers.until(sent + 1 - AT_ONCE);
  }
  await answers.until(MESSAGES);
  await stream.close();
};

/** Milliseconds that each of two things takes, time after time and in turn, so that both meet the same machine. */
const latencies = async (count: number, ours: () => Promise<unknown>, reference: () => Promise<unknown>): Promise<[number[], number[]]> => {
  const all: [number[], number[]] = [[], []];
  for (let index = 0; index < count; index += 1) {
    all[0].push((await seconds(ours)) * 1_000);
    await sleep(2);
    all[1].push((await seconds(reference)) * 1_000);
    await sleep(2);
  }
  return all;
};

const connected = async (side: Side, count: number): Promise<void> => {
  const deadline = Date.now() + 60_000;
  while (side.network.report().peers.filter(({ state }) => state === 'connected').length < count) {
    if (Date.now() > deadline) throw new Error('the links were not made in time');
    await sleep(20);
  }
};

const speed = async (report: Report): Promise<void> => {
  const addresses: { validator: Hex; address: string }[] = [];
  const side = await openSide('Alice', { limits: UNLIMITED, knows: () => addresses });
  const bare = await openRawPeer('Charlie', 8);
  const ours = await far('ours', '', side.validator);
  const reference = await far('bare');
  const [to, address] = ours.said as [Hex, string];
  const bareAddress = reference.said[1] ?? '';
  addresses.push({ validator: to, address });
  side.network.hold([to], [to]);
  await connected(side, 1);

  const bulk: [number[], number[]] = [[], []];
  const messages: [number[], number[]] = [[], []];
  const single: [number[], number[]] = [[], []];
  const { stream } = await bare.open(bareAddress, BARE.request);
  let answered = 0;
  const answers = answersOf(stream);
  const request = async (): Promise<void> => {
    await write(stream, new Uint8Array(REQUEST));
    answered += 1;
    await answers.until(answered);
  };
  // The first round is the warm-up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const times = [
      await seconds(() => bulkOurs(side, to)),
      await seconds(() => bulkBare(bare, bareAddress)),
      await seconds(() => messagesOurs(side, to)),
      await seconds(() => messagesBare(bare, bareAddress)),
    ] as const;
    const waits = await latencies(SINGLE, () => sendFrom(side, to, [new Uint8Array(REQUEST)]), request);
    if (round === 0) continue;
    bulk[0].push(BULK / 1e6 / times[0]);
    bulk[1].push(BULK / 1e6 / times[1]);
    messages[0].push(MESSAGES / times[2]);
    messages[1].push(MESSAGES / times[3]);
    single[0].push(...waits[0]);
    single[1].push(...waits[1]);
  }
  const name = 'bare libp2p';
  report(figure('bulk', 'MB/s', median(bulk[0]), median(bulk[1]), name, '>=0.9'));
  report(
    figure(
      `acknowledged 4 kB, ${String(AT_ONCE)} at once`,
      '1/s',
      median(messages[0]),
      median(messages[1]),
      `${name}, request/response`,
      '>=0.5',
    ),
  );
  report(
    figure(
      'acknowledged 4 kB, one by one, p50',
      'ms',
      percentile(single[0], 0.5),
      percentile(single[1], 0.5),
      `${name}, request/response`,
      null,
    ),
  );
  report(
    figure(
      'acknowledged 4 kB, one by one, p99',
      'ms',
      percentile(single[0], 0.99),
      percentile(single[1], 0.99),
      `${name}, request/response`,
      '<=1.5',
    ),
  );
  ours.stop();
  reference.stop();
  await side.close();
  await bare.close();
};

/** Whoever disturbs: what it does, by the role of its process, and whether it is a validator. */
const DISTURBERS = [
  { what: 'one floods', role: 'flood', name: 'Bob', isAdmitted: true },
  { what: 'one is malformed, again and again', role: 'malformed', name: 'Dave', isAdmitted: true },
  { what: 'a stranger comes again and again', role: 'malformed', name: 'Eve', isAdmitted: false },
] as const;

/** What a quiet peer's messages take while somebody disturbs, with the signature of every message checked as the module does. */
const disturbed = async (report: Report): Promise<void> => {
  const { publicKey, secretKey } = devAccount('Eve');
  const message = new Uint8Array(REQUEST);
  const signature = signSr25519(secretKey, message);
  const alice = await openSide('Alice', {
    limits: NETWORK_LIMITS,
    isDeaf: true,
  });
  alice.network.frames(() => {
    verifySr25519(publicKey, message, signature);
    return Promise.resolve();
  });
  const keyOf = (name: string): Hex => toHex(devAccount(name).publicKey);
  const admitted = DISTURBERS.filter(({ isAdmitted }) => isAdmitted).map(({ name }) => keyOf(name));
  alice.network.hold([keyOf('Charlie'), ...admitted], []);
  const quiet = await far('quiet', alice.address, alice.validator, 'Charlie');
  const waits = async (): Promise<number[]> => {
    quiet.tell(String(PHASE));
    return JSON.parse(await quiet.next()) as number[];
  };
  const others = await Promise.all(
    DISTURBERS.map(async ({ what, role, name }) => ({ what, process: await far(role, alice.address, alice.validator, name) })),
  );
  // In the field who disturbs has a machine of its own: it is not to take the cores of this one from those it disturbs.
  for (const { process } of others) setPriority(process.pid, constants.priority.PRIORITY_LOW);
  await connected(alice, 1);
  const before: number[] = [];
  const during = new Map<string, number[]>();
  // The first round is the warm-up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const rest = await waits();
    if (round > 0) before.push(...rest);
    for (const { what, process } of others) {
      process.tell('on');
      await sleep(300);
      const now = await waits();
      process.tell('off');
      if (round > 0) during.set(what, [...(during.get(what) ?? []), ...now]);
      // What still waits of it is worked off.
      await sleep(2_000);
    }
  }
  for (const [what, all] of during) {
    report(figure(`another peer, ${what}, p50`, 'ms', percentile(all, 0.5), percentile(before, 0.5), 'nobody disturbs', null));
    report(figure(`another peer, ${what}, p99`, 'ms', percentile(all, 0.99), percentile(before, 0.99), 'nobody disturbs', '<=2'));
  }
  for (const { process } of others) process.stop();
  quiet.stop();
  await alice.close();
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const resident = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024;
};

/** Measured first: whoever measures has then no garbage of other measurements that goes meanwhile. */
const memory = async (report: Report): Promise<void> => {
  const alice = await openSide('Alice', { limits: NETWORK_LIMITS });
  const names = Array.from({ length: IDLE }, (_, index) => `I${String(index)}`);
  alice.network.hold(
    names.map((name) => toHex(devAccount(name).publicKey)),
    [],
  );
  await sleep(500);
  const before = resident();
  const child = await far('idle', alice.address, alice.validator, String(IDLE));
  await connected(alice, IDLE);
  await sleep(12_000);
  report(figure('memory of an idle peer', 'kB', (resident() - before) / IDLE, null, null, null));
  child.stop();
  await alice.close();
};

/** Links over loopback against libp2p alone, with the same transport, noise and yamux, the far end in another process. */
export const peers = async (report: Report): Promise<void> => {
  try {
    await memory(report);
    await speed(report);
    await disturbed(report);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
};
