import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeFrame } from '../../src/domain/peers/frames.ts';
import { PeerError } from '../../src/domain/peers/peerError.ts';
import { writeWord } from '../../src/domain/peers/words.ts';
import { NETWORK_LIMITS } from '../../src/drivers/libp2p/libp2pNetwork.ts';
import { areLinked, linkAll, openSide, type Side, type SideOptions, SWIFT, sendFrom, until } from '../support/peers.ts';
import { openRawPeer, type RawPeer, type RawStream } from '../support/rawPeer.ts';

const sides: Side[] = [];
const raws: RawPeer[] = [];
const sockets: Socket[] = [];

const openAlice = async (options: SideOptions = {}): Promise<Side> => {
  const alice = await openSide('Alice', options);
  sides.push(alice);
  return alice;
};

const openMallory = async (name = 'Bob', seed = 66): Promise<RawPeer> => {
  const mallory = await openRawPeer(name, seed);
  raws.push(mallory);
  return mallory;
};

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all([...sides.splice(0), ...raws.splice(0)].map((one) => one.close()));
});

const data = (sequence: number, length: number): Uint8Array =>
  encodeFrame({ kind: 'data', epoch: 1, sequence, body: new Uint8Array(length) });

const reportOn = (alice: Side, mallory: RawPeer) => alice.network.report().peers.find(({ validator }) => validator === mallory.validator);

