import { describe, expect, it } from 'vitest';
import { type Hex, toHex } from '../../../src/domain/hex.ts';
import { type Certificate, signCertificate } from '../../../src/domain/peers/certificate.ts';
import { encodeFrame, type Place } from '../../../src/domain/peers/frames.ts';
import { Link } from '../../../src/domain/peers/link.ts';
import { LIMITS, type LinkLimits, type LinkTerms } from '../../../src/domain/peers/linkTerms.ts';
import type { PeerError } from '../../../src/domain/peers/peerError.ts';
import { type Hello, type View, writeWord } from '../../../src/domain/peers/words.ts';
import { devAccount, signSr25519 } from '../../../src/domain/threshold/schnorrkel.ts';

const genesis: Hex = `0x${'11'.repeat(32)}`;
const instance: Hex = `0x${'aa'.repeat(16)}`;

/** One side of a link, with what it did. */
class End {
  readonly out: Uint8Array[] = [];
  readonly delivered: { epoch: number; sequence: number; body: Uint8Array; traceparent: string | undefined }[] = [];
  readonly acknowledged: Place[] = [];
  readonly views: View[] = [];
  opened: Hello | undefined;
  ended: PeerError | undefined;
  remote = false;
  writable = true;
  height = 100;
  certificate: Certificate;
  readonly link: Link;
  #shown: { readonly of: Certificate; readonly bytes: Uint8Array } | undefined;
  readonly sign: (message: Uint8Array) => Uint8Array;

  constructor(name: string, now: number, limits: LinkLimits = LIMITS, terms: Partial<LinkTerms> = {}) {
    const { publicKey, secretKey } = devAccount(name);
    this.sign = (message) => signSr25519(secretKey, message);
    this.certificate = {
      validator: toHex(publicKey),
      genesis,
      epoch: 1,
      instance,
      validFrom: 50,
      validUntil: 200,
      peerId: name,
    };
    const other = name === 'Alice' ? 'Bob' : 'Alice';
    this.link = new Link(
      {
        send: (...parts) => {
          this.out.push(new Uint8Array(Buffer.concat(parts)));
          return this.writable;
        },
        proven: () => undefined,
        opened: (hello) => {
          this.opened = hello;
        },
        deliver: (place, body, traceparent) => this.delivered.push({ ...place, body, traceparent }),
        acknowledged: (place) => this.acknowledged.push(place),
        addresses: () => undefined,
        viewed: (view) => this.views.push(view),
        ended: (reason, remote) => {
          this.ended = reason;
          this.remote = remote;
        },
      },
      {
        self: () => this.certificate,
        certificate: () => this.shown(),
        expected: () => ({ peerId: other, genesis, height: this.height, admitted: () => true, known: () => undefined }),
        hello: () => ({ version: '1', received: null, givenUp: null }),
        limits,
        crowded: () => false,
        ...terms,
      },
      now,
    );
    this.link.showCertificate();
  }

