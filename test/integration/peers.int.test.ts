import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Hex } from '../../src/domain/hex.ts';
import type { PeerErrorCode } from '../../src/domain/peers/peerError.ts';
import { devAccount, signSr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { NETWORK_LIMITS } from '../../src/drivers/libp2p/libp2pNetwork.ts';
import { areLinked, GENESIS, linkAll, newlyKept, openSide, type Side, type SideOptions, SWIFT, sendFrom, until } from '../support/peers.ts';
import { openTcpProxy } from '../support/tcpProxy.ts';

const opened: Side[] = [];
const addresses: { readonly validator: Hex; readonly address: string }[] = [];

/** Opens a side that knows the addresses of all that were opened, and is known to them. */
const open = async (name: string, options: SideOptions = {}): Promise<Side> => {
  const side = await openSide(name, { knows: () => addresses, ...options });
  opened.push(side);
  addresses.unshift(side);
  return side;
};

const two = async (): Promise<[Side, Side]> => [await open('Alice'), await open('Bob')];

const linked = async (a: Side, b: Side): Promise<void> => {
  linkAll([a, b]);
  await until(() => areLinked(a, b));
};

const saidBy = (side: Side, code: string): boolean => side.log.some((line) => line.code === code);

const bytes = (count: number): Uint8Array[] => Array.from({ length: count }, (_, index) => Uint8Array.of(index % 256, index >> 8));

afterEach(async () => {
  await Promise.all(opened.splice(0).map((side) => side.close()));
  addresses.splice(0);
});

describe('links between validators', () => {
  it('carry messages in order, both ways, each acknowledged after it was taken', async () => {
    const [alice, bob] = await two();
    await linked(alice, bob);
    await Promise.all([
      sendFrom(alice, bob.validator, bytes(400)),
      sendFrom(bob, alice.validator, [...bytes(20), new Uint8Array(1024 * 1024)]),
    ]);
    expect(bob.frames.map(({ body }) => [...body])).toEqual(bytes(400).map((body) => [...body]));
    expect(bob.frames.every(({ from }) => from === alice.validator)).toBe(true);
    expect(alice.frames.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
  });

  it('acknowledge nothing that is not durable', async () => {
    const taken = Promise.withResolvers<undefined>();
    const alice = await open('Alice');
    const bob = await open('Bob', { deliver: ({ sequence }) => (sequence === 2 ? taken.promise : Promise.resolve()) });
    await linked(alice, bob);
    await sendFrom(alice, bob.validator, bytes(1));
    let acknowledged = false;
    const sent = sendFrom(alice, bob.validator, bytes(5)).then(() => {
      acknowledged = true;
    });
    await until(() => bob.frames.length === 5);
    // The four behind it are durable already; none of them is acknowledged before it.
    expect([acknowledged, bob.frames.some(({ sequence }) => sequence === 2)]).toEqual([false, false]);
    taken.resolve(undefined);
    await sent;
  });

  it('come back after the other side was started again, and not to the start before', async () => {
    const [alice, bob] = await two();
    await linked(alice, bob);
    await alice.close();
    await until(() => bob.to(alice)?.state !== 'connected');
    const again = await open('Alice', { kept: alice.kept });
    await linked(again, bob);
    await sendFrom(again, bob.validator, bytes(1));
    expect(bob.frames).toMatchObject([{ epoch: 2, sequence: 1 }]);
    expect(bob.to(again)?.epoch).toBe(2);
  });

  it('end in one where both sides dial at once', async () => {
    // Neither waits for the other, and what both say is held back until both have dialled.
    const limits = { ...SWIFT, headStart: 0 };
    const alice = await open('Alice', { limits });
    const bob = await open('Bob', { limits });
    const proxies = await Promise.all([alice, bob].map(({ port }) => openTcpProxy(port, () => 1)));
    try {
      for (const proxy of proxies) proxy.weather = { frozen: true };
      const [toAlice, toBob] = proxies.map(({ port }) => `/ip4/127.0.0.1/tcp/${String(port)}`);
      addresses.splice(0, 2, { validator: alice.validator, address: toAlice ?? '' }, { validator: bob.validator, address: toBob ?? '' });
      linkAll([alice, bob]);
      await until(() => proxies.every((proxy) => proxy.connections() >= 1));
      for (const proxy of proxies) proxy.weather = {};
      const links = (side: Side): number => side.log.filter(({ event }) => event === 'peer.linked').length;
      const ends = (side: Side): number => side.log.filter(({ event }) => event === 'peer.link-ended').length;
      // Two links were made; on both sides one of them is left, and it is the same one.
      await until(() => areLinked(alice, bob) && [alice, bob].every((side) => ends(side) === 1));
      expect([alice.to(bob)?.openedBy, bob.to(alice)?.openedBy]).toEqual(alice.validator < bob.validator ? ['us', 'them'] : ['them', 'us']);
      await Promise.all([sendFrom(alice, bob.validator, bytes(3)), sendFrom(bob, alice.validator, bytes(3))]);
      expect([alice.frames.length, bob.frames.length, ends(alice), ends(bob)]).toEqual([3, 3, 1, 1]);
      expect(links(alice)).toBeLessThanOrEqual(2);
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    }
  });

  it('are made to all of 30 coordinators in one process, and carry what each says to each', async () => {
    const sides: Side[] = [];
    for (let index = 0; index < 30; index += 1) sides.push(await open(`V${String(index)}`, { seed: index + 1, limits: NETWORK_LIMITS }));
    linkAll(sides);
    await until(() => sides.every((side) => side.network.report().peers.filter(({ state }) => state === 'connected').length === 29));
    await Promise.all(
      sides.flatMap((side) => sides.filter((other) => other !== side).map((other) => sendFrom(side, other.validator, bytes(3)))),
    );
    for (const side of sides) expect(side.frames).toHaveLength(29 * 3);
  });

  it('use IPv6 and names as well', async () => {
    const alice = await open('Alice', { listen: ['/ip6/::1/tcp/0', '/ip4/127.0.0.1/tcp/0'] });
    const bob = await open('Bob', { knows: () => [{ validator: alice.validator, address: alice.address }] });
    expect(alice.address).toContain('/ip6/::1/');
    linkAll([alice, bob]);
    bob.network.hold([alice.validator], [alice.validator]);
    alice.network.hold([bob.validator], []);
    await until(() => areLinked(alice, bob));
    expect(bob.to(alice)?.address).toContain('/ip6/');
    const port =
      alice.network
        .addresses()
        .find((address) => address.includes('/ip4/'))
        ?.split('/')[4] ?? '';
    const carol = await open('Charlie', { knows: () => [{ validator: alice.validator, address: `/dns4/localhost/tcp/${port}` }] });
    carol.network.hold([alice.validator], [alice.validator]);
    alice.network.hold([bob.validator, carol.validator], []);
    await until(() => areLinked(alice, carol));
    expect(carol.to(alice)?.address).toContain('/dns4/localhost/');
  });

  it('say when the port is in use', async () => {
    const alice = await open('Alice');
    await expect(openSide('Bob', { listen: [alice.address] })).rejects.toMatchObject({ code: 'peer.port-in-use' });
  });
});

describe('a certificate', () => {
  it('is replaced in the middle of a link, which goes on', async () => {
    const alice = await open('Alice', { limits: { ...SWIFT, certificateBlocks: 10 } });
    const bob = await open('Bob');
    await linked(alice, bob);
    expect(bob.to(alice)?.certificateUntil).toBe(110);
    alice.kept.height = 106;
    bob.kept.height = 106;
    await until(() => bob.to(alice)?.certificateUntil === 116);
    bob.kept.height = 112;
    await sendFrom(alice, bob.validator, bytes(3));
    expect([bob.to(alice)?.links, bob.frames.length]).toEqual([1, 3]);
  });

  it('that is over ends the link, until there is a new one', async () => {
    const alice = await open('Alice', { limits: { ...SWIFT, certificateBlocks: 10 } });
    const bob = await open('Bob');
    await linked(alice, bob);
    // Alice's node stands still: it makes no new certificate, and the one it has runs out.
    bob.kept.height = 111;
    await until(() => saidBy(bob, 'peer.expired'));
    await until(() => alice.to(bob)?.lastError?.code === 'peer.expired');
    expect(alice.to(bob)?.lastError?.theirs).toBe(true);
    alice.kept.height = 111;
    await until(() => areLinked(alice, bob));
  });

  it('that was refused when we dialled is told as what the other side said, not as what we found', async () => {
    const bob = await open('Bob');
    bob.kept.height = 111;
    const alice = await open('Alice', {
      limits: { ...SWIFT, certificateBlocks: 10 },
      knows: () => [{ validator: bob.validator, address: bob.address }],
    });
    linkAll([alice, bob]);
    await until(() => alice.log.some(({ event, code }) => event === 'peer.dial-failed' && code === 'peer.expired'));
    expect(alice.to(bob)?.lastError).toMatchObject({ code: 'peer.expired', theirs: true });
  });

  it('of a start before the newest is refused with proof, and the old store enters an epoch above all that were seen', async () => {
    const [alice, bob] = await two();
    await linked(alice, bob);
    await alice.close();
    const copy = newlyKept();
    const again = await open('Alice', { kept: alice.kept });
    await linked(again, bob);
    await again.close();
    const old = await open('Alice', { kept: copy });
    linkAll([old, bob]);
    await until(() => areLinked(old, bob));
    expect(bob.network.report().refused['peer.stale-epoch']).toBeGreaterThan(0);
    expect([copy.epoch, bob.to(old)?.epoch]).toEqual([3, 3]);
    expect(old.log.filter(({ event }) => event === 'peer.rolled-back')).toHaveLength(1);
  });

  it('of a second coordinator with the same key is refused, and one of the two leaves the field', async () => {
    const [alice, bob] = await two();
    await linked(alice, bob);
    const twin = await open('Alice', { seed: 99 });
    linkAll([twin, bob]);
    // Each takes the other's starts for its own that it has forgotten, and enters an epoch above them; once.
    await until(() => [alice, twin].some((one) => one.network.report().stopped !== null));
    expect(bob.network.report().refused['peer.second-instance']).toBeGreaterThan(0);
    const stays = alice.network.report().stopped === null ? alice : twin;
    await until(() => stays.to(bob)?.state === 'connected');
  });

  it.each([
    ['a stranger', {}, 'peer.stranger'],
    ['a validator of another chain', { genesisHash: `0x${'22'.repeat(32)}` }, 'peer.foreign-chain'],
    ['one whose node is ahead by more than a head start', { memory: { height: () => 1_000 } }, 'peer.not-yet-valid'],
    ['one whose certificate is over', { limits: { ...SWIFT, certificateBlocks: 10 }, memory: { height: () => 60 } }, 'peer.expired'],
    ["one that shows another's name", { sign: (message) => signSr25519(devAccount('Eve').secretKey, message) }, 'peer.unsigned'],
  ] satisfies [string, SideOptions, PeerErrorCode][])('of %s is refused, counted, and cheap', async (_who, options, code) => {
    const alice = await open('Alice');
    const other = await open('Bob', options);
    alice.network.hold(code === 'peer.stranger' ? [] : [other.validator], []);
    other.network.hold([alice.validator], [alice.validator]);
    await until(() => (alice.network.report().refused[code] ?? 0) > 0);
    // Where it was told why, its operator can read it.
    await until(() => other.to(alice)?.lastError?.code === code || saidBy(other, code));
    expect(alice.frames).toEqual([]);
    expect(alice.to(other)).toBeUndefined();
  });
});

describe('whoever is held', () => {
  it('is disconnected when it has lost its place, and let in again when it is back', async () => {
    const [alice, bob] = await two();
    await linked(alice, bob);
    alice.network.hold([], [bob.validator]);
    await until(() => alice.to(bob)?.state === 'not-admitted' && bob.to(alice)?.state !== 'connected');
    expect(bob.to(alice)?.lastError).toMatchObject({ code: 'peer.stranger', theirs: true });
    // What is said meanwhile waits.
    const sent = sendFrom(alice, bob.validator, bytes(2));
    await linked(alice, bob);
    await sent;
    expect(bob.frames).toHaveLength(2);
  });

  it('is found by what others say of it', async () => {
    const alice = await open('Alice');
    const bob = await open('Bob', { knows: () => [] });
    const carol = await open('Charlie', { knows: () => [{ validator: bob.validator, address: bob.address }] });
    alice.network.hold([bob.validator], [bob.validator]);
    const all = [alice, bob, carol];
    // Charlie knows Bob, and Alice knows Bob; Alice and Charlie hear of each other from him.
    addresses.splice(0, addresses.length, { validator: bob.validator, address: bob.address });
    linkAll(all);
    await until(() => all.every((a) => all.every((b) => a === b || areLinked(a, b))));
    expect(alice.kept.records.has(carol.validator) && carol.kept.records.has(alice.validator)).toBe(true);
  });

  it('is found where the node knows of a coordinator, though not of whom', async () => {
    const bob = await open('Bob', { knows: () => [] });
    const alice = await open('Alice', { knows: () => [], search: () => Promise.resolve(['/ip4/127.0.0.1/tcp/1', bob.address]) });
    linkAll([alice, bob]);
    await until(() => areLinked(alice, bob));
    expect(alice.to(bob)?.openedBy).toBe('us');
  });

  it('is not dialled in our own network because somebody else says so', async () => {
    const bob = await open('Bob');
    const alice = await open('Alice', { allowPrivate: false });
    const carol = await open('Charlie');
    addresses.splice(0, addresses.length, { validator: bob.validator, address: bob.address });
    alice.network.hold([bob.validator, carol.validator], [bob.validator, carol.validator]);
    bob.network.hold([alice.validator, carol.validator], [carol.validator]);
    carol.network.hold([bob.validator], [bob.validator]);
    await until(() => alice.kept.records.has(carol.validator));
    await until(() => alice.to(carol)?.state === 'no-address');
    expect(alice.to(bob)?.state).toBe('connected');
  });

  it('tells how it sees us', async () => {
    const alice = await open('Alice');
    const bob = await open('Bob', { memory: { waiting: () => new Map([[alice.validator, 17]]) } });
    await linked(alice, bob);
    await until(() => alice.to(bob)?.theirs?.queue === 17 && alice.to(bob)?.roundTrip !== null);
    expect(alice.to(bob)).toMatchObject({ state: 'connected', version: '0.0.0-test', protocol: 1, epoch: 1, theirs: { queue: 17 } });
    expect(alice.to(bob)?.theirs?.since).toBeGreaterThan(0);
  });

  it('is not harmed by garbage on the socket', async () => {
    const [alice, bob] = await two();
    await Promise.all(
      [Buffer.alloc(0), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(100_000, 0xff)].map(
        (garbage) =>
          new Promise<void>((resolve) => {
            const socket = connect(bob.port, '127.0.0.1', () => socket.end(garbage));
            socket.on('error', () => undefined);
            socket.once('close', () => {
              resolve();
            });
            socket.resume();
          }),
      ),
    );
    await linked(alice, bob);
    await sendFrom(alice, bob.validator, bytes(1));
    expect(bob.frames).toHaveLength(1);
    expect(GENESIS).toContain('0x');
  });
});