describe('a validator that attacks', () => {
  it('and floods is not read, and the others are heard', async () => {
    const durable = Promise.withResolvers<undefined>();
    const mallory = await openMallory();
    const alice = await openAlice({ deliver: ({ from }) => (from === mallory.validator ? durable.promise : Promise.resolve()) });
    const carol = await openSide('Charlie', { knows: () => [alice] });
    sides.push(carol);
    alice.network.hold([mallory.validator, carol.validator], []);
    carol.network.hold([alice.validator], [alice.validator]);
    const raw = await mallory.introduce(alice.address);
    for (let sequence = 1; sequence <= 5_000; sequence += 1) raw.send(data(sequence, 4_096));
    await until(() => areLinked(alice, carol) && (reportOn(alice, mallory)?.receivedMessages ?? 0) >= 64);
    await sendFrom(
      carol,
      alice.validator,
      Array.from({ length: 50 }, () => new Uint8Array(100)),
    );
    // Of what the flood brings no more is held than may be; the rest waits where it came from.
    expect(reportOn(alice, mallory)?.receivedMessages).toBe(64);
    expect(alice.frames).toHaveLength(50);
    durable.resolve(undefined);
    await until(() => (reportOn(alice, mallory)?.receivedMessages ?? 0) > 64);
  });

  it('and floods beyond its quota keeps its link, however often it is read on: what it sends waits where it came from', async () => {
    const alice = await openAlice({ limits: { ...SWIFT, link: { ...SWIFT.link, frames: { perSecond: 1_000, atOnce: 100 } } } });
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    const raw = await mallory.introduce(alice.address);
    for (let sequence = 1; sequence <= 3_000; sequence += 1) {
      if (raw.stream.writableNeedsDrain) await raw.stream.onDrain();
      raw.send(data(sequence, 16_384));
    }
    await until(() => (reportOn(alice, mallory)?.receivedMessages ?? 0) === 3_000);
    expect(reportOn(alice, mallory)).toMatchObject({ state: 'connected', links: 1, lastError: null });
  });

  it('and breaks the protocol is dropped, told why, and not listened to for a while', async () => {
    const alice = await openAlice();
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    const raw = await mallory.introduce(alice.address);
    await until(() => reportOn(alice, mallory)?.state === 'connected');
    raw.send(Uint8Array.of(1, 0, 0, 0, 77));
    await until(() => raw.isOver());
    expect(reportOn(alice, mallory)?.lastError).toMatchObject({ code: 'peer.malformed', theirs: false });
    expect(raw.heard.at(-1)?.kind).toBe('bye');
    const again = await mallory.introduce(alice.address);
    await until(() => again.isOver());
    await until(() => reportOn(alice, mallory)?.lastError?.code === 'peer.refused');
  });

  it('and sends a message that is refused is dropped, and the message is not acknowledged', async () => {
    const alice = await openAlice({ deliver: () => Promise.reject(new PeerError('peer.malformed', 'not signed')) });
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    const raw = await mallory.introduce(alice.address);
    raw.send(data(1, 10));
    raw.send(data(2, 10));
    await until(() => raw.isOver());
    expect(raw.heard.some(({ kind }) => kind === 'ack')).toBe(false);
    expect(alice.frames).toEqual([]);
  });

  it('and does not read what it is sent makes us keep no more than one batch', async () => {
    const alice = await openAlice({ limits: { ...SWIFT, link: { ...SWIFT.link, dead: 400 } } });
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    const raw = await mallory.introduce(alice.address);
    await until(() => reportOn(alice, mallory)?.state === 'connected');
    raw.stream.pause();
    const parcel = { epoch: 1, sequence: 1, body: new Uint8Array(1024 * 1024) };
    const sending = expect(alice.network.send(mallory.validator, [parcel])).rejects.toMatchObject({ code: 'peer.closing' });
    await until(() => reportOn(alice, mallory)?.lastError?.code === 'peer.timeout');
    await alice.close();
    await sending;
  });

  it('and asks without listening to the answers is cut off before they fill our memory', async () => {
    const alice = await openAlice({
      limits: {
        ...SWIFT,
        link: { ...SWIFT.link, dead: 600_000 },
        mux: { ...NETWORK_LIMITS.mux, unread: 64 * 1024, frames: { perSecond: 1e9, atOnce: 1e9 } },
      },
    });
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    // A socket of its own that never reads: a yamux ping is answered by a pong of the same size.
    const raw = await mallory.introduce(alice.address);
    await until(() => reportOn(alice, mallory)?.state === 'connected');
    const { maConn, muxer } = raw.connection as unknown as {
      maConn: { pause: () => void };
      muxer: { sendPing: (id: number) => void };
    };
    maConn.pause();
    for (let round = 0; !raw.isOver() && round < 400; round += 1) {
      for (let ping = 0; ping < 5_000; ping += 1) muxer.sendPing(ping);
      await new Promise((resolve) => setImmediate(resolve));
      if (reportOn(alice, mallory)?.state !== 'connected') break;
    }
    await until(() => reportOn(alice, mallory)?.state !== 'connected');
    expect(reportOn(alice, mallory)?.lastError?.text).toContain('too much waits to be read');
  });

  it('and claims a yamux frame of four gigabytes is cut off at its header', async () => {
    const alice = await openAlice();
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    const raw = await mallory.introduce(alice.address);
    await until(() => reportOn(alice, mallory)?.state === 'connected');
    const { muxer } = raw.connection as unknown as { muxer: { maConn: { send: (bytes: Uint8Array) => void } } };
    muxer.maConn.send(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff));
    await until(() => reportOn(alice, mallory)?.state !== 'connected');
    expect(reportOn(alice, mallory)?.lastError?.text).toContain('a yamux frame claims 4294967295 bytes');
  });

  it('and opens stream after stream has them closed again', async () => {
    const alice = await openAlice();
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    const raw = await mallory.introduce(alice.address);
    await until(() => reportOn(alice, mallory)?.state === 'connected');
    const more = await Promise.allSettled(Array.from({ length: 50 }, () => raw.connection.newStream('/serai/coordinator/1')));
    const open = more.filter((one) => one.status === 'fulfilled' && one.value.status === 'open');
    await until(() => open.every((one) => one.status === 'fulfilled' && one.value.status !== 'open'));
    expect(reportOn(alice, mallory)?.state).toBe('connected');
  });
});

