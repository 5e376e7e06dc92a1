import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/domain/canonicalJson.ts';
import type { Hex } from '../../src/domain/hex.ts';
import { encodeFrame } from '../../src/domain/peers/frames.ts';
import { type PeerMessage, signPeerMessage } from '../../src/domain/peers/peerMessage.ts';
import { signSr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import type { PeerAddress } from '../../src/drivers/libp2p/libp2pNetwork.ts';
import { type ConnectedValidator, openConnected } from '../support/connectionModule.ts';
import { GENESIS, openSide, type Side, sendFrom, until } from '../support/peers.ts';
import { openRawPeer } from '../support/rawPeer.ts';
import { seeded, seedOfRun } from '../support/seeded.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcpProxy.ts';

const NAMES = ['Alice', 'Bob', 'Charlie'] as const;
const seed = seedOfRun();
const random = seeded(seed);

let all: ConnectedValidator[] = [];
let proxies: TcpProxy[] = [];

const portOf = (validator: ConnectedValidator): number => Number(/tcp\/(\d+)/.exec(validator.network().addresses()[0] ?? '')?.[1]);

/** Three validators whose links all lead through proxies. */
const openThree = async (): Promise<void> => {
  const addresses: PeerAddress[] = [];
  for (const name of NAMES) {
    const one = await openConnected({ name, addresses: () => addresses });
    all.push(one);
    const proxy = await openTcpProxy(portOf(one), random);
    proxies.push(proxy);
    addresses.push({ validator: one.validator, address: `/ip4/127.0.0.1/tcp/${String(proxy.port)}` });
  }
  const validators = all.map(({ validator }) => validator);
  await Promise.all(all.map(({ elect }) => elect(validators, 1)));
};

afterEach(async () => {
  await Promise.all(all.map((one) => one.close()));
  await Promise.all(proxies.map((proxy) => proxy.close()));
  all = [];
  proxies = [];
});

const idsOf = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}-${String(index)}`);

/** Everybody says so many things to everybody; resolves when all was heard by all. */
const talk = async (prefix: string, count: number, meanwhile: () => Promise<void>): Promise<void> => {
  const others = (of: ConnectedValidator): Hex[] => all.filter((one) => one !== of).map(({ validator }) => validator);
  const done = { yet: false };
  const disturbing = (async () => {
    while (!done.yet) await meanwhile();
  })();
  for (let said = 0; said < count; said += 5)
    await Promise.all(all.map((one) => one.say(others(one), idsOf(prefix, count).slice(said, said + 5))));
  await until(() =>
    all.every((one) => others(one).every((other) => one.heardOf(other).filter((id) => id.startsWith(prefix)).length >= count)),
  );
  done.yet = true;
  await disturbing;
  for (const one of all)
    for (const other of others(one))
      expect(
        one.heardOf(other).filter((id) => id.startsWith(prefix)),
        `seed ${String(seed)}`,
      ).toEqual(idsOf(prefix, count));
};

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('messages come once and in order', () => {
  it('over links that are reset again and again', async () => {
    await openThree();
    await talk('reset', 60, async () => {
      await wait(150 + random() * 300);
      proxies[Math.floor(random() * 3)]?.cut();
    });
  });

  it('over slow and lossy links', async () => {
    await openThree();
    for (const proxy of proxies) proxy.weather = { bytesPerSecond: 100_000, loss: { chance: 0.1, delay: 120 }, reset: 0.005 };
    await talk('slow', 40, () => wait(50));
  });

  it('over links that are half open: the bytes go nowhere, and nobody is told', async () => {
    await openThree();
    await talk('before', 5, () => wait(50));
    let frozen = false;
    await talk('half', 20, async () => {
      if (!frozen) {
        for (const proxy of proxies) proxy.weather = { frozen: true };
        frozen = true;
        // Each side finds out by itself, and dials anew.
        await until(() =>
          all.every((one) =>
            one
              .module()
              .peers()
              .peers.every(({ state }) => state !== 'connected'),
          ),
        );
        for (const proxy of proxies) proxy.weather = {};
      }
      await wait(50);
    });
  });

  it('while processes die and are started again', async () => {
    await openThree();
    let deaths = 0;
    await talk('kill', 60, async () => {
      await wait(200 + random() * 200);
      if (deaths === 4) return;
      deaths += 1;
      const one = all[deaths % 3];
      if (one === undefined) return;
      await one.kill();
      await wait(random() * 100);
      await one.start();
    });
    expect(deaths).toBe(4);
    for (const one of all)
      expect(
        one
          .module()
          .peers()
          .peers.every(({ epoch }) => (epoch ?? 0) >= 2),
      ).toBe(true);
  });

  it('when both sides die at once', async () => {
    await openThree();
    await talk('first', 5, () => wait(20));
    const [alice, bob] = all;
    if (alice === undefined || bob === undefined) throw new Error('unreachable');
    await alice.say([bob.validator], idsOf('both', 30));
    await Promise.all([alice.kill(), bob.kill()]);
    await Promise.all([alice.start(), bob.start()]);
    await until(() => bob.heardOf(alice.validator).filter((id) => id.startsWith('both')).length >= 30);
    expect(bob.heardOf(alice.validator).filter((id) => id.startsWith('both'))).toEqual(idsOf('both', 30));
  });
});

describe('a validator that lost its place', () => {
  it('is disconnected with the block that says so, and what waits for it is given up', async () => {
    await openThree();
    await talk('before', 3, () => wait(20));
    const [alice, bob, carol] = all;
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('unreachable');
    await carol.kill();
    await until(() =>
      alice
        .module()
        .peers()
        .peers.some(({ validator, state }) => validator === carol.validator && state !== 'connected'),
    );
    await alice.say([carol.validator], ['unheard']);
    const remaining = [alice.validator, bob.validator];
    // Two sessions on, the one Charlie was in is over; the block that says so comes long after.
    for (const one of [alice, bob]) for (const session of [2, 3, 5_000]) await one.elect(remaining, session);
    await until(() =>
      alice
        .module()
        .peers()
        .peers.every(({ validator }) => validator !== carol.validator),
    );
    await until(() =>
      alice
        .module()
        .stages()
        .every(({ waiting }) => waiting === 0),
    );
    await carol.start();
    await until(() => (alice.module().peers().refused['peer.stranger'] ?? 0) > 0);
    await talkOf(alice, bob);
  });
});

describe('a coordinator on an old store', () => {
  it('is told so by the others, each of which may have seen another life of it, enters an epoch above, and what it says is heard', async () => {
    await openThree();
    await talk('before', 2, () => wait(20));
    const [alice, bob, charlie] = all;
    if (alice === undefined || bob === undefined || charlie === undefined) throw new Error('unreachable');
    // Charlie sees the first life of Alice alone, Bob the second one too.
    await charlie.kill();
    await alice.kill();
    await alice.start();
    const epochAt = (one: ConnectedValidator): number | null | undefined =>
      one
        .module()
        .peers()
        .peers.find(({ validator }) => validator === alice.validator)?.epoch;
    await until(() => epochAt(bob) === 2);
    await alice.kill();
    await charlie.start();
    // The same key on a store that knows nothing of what was said before.
    const addressOf = (at: number): PeerAddress => ({
      validator: all[at]?.validator ?? '0x',
      address: `/ip4/127.0.0.1/tcp/${String(proxies[at]?.port)}`,
    });
    const known = [addressOf(2)];
    const old = await openConnected({ name: 'Alice', addresses: () => known });
    try {
      await old.elect(
        all.map(({ validator }) => validator),
        1,
      );
      await until(() => epochAt(charlie) === 2);
      // Said before Bob could tell it: numbered in an epoch that Bob would pass over.
      const ids = idsOf('from the old store', 20);
      await old.say([bob.validator], ids);
      known.push(addressOf(1));
      await until(() => bob.heardOf(alice.validator).includes(ids.at(-1) ?? ''));
      expect(bob.heardOf(alice.validator).filter((id) => id.startsWith('from the old store'))).toEqual(ids);
      expect(epochAt(bob)).toBe(3);
      // What the others say, it hears from where they stand.
      await bob.say([alice.validator], ['to the old store']);
      await until(() => old.heardOf(bob.validator).includes('to the old store'));
    } finally {
      await old.close();
    }
  });
});

describe('a validator that says what it has not signed', () => {
  it('is dropped at its link, and nothing of it is handled', async () => {
    const [alice] = (all = [await openConnected({ name: 'Alice', addresses: () => [] })]);
    if (alice === undefined) throw new Error('unreachable');
    const mallory = await openRawPeer('Bob', 66);
    try {
      await alice.elect([alice.validator, mallory.validator], 1);
      await until(() => alice.module().peers().height === 1);
      const raw = await mallory.introduce(alice.network().addresses()[0] ?? '');
      const told = (message: PeerMessage, sequence: number): void => {
        raw.send(encodeFrame({ kind: 'data', epoch: 1, sequence, body: new TextEncoder().encode(canonicalJson(message)) }));
      };
      const between = { from: mallory.validator, to: alice.validator, genesis: GENESIS };
      const signed = signPeerMessage({ kind: 'test', ...between, id: 'one', body: null }, (message) =>
        signSr25519(mallory.key.secretKey, message),
      );
      told(signed, 1);
      told({ ...signed, id: 'another' }, 2);
      await until(() => raw.isOver());
      expect(alice.heardOf(mallory.validator)).toEqual(['one']);
      expect(
        alice
          .module()
          .peers()
          .peers.find(({ validator }) => validator === mallory.validator)?.lastError,
      ).toMatchObject({ code: 'peer.unsigned' });
    } finally {
      await mallory.close();
    }
  });
});

const talkOf = async (from: ConnectedValidator, to: ConnectedValidator): Promise<void> => {
  await from.say([to.validator], ['still']);
  await until(() => to.heardOf(from.validator).includes('still'));
};

describe('a process that stands still', () => {
  it('is given up though its connections stay open, and is linked again when it goes on', async () => {
    const sides: { validator: Hex; address: string }[] = [];
    const alice: Side = await openSide('Alice', { knows: () => sides });
    let child: ChildProcess | undefined;
    try {
      child = spawn(
        process.execPath,
        [fileURLToPath(new URL('../support/peerProcess.ts', import.meta.url)), alice.address, alice.validator],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const validator = await new Promise<Hex>((resolve) => {
        child?.stdout?.once('data', (line: Buffer) => {
          resolve(line.toString().trim() as Hex);
        });
      });
      const other = { validator } as Side;
      alice.network.hold([validator], []);
      await until(() => alice.to(other)?.state === 'connected');
      await sendFrom(alice, validator, [new Uint8Array(10)]);
      child.kill('SIGSTOP');
      const sent = sendFrom(alice, validator, [new Uint8Array(10)]);
      await until(() => alice.to(other)?.lastError?.code === 'peer.timeout');
      child.kill('SIGCONT');
      await sent;
    } finally {
      child?.kill('SIGKILL');
      await alice.close();
    }
  });
});
