import type { MultiaddrConnection } from '@libp2p/interface';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LOBBY_LIMITS, Lobby } from '../../src/drivers/libp2p/lobby.ts';

const KNOWN = '198.51.100.1';

let now = 0;
let port = 0;
let refused: { readonly reason: string; readonly isNews: boolean }[] = [];

const open = (limits = LOBBY_LIMITS): Lobby =>
  new Lobby({
    limits,
    isKnownHost: (host) => host === KNOWN,
    refused: ({ message }, _address, isNews) => {
      refused.push({ reason: message, isNews });
    },
    now: () => now,
  });

/** Comes from a host, and shows whose it is if it is let in. */
const comes = (lobby: Lobby, host: string, proves = true): boolean => {
  port += 1;
  const address = `/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${String((port % 60_000) + 1)}`;
  const isIn = lobby.enter({
    remoteAddr: address,
    addEventListener: () => undefined,
    abort: () => undefined,
  } as unknown as MultiaddrConnection);
  if (isIn && proves) lobby.proven(address);
  return isIn;
};

const count = (times: number, once: (index: number) => boolean): number =>
  Array.from({ length: times }, (_, index) => once(index)).filter((isIn) => isIn).length;

beforeEach(() => {
  vi.useFakeTimers();
  now = 0;
  refused = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the lobby', () => {
  it('lets few wait that have not proven whose they are, of an unknown host fewer', () => {
    const lobby = open();
    expect([count(70, () => comes(lobby, '203.0.113.1', false)), count(70, () => comes(lobby, KNOWN, false))]).toEqual([4, 64]);
    expect(count(100, (index) => comes(lobby, `203.0.113.${String(index + 2)}`, false))).toBe(60);
  });

  it('sends away those who come again and again, though each time they prove whose they are', () => {
    const lobby = open();
    const first = count(500, () => comes(lobby, KNOWN));
    expect(first).toBeGreaterThanOrEqual(64);
    expect(first).toBeLessThan(70);
    now += 10_000;
    expect(count(500, () => comes(lobby, KNOWN))).toBeLessThanOrEqual(11);
    // Others come as before, and it is told once, not each time.
    expect(comes(lobby, '203.0.113.1')).toBe(true);
    expect(refused.filter(({ isNews }) => isNews)).toHaveLength(2);
    expect(refused.length).toBeGreaterThan(900);
  });

  it('takes addresses of one IPv6 network for one host, and many hosts for many strangers', () => {
    const lobby = open();
    const ofOne = count(500, (index) => comes(lobby, `2001:db8::${(index + 1).toString(16)}`));
    expect(ofOne).toBeLessThan(70);
    const ofMany = count(5_000, (index) => comes(lobby, `2001:db8:${(index + 1).toString(16)}::1`));
    expect(ofOne + ofMany).toBeLessThan(260);
    // Who is known has a way in nevertheless.
    expect(comes(lobby, KNOWN)).toBe(true);
  });
});