  /** The certificate as bytes: the same ones until it is another. */
  shown(): Uint8Array {
    if (this.#shown?.of !== this.certificate) this.#shown = { of: this.certificate, bytes: signCertificate(this.certificate, this.sign) };
    return this.#shown.bytes;
  }

  take(): Uint8Array {
    const all = Buffer.concat(this.out.splice(0));
    return new Uint8Array(all);
  }
}

const view = (): View => ({ since: 1, roundTrip: null, queue: 0, lastError: null });

/** Carries what both have said to each other until nothing more is said. */
const carry = (a: End, b: End, now: number): void => {
  while (a.out.length + b.out.length > 0) {
    b.link.receive(a.take(), now);
    a.link.receive(b.take(), now);
  }
};

const pair = (limits: LinkLimits = LIMITS): [End, End] => {
  const ends: [End, End] = [new End('Alice', 0, limits), new End('Bob', 0, limits)];
  carry(...ends, 0);
  return ends;
};

const body = (length: number): Uint8Array => new Uint8Array(length);

describe('a link', () => {
  it('is open once both have shown their certificates and said hello', () => {
    const [alice, bob] = pair();
    expect([alice.link.isOpen, bob.link.isOpen]).toEqual([true, true]);
    expect(alice.opened?.version).toBe('1');
    expect(alice.link.certificate?.validator).toBe(bob.certificate.validator);
  });

  it('says of a message where it belongs, if that is known', () => {
    const [alice, bob] = pair();
    const trace = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    alice.link.send({ epoch: 1, sequence: 1 }, body(5), 0, trace);
    alice.link.send({ epoch: 1, sequence: 2 }, body(5), 0);
    carry(alice, bob, 0);
    expect(bob.delivered.map(({ sequence, traceparent }) => [sequence, traceparent])).toEqual([
      [1, trace],
      [2, undefined],
    ]);
    expect(bob.link.isOpen).toBe(true);
  });

  it('passes over what it cannot read of that', () => {
    const [alice, bob] = pair();
    for (const said of ['nonsense', '', `ff-${'1'.repeat(32)}-${'2'.repeat(16)}-01`])
      bob.link.receive(encodeFrame({ kind: 'trace', payload: new TextEncoder().encode(said) }), 0);
    alice.link.send({ epoch: 1, sequence: 1 }, body(5), 0);
    carry(alice, bob, 0);
    expect(bob.delivered).toMatchObject([{ sequence: 1, traceparent: undefined }]);
    expect(bob.link.isOpen).toBe(true);
  });

  it('acknowledges what is durable, and with it all before', () => {
    const [alice, bob] = pair();
    for (const sequence of [1, 2, 3]) alice.link.send({ epoch: 1, sequence }, body(5), 0);
    carry(alice, bob, 0);
    expect(bob.delivered.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(alice.acknowledged).toEqual([]);
    // Two of three: the third is about to be durable, and its ack stands for all.
    for (const sequence of [1, 2]) bob.link.settle({ epoch: 1, sequence }, 5, 0);
    expect(bob.out).toEqual([]);
    bob.link.settle({ epoch: 1, sequence: 3 }, 5, 0);
    carry(alice, bob, 0);
    expect(alice.acknowledged).toEqual([{ epoch: 1, sequence: 3 }]);
  });

  it('acknowledges before long what is durable, though the next one takes its time', () => {
    const [alice, bob] = pair();
    for (const sequence of [1, 2]) alice.link.send({ epoch: 1, sequence }, body(5), 0);
    carry(alice, bob, 0);
    bob.link.settle({ epoch: 1, sequence: 1 }, 5, 0);
    bob.link.tick(250, view);
    carry(alice, bob, 250);
    expect(alice.acknowledged).toEqual([{ epoch: 1, sequence: 1 }]);
  });

  it('keeps back its acknowledgements while nothing goes out, and then sends the last', () => {
    const [alice, bob] = pair();
    bob.writable = false;
    for (const sequence of [1, 2, 3]) {
      alice.link.send({ epoch: 1, sequence }, body(5), 0);
      bob.link.receive(alice.take(), 0);
      bob.link.settle({ epoch: 1, sequence }, 5, 0);
    }
    expect(bob.out).toHaveLength(1);
    bob.writable = true;
    bob.link.drained();
    carry(alice, bob, 0);
    expect(alice.acknowledged).toEqual([
      { epoch: 1, sequence: 1 },
      { epoch: 1, sequence: 3 },
    ]);
  });

  it('does not read what it cannot hold, and reads on when it can', () => {
    const [alice, bob] = pair({ ...LIMITS, heldMessages: 2 });
    for (const sequence of [1, 2, 3, 4, 5]) alice.link.send({ epoch: 1, sequence }, body(1), 0);
    carry(alice, bob, 0);
    expect([bob.delivered.length, bob.link.paused]).toEqual([2, true]);
    bob.link.settle({ epoch: 1, sequence: 1 }, 1, 0);
    expect([bob.delivered.length, bob.link.paused]).toEqual([3, true]);
    for (const sequence of [2, 3, 4, 5]) bob.link.settle({ epoch: 1, sequence }, 1, 0);
    expect([bob.delivered.length, bob.link.paused]).toEqual([5, false]);
  });

  it('lets one who is beyond its quota wait, not go', () => {
    const [alice, bob] = pair({ ...LIMITS, frames: { perSecond: 10, atOnce: 60 } });
    for (let sequence = 1; sequence <= 100; sequence += 1) alice.link.send({ epoch: 1, sequence }, body(1), 0);
    carry(alice, bob, 0);
    expect(bob.link.isThrottled).toBe(true);
    const before = bob.delivered.length;
    expect(before).toBeLessThan(100);
    for (const { epoch, sequence } of [...bob.delivered]) bob.link.settle({ epoch, sequence }, 1, 0);
    expect(bob.delivered).toHaveLength(before);
    bob.link.tick(2_000, view);
    expect(bob.delivered.length).toBeGreaterThan(before);
    expect(bob.ended).toBeUndefined();
  });

  it('begins with where hundreds of validators are reached, and nobody waits for quota over it', () => {
    const [alice, bob] = pair();
    for (let told = 0; told < 450; told += 1) alice.link.tellAddresses(body(200));
    carry(alice, bob, 0);
    expect([bob.link.isThrottled, bob.ended]).toEqual([false, undefined]);
  });

  it('asks whether the other side is there, and gives it up where it is not', () => {
    const [alice, bob] = pair();
    alice.link.tick(LIMITS.ping, view);
    carry(alice, bob, LIMITS.ping + 8);
    expect(alice.link.roundTrip).toBe(8);
    alice.link.tick(2 * LIMITS.ping, view);
    alice.out.splice(0);
    alice.link.tick(2 * LIMITS.ping + LIMITS.dead, view);
    expect(alice.ended).toBeUndefined();
    alice.link.tick(2 * LIMITS.ping + LIMITS.dead + 1, view);
    expect(alice.ended?.code).toBe('peer.timeout');
  });

  it('does not give up a side whose long frame is still coming', () => {
    const [alice, bob] = pair();
    alice.link.send({ epoch: 1, sequence: 1 }, body(100_000), 0);
    const bytes = alice.take();
    for (let at = 0, now = 0; at < bytes.length; at += 1_000, now += 1_000) {
      bob.link.receive(bytes.subarray(at, at + 1_000), now);
      bob.link.tick(now, view);
      expect(bob.ended, String(now)).toBeUndefined();
    }
    expect(bob.delivered).toHaveLength(1);
  });

  it('gives up a side that trickles', () => {
    const [alice, bob] = pair();
    alice.link.send({ epoch: 1, sequence: 1 }, body(100_000), 0);
    const bytes = alice.take();
    for (let at = 0, now = 0; bob.ended === undefined && at < bytes.length; at += 1, now += 1_000) {
      bob.link.receive(bytes.subarray(at, at + 1), now);
      bob.link.tick(now, view);
    }
    expect(bob.ended?.code).toBe('peer.slow');
  });

  it('gives up a side that never introduces itself, or never acknowledges', () => {
    const bob = new End('Bob', 0);
    bob.link.tick(LIMITS.greeting + 1, view);
    expect(bob.ended?.code).toBe('peer.timeout');
    const [alice, other] = pair();
    alice.link.send({ epoch: 1, sequence: 1 }, body(1), 0);
    for (let now = 0; alice.ended === undefined && now < 1_000_000; now += 1_000) {
      alice.link.tick(now, view);
      carry(alice, other, now);
    }
    expect(alice.ended?.message).toContain('not acknowledged');
    expect(other.remote).toBe(true);
  });

  it('ends when the certificate does, and goes on with a new one', () => {
    const [alice, bob] = pair();
    bob.certificate = { ...bob.certificate, validUntil: 400 };
    // Whoever asked for it first, on whatever link: it is shown on this one, once.
    bob.shown();
    bob.link.tick(0, view);
    bob.link.tick(0, view);
    const shown = bob.out.filter((frame) => frame[4] === 0);
    expect(shown).toHaveLength(1);
    carry(alice, bob, 0);
    alice.height = 201;
    alice.link.tick(1, view);
    expect(alice.ended).toBeUndefined();
    bob.height = 201;
    bob.link.tick(1, view);
    expect(bob.ended?.code).toBe('peer.expired');
    carry(alice, bob, 1);
    // The other side hears why.
    expect([alice.ended?.code, alice.remote]).toEqual(['peer.expired', true]);
  });

  it('ends where a certificate of another start comes in the middle', () => {
    const [alice, bob] = pair();
    bob.certificate = { ...bob.certificate, epoch: 2 };
    bob.link.showCertificate();
    carry(alice, bob, 0);
    expect(alice.ended?.code).toBe('peer.malformed');
  });

  it('tells one whose epoch is over which later start it has seen, so that it knows that its store is old', () => {
    const alice = new End('Alice', 0);
    const later = signCertificate({ ...alice.certificate, epoch: 7 }, alice.sign);
    const known = () => ({ epoch: 7, instance, certificate: toHex(later) });
    const bob: End = new End('Bob', 0, LIMITS, {
      expected: () => ({ peerId: 'Alice', genesis, height: 100, admitted: () => true, known }),
    });
    carry(alice, bob, 0);
    expect(bob.ended?.code).toBe('peer.stale-epoch');
    expect(alice.ended).toMatchObject({ code: 'peer.rolled-back', cause: toHex(later) });
  });

  it('takes what is not said by the protocol for the end', () => {
    const cases: [string, (end: End) => Uint8Array][] = [
      ['data before hello', () => encodeFrame({ kind: 'data', epoch: 1, sequence: 1, body: body(1) })],
      [
        'hello before a certificate',
        () => encodeFrame({ kind: 'hello', payload: writeWord({ version: '1', received: null, givenUp: null }) }),
      ],
      ['an ack of nothing', () => encodeFrame({ kind: 'ack', epoch: 1, sequence: 1 })],
    ];
    for (const [what, bytes] of cases) {
      const bob = new End('Bob', 0);
      bob.link.receive(bytes(bob), 0);
      expect(bob.ended?.code, what).toBe('peer.malformed');
    }
    const [alice, bob] = pair();
    bob.link.receive(encodeFrame({ kind: 'ack', epoch: 1, sequence: 1 }), 0);
    expect(bob.ended?.code).toBe('peer.malformed');
    alice.link.receive(encodeFrame({ kind: 'view', payload: new TextEncoder().encode('{"since":"now"}') }), 0);
    expect(alice.ended?.code).toBe('peer.malformed');
  });

  it('passes over what a later version may add', () => {
    const [alice, bob] = pair();
    bob.link.receive(Uint8Array.of(5, 0, 0, 0, 200, 1, 2, 3, 4), 0);
    bob.link.receive(encodeFrame({ kind: 'view', payload: new TextEncoder().encode(JSON.stringify({ ...view(), mood: 'fine' })) }), 0);
    alice.link.send({ epoch: 1, sequence: 1 }, body(1), 0);
    carry(alice, bob, 0);
    expect([bob.ended, bob.views, bob.delivered.length]).toEqual([undefined, [view()], 1]);
  });

  it('says nothing and calls nothing after its end', () => {
    const [alice, bob] = pair();
    alice.link.end(alice.ended ?? Object.assign(new Error('x'), { code: 'peer.closing' } as unknown as PeerError));
    carry(alice, bob, 0);
    bob.link.send({ epoch: 1, sequence: 1 }, body(1), 0);
    bob.link.settle({ epoch: 1, sequence: 1 }, 1, 0);
    bob.link.tick(1e9, view);
    expect(bob.out).toEqual([]);
  });
});
