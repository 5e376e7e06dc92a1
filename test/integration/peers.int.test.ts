import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Hex, toHex } from '../../src/domain/hex.ts';
import { devAccount, signSr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { type Libp2pNetwork, openLibp2p, type PeerAddress } from '../../src/drivers/libp2p/libp2pNetwork.ts';
import type { PeerFrame } from '../../src/streams/fromPeers.ts';

const GENESIS: Hex = `0x${'11'.repeat(32)}`;

interface Side {
  readonly validator: Hex;
  readonly network: Libp2pNetwork;
  readonly ended: string[];
  readonly frames: PeerFrame[];
}

const opened: Libp2pNetwork[] = [];
const addresses: PeerAddress[] = [];

const open = async (
  name: string,
  seed: number,
  options: { readonly genesis?: Hex; readonly epoch?: number; readonly listen?: string } = {},
): Promise<Side> => {
  const { publicKey, secretKey } = devAccount(name);
  const validator = toHex(publicKey);
  const ended: string[] = [];
  const frames: PeerFrame[] = [];
  const network = await openLibp2p({
    listen: options.listen ?? '/ip4/127.0.0.1/tcp/0',
    peers: () => addresses,
    identitySeed: new Uint8Array(32).fill(seed),
    validator,
    genesisHash: options.genesis ?? GENESIS,
    epoch: options.epoch ?? 1,
    sign: (message) => signSr25519(secretKey, message),
    height: () => 10,
    log: (_event, { reason }) => {
      ended.push(String(reason));
    },
  });
  opened.push(network);
  const [address] = network.addresses();
  if (address !== undefined) addresses.unshift({ validator, address });
  network.frames((frame) => {
    frames.push(frame);
    return Promise.resolve();
  });
  return { validator, network, ended, frames };
};

/** Waits until something holds; a test that waits too long fails by its own deadline. */
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
};

const linked = (side: Side): Promise<void> =>
  new Promise((resolve) => {
    const stop = side.network.states(({ state }) => {
      if (state !== 'connected') return;
      stop();
      resolve();
    });
  });

afterEach(async () => {
  for (const network of opened.splice(0)) await network.close();
  addresses.splice(0);
});

describe('links between validators', () => {
  it('carry frames in order, both ways, each acknowledged after it was taken', async () => {
    const [alice, bob] = [await open('Alice', 1), await open('Bob', 2)];
    const both = Promise.all([linked(alice), linked(bob)]);
    alice.network.admit([bob.validator]);
    bob.network.admit([alice.validator]);
    await both;
    for (let sequence = 1; sequence <= 200; sequence += 1) {
      await alice.network.send(bob.validator, 1, sequence, Uint8Array.of(sequence % 256));
      await bob.network.send(alice.validator, 1, sequence, new Uint8Array(10_000));
    }
    expect(bob.frames.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(new Set(bob.frames.map(({ from }) => from))).toEqual(new Set([alice.validator]));
    expect(alice.frames).toHaveLength(200);
  });

  it('come back after the other side was started again, in a higher epoch', async () => {
    const [alice, bob] = [await open('Alice', 1), await open('Bob', 2)];
    const first = linked(bob);
    alice.network.admit([bob.validator]);
    bob.network.admit([alice.validator]);
    await first;
    await alice.network.close();
    await expect(bob.network.send(alice.validator, 1, 1, new Uint8Array(1))).rejects.toMatchObject({ code: 'peer.disconnected' });
    const again = linked(bob);
    const reborn = await open('Alice', 1, { epoch: 2 });
    reborn.network.admit([bob.validator]);
    await again;
    await bob.network.send(alice.validator, 1, 1, new Uint8Array(1));
    expect(reborn.frames).toHaveLength(1);
  });

  it('are refused to strangers, and to validators of another chain', async () => {
    const alice = await open('Alice', 1);
    // Of two validators the one with the smaller key dials: Ferdie's and Bob's are smaller than Alice's.
    const stranger = await open('Ferdie', 3);
    const foreign = await open('Bob', 2, { genesis: `0x${'22'.repeat(32)}` });
    alice.network.admit([foreign.validator]);
    for (const side of [stranger, foreign]) side.network.admit([alice.validator]);
    const said = (): string => [alice, stranger, foreign].flatMap(({ ended }) => ended).join('\n');
    await until(() => said().includes('not a validator of a current') && said().includes('another chain'));
    await expect(stranger.network.send(alice.validator, 1, 1, new Uint8Array(1))).rejects.toMatchObject({ code: 'peer.disconnected' });
    expect(alice.frames).toEqual([]);
  });

  it('are not harmed by garbage on the socket', async () => {
    const [alice, bob] = [await open('Alice', 1), await open('Bob', 2)];
    const port = Number(/tcp\/(\d+)/.exec(bob.network.addresses()[0] ?? '')?.[1]);
    await Promise.all(
      [Buffer.alloc(0), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(100_000, 0xff)].map(
        (garbage) =>
          new Promise<void>((resolve) => {
            const socket = connect(port, '127.0.0.1', () => socket.end(garbage));
            socket.on('error', () => undefined);
            socket.once('close', () => {
              resolve();
            });
            socket.resume();
          }),
      ),
    );
    const link = linked(alice);
    alice.network.admit([bob.validator]);
    bob.network.admit([alice.validator]);
    await link;
    await alice.network.send(bob.validator, 1, 1, new Uint8Array(1));
    expect(bob.frames).toHaveLength(1);
  });

  it('say when the port is in use', async () => {
    const alice = await open('Alice', 1);
    const port = /tcp\/(\d+)/.exec(alice.network.addresses()[0] ?? '')?.[1] ?? '';
    await expect(open('Bob', 2, { listen: `/ip4/127.0.0.1/tcp/${port}` })).rejects.toMatchObject({ code: 'peer.port-in-use' });
  });
});
