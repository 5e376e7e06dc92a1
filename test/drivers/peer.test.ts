import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PeerError } from '../../src/domain/peers/peerError.ts';
import { PENALTY } from '../../src/domain/peers/redial.ts';
import { type Linked, Peer } from '../../src/drivers/libp2p/peer.ts';

const linkOf = (sentMessages: number): Linked =>
  ({
    session: { sentMessages, sentBytes: 0, receivedMessages: 0, receivedBytes: 0, link: { roundTrip: null, isThrottled: false } },
    openedBy: '0xbb',
    address: '/ip4/127.0.0.1/tcp/1',
    protocol: 1,
    certificate: {},
  }) as unknown as Linked;

describe('a peer', () => {
  it('whose link is replaced is not dialled, for it was never without one', async () => {
    const peer = new Peer('0xbb');
    const { signal } = new AbortController();
    peer.link(linkOf(3), '1');
    let isDialled = false;
    const unlinked = peer.unlinked(signal).then(() => {
      isDialled = true;
    });
    peer.link(linkOf(4), '2');
    await setImmediate();
    expect([isDialled, peer.report('0xaa', 0, null)]).toMatchObject([
      false,
      { state: 'connected', links: 2, sentMessages: 7, version: '2' },
    ]);
    peer.unlink();
    await unlinked;
    expect(peer.report('0xaa', 0, null).sentMessages).toBe(7);
  });

  it('is waited for until it is given up', async () => {
    const peer = new Peer('0xbb');
    const stop = new AbortController();
    await peer.unlinked(stop.signal);
    peer.link(linkOf(0), '1');
    const waiting = peer.unlinked(stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow();
  });

  it('that broke the protocol long ago is forgiven: the next time counts as the first', () => {
    const peer = new Peer('0xbb');
    const malformed = new PeerError('peer.malformed', 'x');
    let now = 0;
    for (let times = 0; times < 12; times += 1) {
      peer.blame(malformed, now);
      now += peer.unheardFor(now);
    }
    peer.blame(malformed, now);
    expect(peer.unheardFor(now)).toBeGreaterThanOrEqual(PENALTY.most / 2);
    now += peer.unheardFor(now) + PENALTY.most + 1;
    peer.blame(malformed, now);
    expect(peer.unheardFor(now)).toBeLessThanOrEqual(PENALTY.first);
  });

  it('without an address does not have us forget why its link ended', () => {
    const peer = new Peer('0xbb');
    const nowhere = new PeerError('peer.no-address', 'x');
    peer.failed(nowhere, false);
    expect(peer.report('0xaa', 0, null).lastError?.code).toBe('peer.no-address');
    peer.failed(new PeerError('peer.unsigned', 'x'), false);
    peer.failed(nowhere, false);
    expect(peer.report('0xaa', 0, null)).toMatchObject({ lastError: { code: 'peer.unsigned' }, failures: 3 });
  });

  it('is not blamed for what it cannot help', () => {
    const peer = new Peer('0xbb');
    peer.blame(new PeerError('peer.disconnected', 'x'), 0);
    expect(peer.unheardFor(0)).toBe(0);
  });
});
