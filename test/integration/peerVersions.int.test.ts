import { afterEach, describe, expect, it } from 'vitest';
import { encodeFrame } from '../../src/domain/peers/frames.ts';
import { openSide, type Side, sendFrom, until } from '../support/peers.ts';
import { listen, openRawPeer, type RawPeer, type RawStream } from '../support/rawPeer.ts';

/** A made-up next version: it says more in its words, and frames of kinds that nobody knows yet. */
const NEXT = '/serai/coordinator/2';
const NOW = '/serai/coordinator/1';

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const introduceLater = (raw: RawStream, peer: RawPeer): void => {
  raw.send(encodeFrame({ kind: 'certificate', payload: peer.certificate() }));
  raw.send(encodeFrame({ kind: 'hello', payload: json({ version: '2.0.0', received: null, givenUp: null, languages: ['two'] }) }));
  raw.send(Uint8Array.of(3, 0, 0, 0, 129, 42, 42));
};

const sides: Side[] = [];
const peers: RawPeer[] = [];
afterEach(async () => {
  await Promise.all([...sides.splice(0), ...peers.splice(0)].map((one) => one.close()));
});

const openBoth = async (): Promise<[Side, RawPeer]> => {
  const later = await openRawPeer('Bob', 77);
  peers.push(later);
  const address = later.libp2p.getMultiaddrs()[0]?.toString() ?? '';
  const alice = await openSide('Alice', { knows: () => [{ validator: later.validator, address }] });
  sides.push(alice);
  return [alice, later];
};

const talk = async (alice: Side, later: RawPeer, raw: RawStream): Promise<void> => {
  introduceLater(raw, later);
  await until(() => alice.network.report().peers[0]?.state === 'connected');
  expect(alice.network.report().peers[0]).toMatchObject({ version: '2.0.0', protocol: 1 });
  raw.send(encodeFrame({ kind: 'data', epoch: 1, sequence: 1, body: Uint8Array.of(1) }));
  raw.send(encodeFrame({ kind: 'view', payload: json({ since: 1, roundTrip: null, queue: 3, lastError: null, weather: 'fine' }) }));
  await until(() => raw.heard.some(({ kind }) => kind === 'ack'));
  const sent = sendFrom(alice, later.validator, [Uint8Array.of(2)]);
  await until(() => raw.heard.some(({ kind }) => kind === 'data'));
  raw.send(encodeFrame({ kind: 'ack', epoch: 1, sequence: 1 }));
  await sent;
  expect(alice.frames).toHaveLength(1);
};

describe('a later version of the protocol', () => {
  it('talks to this one where it dials: both take the best version they share', async () => {
    const [alice, later] = await openBoth();
    alice.network.hold([later.validator], []);
    const raw = await later.open(alice.address, [NEXT, NOW]);
    expect(raw.stream.protocol).toBe(NOW);
    await talk(alice, later, raw);
  });

  it('talks to this one where it is dialled', async () => {
    const [alice, later] = await openBoth();
    const dialled = Promise.withResolvers<RawStream>();
    for (const protocol of [NEXT, NOW])
      await later.libp2p.handle(protocol, (stream, connection) => {
        dialled.resolve(listen(stream, connection));
      });
    alice.network.hold([later.validator], [later.validator]);
    const raw = await dialled.promise;
    expect(raw.stream.protocol).toBe(NOW);
    await talk(alice, later, raw);
  });

  it('that no longer speaks this one is named as the reason', async () => {
    const [alice, later] = await openBoth();
    await later.libp2p.handle(NEXT, () => undefined);
    alice.network.hold([later.validator], [later.validator]);
    await until(() => alice.network.report().peers[0]?.lastError?.code === 'peer.version');
  });
});
