import { accept, enqueue, knownStart, type PeerDeed, startSeen } from '../../src/domain/connection/links.ts';
import { lastGivenUp, lastReceived, placeOf } from '../../src/domain/connection/places.ts';
import { type Hex, toHex } from '../../src/domain/hex.ts';
import { takesOver } from '../../src/domain/peers/arbitration.ts';
import { signCertificate } from '../../src/domain/peers/certificate.ts';
import { isAfter, type Place } from '../../src/domain/peers/frames.ts';
import { Link } from '../../src/domain/peers/link.ts';
import { LIMITS } from '../../src/domain/peers/linkTerms.ts';
import { PeerError } from '../../src/domain/peers/peerError.ts';
import { type PeerMessage, peerMessage } from '../../src/domain/peers/peerMessage.ts';
import { REDIAL, waitAfter } from '../../src/domain/peers/redial.ts';
import { Draft, type Json, type View } from '../../src/domain/tables.ts';
import { devAccount, type Sr25519Pair, signSr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { GENESIS } from './peers.ts';
import { seeded } from './seeded.ts';

/** Tables in memory, as a store keeps them. */
class Tables implements View {
  readonly #tables = new Map<string, Map<string, Json>>();

  get(table: string, key: string): Json | undefined {
    return this.#tables.get(table)?.get(key);
  }

  *rows(table: string): Iterable<readonly [string, Json]> {
    yield* this.#tables.get(table) ?? [];
  }

  apply({ changes }: ReturnType<Draft['decision']>): void {
    for (const { table, key, value } of changes) {
      const rows = this.#tables.get(table) ?? new Map<string, Json>();
      if (value === undefined) rows.delete(key);
      else rows.set(key, value);
      this.#tables.set(table, rows);
    }
  }
}

/** A connection between two nodes: bytes on their way, in order each way. */
interface Wire {
  readonly ends: readonly [Node, Node];
  readonly links: [Link | undefined, Link | undefined];
  /** When the last bytes sent each way arrive. */
  readonly arrives: [number, number];
  closed: boolean;
}

/** A coordinator's links, with what outlives a restart. */
interface Node {
  readonly name: string;
  readonly validator: Hex;
  readonly key: Sr25519Pair;
  readonly tables: Tables;
  readonly outbox: Map<Hex, PeerDeed[]>;
  /** Ids that went to the inbound topic, by sender, in order. */
  readonly inbound: Map<Hex, string[]>;
  /** Ids that were put into the outbox, by receiver, in order. */
  readonly said: Map<Hex, string[]>;
  epoch: number;
  instance: Hex;
  certificate: Uint8Array;
  alive: boolean;
  /** When its disk has done what it was given. */
  written: number;
  /** The link that counts, with its wire and side, by validator. */
  readonly linked: Map<Hex, { readonly wire: Wire; readonly side: 0 | 1; readonly link: Link }>;
  readonly failures: Map<Hex, number>;
  /** Up to where the batch under way goes, by receiver. */
  readonly sending: Map<Hex, Place>;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Messages in all. */
  readonly messages: number;
  /** Partitions, and restarts, in all. */
  readonly partitions: number;
  readonly restarts: number;
}

export interface SimulationResult {
  readonly delivered: number;
  readonly links: number;
  readonly partitions: number;
  /** What must not be, as people read it. */
  readonly violations: readonly string[];
  /** Virtual seconds. */
  readonly seconds: number;
}

const REPLACED = new PeerError('peer.replaced', 'there is another link');
const CLOSED = new PeerError('peer.disconnected', 'the connection was closed');

/** Milliseconds of virtual time in which all must have come after the last fault is healed. */
const PATIENCE = 600_000;

/** Coordinators under virtual time: real links, numbers and arbitration; the network, the disks and the deaths are drawn from a seed. */
export const simulatePeers = ({ seed, nodes: count, messages, partitions, restarts }: SimulationOptions): SimulationResult => {
  const random = seeded(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  let now = 0;
  let order = 0;
  const agenda: { readonly at: number; readonly order: number; readonly work: () => void }[] = [];
  const after = (delay: number, work: () => void): void => {
    order += 1;
    const entry = { at: now + delay, order, work };
    let index = agenda.length;
    while (index > 0 && isLater(agenda[index - 1] ?? entry, entry)) index -= 1;
    agenda.splice(index, 0, entry);
  };
  const isLater = (a: { at: number; order: number }, b: { at: number; order: number }): boolean =>
    a.at > b.at || (a.at === b.at && a.order > b.order);

  const violations: string[] = [];
  const wires = new Set<Wire>();
  let links = 0;
  let split: ReadonlySet<Node> | undefined;

  const apart = (a: Node, b: Node): boolean => split !== undefined && split.has(a) !== split.has(b);

  const begin = (node: Node): void => {
    node.epoch += 1;
    node.instance = toHex(Uint8Array.from({ length: 16 }, () => below(256)));
    const { validator, epoch, instance, key, name } = node;
    const certificate = { validator, genesis: GENESIS, epoch, instance, validFrom: 0, validUntil: 1e9, peerId: name };
    node.certificate = signCertificate(certificate, (message) => signSr25519(key.secretKey, message));
    node.alive = true;
  };

  const all: Node[] = Array.from({ length: count }, (_, index) => {
    const name = `S${String(index)}`;
    const key = devAccount(name);
    const node: Node = {
      name,
      validator: toHex(key.publicKey),
      key,
      tables: new Tables(),
      outbox: new Map(),
      inbound: new Map(),
      said: new Map(),
      epoch: 0,
      instance: '0x',
      certificate: new Uint8Array(),
      alive: false,
      written: 0,
      linked: new Map(),
      failures: new Map(),
      sending: new Map(),
    };
    begin(node);
    return node;
  });
  const nodeOf = (validator: Hex): Node => all.find((node) => node.validator === validator) as Node;

  const commit = (node: Node, decide: (draft: Draft) => void): ReturnType<Draft['decision']> => {
    const draft = new Draft(node.tables);
    decide(draft);
    const decision = draft.decision();
    node.tables.apply(decision);
    for (const { lane, deed } of decision.deeds) {
      const to = lane.slice('peer/'.length) as Hex;
      node.outbox.set(to, [...(node.outbox.get(to) ?? []), deed as unknown as PeerDeed]);
    }
    return decision;
  };

  /** Sends what waits for a validator, a batch at a time, as the relay does. */
  const flush = (node: Node, to: Hex): void => {
    const linked = node.linked.get(to);
    const waiting = node.outbox.get(to) ?? [];
    if (linked === undefined || !node.alive || node.sending.has(to) || waiting.length === 0) return;
    const batch = waiting.slice(0, 64);
    node.sending.set(to, batch.at(-1) as Place);
    for (const { epoch, sequence, body } of batch) linked.link.send({ epoch, sequence }, new TextEncoder().encode(body), now);
  };

  const acknowledged = (node: Node, to: Hex, place: Place): void => {
    const last = lastReceived(nodeOf(to).tables, node.validator);
    if (last === undefined || isAfter(place, last))
      violations.push(`${node.name} was told that ${String(place.epoch)}/${String(place.sequence)} is durable, and it is not`);
    const upTo = node.sending.get(to);
    if (upTo === undefined || isAfter(upTo, place)) return;
    node.sending.delete(to);
    node.outbox.set(
      to,
      (node.outbox.get(to) ?? []).filter((deed) => isAfter(deed, upTo)),
    );
    flush(node, to);
  };

  /** A message becomes durable after a while, in the order it came; a node that died meanwhile has not heard it. */
  const heard = (node: Node, from: Hex, link: Link, place: Place, body: Uint8Array): void => {
    const { epoch } = node;
    node.written = Math.max(node.written, now + 1 + below(20));
    after(node.written - now, () => {
      if (!node.alive || node.epoch !== epoch) return;
      const standing = placeOf(node.tables, from, place);
      if (standing === 'gap') {
        violations.push(`${node.name} heard ${String(place.sequence)} after a gap`);
        return;
      }
      if (standing === 'next') {
        const message: PeerMessage = peerMessage.parse(JSON.parse(new TextDecoder().decode(body)));
        commit(node, (draft) => {
          accept(draft, { inbound: 'inbound' }, { from, ...place, message }, true);
        });
        node.inbound.set(from, [...(node.inbound.get(from) ?? []), message.id]);
      }
      link.settle(place, body.length, now);
    });
  };

  const unlink = (node: Node, validator: Hex): void => {
    node.linked.delete(validator);
    node.sending.delete(validator);
  };

  const openEnd = (wire: Wire, side: 0 | 1): void => {
    const node = wire.ends[side];
    const other = wire.ends[side === 0 ? 1 : 0];
    const link: Link = new Link(
      {
        send: (...parts) => {
          const bytes = new Uint8Array(Buffer.concat(parts));
          const to = side === 0 ? 1 : 0;
          // Bytes arrive in order, some later than others; across a partition they vanish, and nobody is told.
          wire.arrives[to] = Math.max(wire.arrives[to], now + 5 + below(40));
          const lost = apart(node, other);
          after(wire.arrives[to] - now, () => {
            if (!lost && !apart(node, other) && !wire.closed && other.alive) wire.links[to]?.receive(bytes, now);
          });
          return true;
        },
        proven: ({ validator, epoch, instance }, bytes) => {
          commit(node, (draft) => {
            startSeen(draft, validator, { epoch, instance, certificate: toHex(bytes) });
          });
        },
        opened: () => {
          const { validator } = other;
          const old = node.linked.get(validator);
          const openedBy = wire.ends[0].validator;
          const smaller = node.validator < validator ? node.validator : validator;
          if (old !== undefined) {
            const standing = {
              openedBy: old.wire.ends[0].validator,
              epoch: old.link.certificate?.epoch ?? 0,
              silent: now - old.link.heard,
            };
            if (!takesOver(standing, { openedBy, epoch: link.certificate?.epoch ?? 0, silent: 0 }, smaller)) {
              link.end(REPLACED);
              return;
            }
            unlink(node, validator);
            old.link.end(REPLACED);
          }
          node.linked.set(validator, { wire, side, link });
          node.failures.set(validator, 0);
          links += 1;
          flush(node, validator);
        },
        deliver: (place, body) => {
          heard(node, other.validator, link, place, body);
        },
        acknowledged: (place) => {
          if (node.linked.get(other.validator)?.link === link) acknowledged(node, other.validator, place);
        },
        addresses: () => undefined,
        viewed: () => undefined,
        ended: () => {
          if (node.linked.get(other.validator)?.link === link) unlink(node, other.validator);
          wire.links[side] = undefined;
          // What was said last is on its way; then the connection is closed, if the other side still hears of it.
          after(200, () => {
            wire.closed = true;
            wires.delete(wire);
            if (!apart(node, other)) wire.links[side === 0 ? 1 : 0]?.lost(CLOSED);
          });
        },
      },
      {
        self: () => ({ validator: node.validator, genesis: GENESIS, epoch: node.epoch, instance: node.instance }),
        certificate: () => node.certificate,
        expected: () => ({
          peerId: other.name,
          genesis: GENESIS,
          height: 1,
          admitted: () => true,
          known: (validator) => knownStart(node.tables, validator),
        }),
        hello: (to) => ({ version: 's', received: lastReceived(node.tables, to) ?? null, givenUp: lastGivenUp(node.tables, to) ?? null }),
        limits: LIMITS,
        crowded: () => false,
      },
      now,
    );
    wire.links[side] = link;
    link.showCertificate();
  };

  const dial = (node: Node, other: Node): void => {
    const wait = (failures: number): void => {
      node.failures.set(other.validator, failures);
      after(waitAfter(failures, REDIAL, random()), () => {
        dial(node, other);
      });
    };
    const failures = node.failures.get(other.validator) ?? 0;
    if (!node.alive || node.linked.has(other.validator)) {
      wait(0);
      return;
    }
    if (!other.alive || apart(node, other)) {
      wait(failures + 1);
      return;
    }
    const wire: Wire = { ends: [node, other], links: [undefined, undefined], arrives: [now, now], closed: false };
    wires.add(wire);
    after(5 + below(40), () => {
      if (!node.alive || !other.alive || apart(node, other)) return;
      openEnd(wire, 0);
      openEnd(wire, 1);
    });
    wait(failures + 1);
  };

  const tick = (): void => {
    for (const wire of [...wires])
      for (const [side, link] of wire.links.entries())
        if (wire.ends[side]?.alive === true) link?.tick(now, () => ({ since: 0, roundTrip: null, queue: 0, lastError: null }));
    after(250, tick);
  };

  const say = (from: Node, to: Node, id: string): void => {
    const message = {
      kind: 'test',
      from: from.validator,
      to: to.validator,
      genesis: GENESIS,
      id,
      body: null,
      signature: `0x${'00'.repeat(64)}`,
    } as const;
    commit(from, (draft) => {
      enqueue(draft, { epoch: () => from.epoch }, message);
    });
    from.said.set(to.validator, [...(from.said.get(to.validator) ?? []), id]);
    flush(from, to.validator);
  };

  const die = (node: Node): void => {
    node.alive = false;
    node.linked.clear();
    node.sending.clear();
    for (const wire of [...wires]) {
      const side = wire.ends[0] === node ? 0 : wire.ends[1] === node ? 1 : undefined;
      if (side === undefined) continue;
      wire.links[side] = undefined;
      const other = side === 0 ? 1 : 0;
      // A process that dies has its sockets closed by the system; a machine that dies says nothing.
      if (random() < 0.5) wire.links[other]?.lost(CLOSED);
    }
  };

  const span = 120_000;
  for (const node of all)
    for (const other of all)
      if (node !== other)
        after(below(1_000), () => {
          dial(node, other);
        });
  after(0, tick);
  for (let index = 0; index < messages; index += 1)
    after(below(span), () => {
      const from = pick(all);
      const to = pick(all.filter((node) => node !== from));
      if (from.alive) say(from, to, `m${String(index)}`);
    });
  for (let index = 0; index < partitions; index += 1) {
    const start = ((index + 0.2 + random() * 0.3) * span) / Math.max(1, partitions);
    after(start, () => {
      split = new Set(all.filter(() => random() < 0.5));
    });
    after(start + 1_000 + below(span / Math.max(1, partitions) / 2), () => {
      split = undefined;
    });
  }
  for (let index = 0; index < restarts; index += 1) {
    const node = pick(all);
    const start = below(span);
    after(start, () => {
      die(node);
    });
    after(start + 200 + below(5_000), () => {
      if (!node.alive) begin(node);
    });
  }

  const isDone = (): boolean =>
    now > span && all.every((node) => node.alive && [...node.outbox.values()].every((lane) => lane.length === 0));
  while (now < span + PATIENCE && !isDone()) {
    const next = agenda.shift();
    if (next === undefined) break;
    now = next.at;
    next.work();
  }
  for (const node of all)
    for (const [to, ids] of node.said) {
      const got = nodeOf(to).inbound.get(node.validator) ?? [];
      if (JSON.stringify(got) !== JSON.stringify(ids))
        violations.push(
          `${node.name} said ${String(ids.length)} messages to ${nodeOf(to).name}, which heard ${String(got.length)}, or in another order`,
        );
    }
  const delivered = all.reduce((sum, { inbound }) => sum + [...inbound.values()].reduce((own, ids) => own + ids.length, 0), 0);
  return { delivered, links, partitions, violations, seconds: Math.round(now / 1_000) };
};