describe('a validator that shows its certificate and keeps silent', () => {
  const certificateOf = (mallory: RawPeer): Uint8Array => encodeFrame({ kind: 'certificate', payload: mallory.certificate() });
  const hello = encodeFrame({ kind: 'hello', payload: writeWord({ version: 'raw', received: null, givenUp: null }) });

  it('may do so on two links, not on as many as it likes', async () => {
    const alice = await openAlice({ limits: { ...SWIFT, link: { ...SWIFT.link, greeting: 600_000 } } });
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    const raws: RawStream[] = [];
    for (let count = 0; count < 12; count += 1) {
      const raw = await mallory.open(alice.address);
      raws.push(raw);
      raw.send(certificateOf(mallory));
      await until(() => raw.isOver() || raw.heard.some(({ kind }) => kind === 'hello'));
    }
    await until(() => raws.filter((raw) => raw.isOver()).length === 10);
    expect(alice.log.filter(({ code }) => code === 'peer.refused')).toHaveLength(10);
    // Once one of the two has greeted, it is as any other.
    raws.find((raw) => !raw.isOver())?.send(hello);
    await until(() => reportOn(alice, mallory)?.state === 'connected');
  });

  it('and says hello when it has lost its place is not let in', async () => {
    const alice = await openAlice({ limits: { ...SWIFT, link: { ...SWIFT.link, greeting: 600_000 } } });
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    const raw = await mallory.open(alice.address);
    raw.send(certificateOf(mallory));
    await until(() => alice.kept.starts.has(mallory.validator));
    alice.network.hold([], []);
    raw.send(hello);
    await until(() => raw.isOver());
    expect([reportOn(alice, mallory), alice.log.some(({ event }) => event === 'peer.linked')]).toEqual([undefined, false]);
  });
});

describe('what comes early', () => {
  it('waits within bounds until there is somebody to take it, in order', async () => {
    const alice = await openAlice({ isDeaf: true });
    const mallory = await openMallory();
    alice.network.hold([mallory.validator], []);
    const raw = await mallory.introduce(alice.address);
    for (let sequence = 1; sequence <= 500; sequence += 1) raw.send(data(sequence, 4_096));
    await until(() => reportOn(alice, mallory)?.receivedMessages === 64);
    expect(raw.heard.some(({ kind }) => kind === 'ack')).toBe(false);
    const taken: number[] = [];
    alice.network.frames(({ sequence }) => {
      taken.push(sequence);
      return Promise.resolve();
    });
    await until(() => taken.length === 500);
    expect(taken).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });
});

describe('a stranger', () => {
  it('may say one small frame, and nothing it says takes long', async () => {
    const alice = await openAlice();
    const mallory = await openMallory();
    const raw = await mallory.open(alice.address);
    for (let count = 0; count < 100; count += 1) raw.send(new Uint8Array(1_000));
    await until(() => raw.isOver());
    await until(() => (alice.network.report().refused['peer.malformed'] ?? 0) > 0);
    const stranger = await mallory.introduce(alice.address);
    await until(() => stranger.isOver());
    expect(alice.network.report().refused['peer.stranger']).toBe(1);
    expect(alice.network.report().peers).toEqual([]);
  });

  it('that says nothing is sent away, and keeps no validator out', async () => {
    const limits = { ...SWIFT, lobby: { ...NETWORK_LIMITS.lobby, deadline: 1_500 } };
    const alice = await openAlice({ limits, listen: ['/ip4/127.0.0.1/tcp/0'] });
    const idle = Array.from({ length: 40 }, () => {
      const socket = connect(alice.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      sockets.push(socket);
      return socket;
    });
    // Of one unknown host four may wait; the others are refused at once.
    await until(() => (alice.network.report().refused['peer.refused'] ?? 0) >= 36);
    await until(() => idle.every(({ destroyed }) => destroyed));
    expect(alice.network.report().refused['peer.timeout']).toBe(4);
    const carol = await openSide('Charlie', { knows: () => [alice] });
    sides.push(carol);
    linkAll([alice, carol]);
    await until(() => areLinked(alice, carol));
  });
});
