import { setImmediate as setImmediateAsync, setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { hostOf, isPrivate, withoutIdentity } from '../../domain/peers/addresses.ts';
import { signAddressRecord } from '../../domain/peers/addressRecord.ts';
import { takesOver } from '../../domain/peers/arbitration.ts';
import {
  CERTIFICATE_BLOCKS,
  CERTIFICATE_HEAD_START,
  type Certificate,
  decodeCertificate,
  signCertificate,
} from '../../domain/peers/certificate.ts';
import { FairTurns } from '../../domain/peers/fairTurns.ts';
import { isAfter, type Place } from '../../domain/peers/frames.ts';
import { LIMITS, type LinkLimits, type LinkTerms } from '../../domain/peers/linkTerms.ts';
import { PeerError, type PeerErrorCode } from '../../domain/peers/peerError.ts';
import type { LastError, PeerReport, PeerState, PeersReport } from '../../domain/peers/peerReport.ts';
import { PENALTY, waitAfter } from '../../domain/peers/redial.ts';
import type { Hello, View } from '../../domain/peers/words.ts';
import type { PeerParcel } from '../../sinks/toPeer.ts';
import { type PeerEvent, type PeerFrame, type PeerMemory, type PeerNetwork, RefusedFrame } from '../../streams/fromPeers.ts';
import { AddressBook, type PeerAddress } from './addressBook.ts';
import { keepDialling } from './dialler.ts';
import { LOBBY_LIMITS, Lobby, type LobbyLimits } from './lobby.ts';
import { MUX_LIMITS, type MuxLimits } from './muxGuard.ts';
import { type Node, openNode } from './openNode.ts';
import { Session } from './session.ts';
import { Slots } from './slots.ts';

export type { PeerAddress } from './addressBook.ts';

/** The versions of the protocol this coordinator speaks, the best one first; of those both sides speak the dialling side takes its best. */
const VERSIONS = [1] as const;
const protocolOf = (version: number): string => `/serai/coordinator/${String(version)}`;
const versionOf = (protocol: string): number => Number(protocol.slice(protocol.lastIndexOf('/') + 1));

/** Milliseconds between two looks at the clock. */
const BEAT = 250;

/** Milliseconds a dial may take, until the stream is open. */
const DIAL = 10_000;

/** Dials at once, until hello is said: a coordinator that starts among hundreds does not begin with all of them. */
const DIALS = 8;

/** Messages handed on at once: of all peers, and of one. */
const IN_FLIGHT = { all: 256, one: 32 } as const;

/** What a message weighs besides its bytes, for turns between peers: about what checking its signature costs. */
const MESSAGE_WEIGHT = 4_096;

/** Bytes that wait for their turn, of all peers; beyond them nobody with something waiting is read. */
const WAITING_BYTES = 64 * 1024 * 1024;

/** Milliseconds between two looks for validators at addresses the node knows, and addresses tried each time. */
const SEARCH = { every: 60_000, first: 2_000, atOnce: 8 } as const;

/** Ends of a link that the other side is to blame for. */
const BLAMED: ReadonlySet<PeerErrorCode> = new Set(['peer.malformed', 'peer.slow', 'peer.gap', 'peer.unsigned', 'peer.foreign-chain']);

/** All bounds and deadlines of the links. */
export interface NetworkLimits {
  readonly link: LinkLimits;
  readonly mux: MuxLimits;
  readonly lobby: LobbyLimits;
  /** Blocks a certificate of ours is valid for. */
  readonly certificateBlocks: number;
  /** Milliseconds the validator with the greater key lets the other dial first. */
  readonly headStart: number;
}

export const NETWORK_LIMITS: NetworkLimits = {
  link: LIMITS,
  mux: MUX_LIMITS,
  lobby: LOBBY_LIMITS,
  certificateBlocks: CERTIFICATE_BLOCKS,
  headStart: 5_000,
};

export interface Libp2pOptions {
  readonly listen: readonly string[];
  /** Where others reach us; without it, where we listen. */
  readonly announce?: readonly string[];
  /** Addresses from the configuration. */
  readonly peers: () => readonly PeerAddress[];
  /** Whether addresses others name may lead into a private network; without it, where we listen on one ourselves. */
  readonly allowPrivate?: boolean;
  /** Addresses where coordinators of validators may be, of whom is not known. */
  readonly search?: () => Promise<readonly string[]>;
  /** 32 bytes: the Ed25519 key of our libp2p identity, so that it is the same after a restart. */
  readonly identitySeed: Uint8Array;
  readonly validator: Hex;
  readonly genesisHash: Hex;
  readonly version: string;
  /** Makes an sr25519 signature with our Serai key. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly memory: PeerMemory;
  /** Hears of every link that begins or ends and of what was refused. */
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
  readonly limits?: NetworkLimits;
}

/** The links to the other validators over libp2p: TCP, noise, yamux (design §9). */
export interface Libp2pNetwork extends PeerNetwork {
  /** The addresses we listen on, with our peer id. */
  addresses(): string[];
}

/** Opens our side of the network. */
export const openLibp2p = async (options: Libp2pOptions): Promise<Libp2pNetwork> => {
  const limits = options.limits ?? NETWORK_LIMITS;
  const allowPrivate = options.allowPrivate ?? options.listen.some((address) => isPrivate(address) && !isUnspecified(address));
  const book = new AddressBook({ genesis: options.genesisHash, configured: options.peers, allowPrivate });
  const refused = new Map<PeerErrorCode, number>();
  const lobby = new Lobby({
    limits: limits.lobby,
    isKnownHost: (host) => book.isKnownHost(host),
    refused: ({ code, message }, address) => {
      refused.set(code, (refused.get(code) ?? 0) + 1);
      options.log('peer.refused', { code, address, reason: message });
    },
  });
  const node = await openNode({
    listen: options.listen,
    identitySeed: options.identitySeed,
    muxLimits: limits.mux,
    lobby,
    connections: 2_048,
  });
  const network = new Network({ node, options, limits, book, lobby, refused });
  for (const version of VERSIONS)
    await node.libp2p.handle(
      protocolOf(version),
      (stream, connection) => {
        network.answer(stream, connection);
      },
      { maxInboundStreams: 1, maxOutboundStreams: 1 },
    );
  return network;
};

const isUnspecified = (address: string): boolean => /^\/ip4\/0\.0\.0\.0\/|^\/ip6\/::\//.test(address);

interface Parts {
  readonly node: Node;
  readonly options: Libp2pOptions;
  readonly limits: NetworkLimits;
  readonly book: AddressBook;
  readonly lobby: Lobby;
  readonly refused: Map<PeerErrorCode, number>;
}

/** A link that is open, and what decides between it and another one. */
interface Linked {
  readonly session: Session;
  readonly openedBy: Hex;
  readonly address: string;
  readonly protocol: number;
  readonly certificate: Certificate;
  version: string | null;
}

/** What is known of another validator's coordinator. */
interface Peer {
  readonly validator: Hex;
  linked: Linked | undefined;
  state: PeerState;
  since: number;
  address: string | null;
  lastError: LastError | null;
  version: string | null;
  theirs: (View & { readonly at: number }) | null;
  links: number;
  failures: number;
  /** Ends of links it was to blame for, one after the other, and until when it is not listened to. */
  blamed: number;
  blamedUntil: number;
  /** Of links that are over. */
  readonly before: { sentMessages: number; sentBytes: number; receivedMessages: number; receivedBytes: number };
  /** What is to be sent and was not acknowledged, in order. */
  readonly batches: Batch[];
  /** Told when the link begins or ends. */
  readonly changed: Set<() => void>;
  dialling: AbortController | undefined;
}

/** Messages that are sent together, until they are acknowledged. */
interface Batch {
  readonly parcels: readonly PeerParcel[];
  readonly resolve: () => void;
  readonly reject: (reason: PeerError) => void;
}

const byPlace = ({ parcels: [a] }: Batch, { parcels: [b] }: Batch): number => {
  if (a === undefined || b === undefined) return 0;
  return isAfter(a, b) ? 1 : -1;
};

interface Heard {
  readonly session: Session;
  readonly frame: PeerFrame;
}

const now = (): number => performance.now();

class Network implements Libp2pNetwork {
  readonly #parts: Parts;
  readonly #peers = new Map<Hex, Peer>();
  readonly #sessions = new Set<Session>();
  readonly #turns = new FairTurns<Session, Heard>(MESSAGE_WEIGHT);
  readonly #listeners = new Set<(event: PeerEvent) => void>();
  readonly #closing = new AbortController();
  readonly #slots = new Slots(DIALS);
  readonly #beat: NodeJS.Timeout;
  #addressRecord: Uint8Array;
  #admitted = new Set<Hex>();
  #wanted = new Set<Hex>();
  #deliver: ((frame: PeerFrame) => Promise<void>) | undefined;
  #inFlight = 0;
  #pumping = false;
  #certificate: { readonly bytes: Uint8Array; readonly renewAt: number } | undefined;
  /** Who proved to us that we had lost a life: an epoch above it was entered. */
  readonly #raisedBy = new Set<Hex>();
  #entering = false;
  #stopped: string | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { options, book } = parts;
    for (const record of options.memory.addresses()) book.restore(record);
    this.#addressRecord = this.#ownAddresses();
    this.#beat = setInterval(() => {
      this.#tick();
    }, BEAT);
    if (options.search !== undefined) this.#searching(options.search).catch(() => undefined);
  }

  addresses(): string[] {
    return this.#parts.node.libp2p.getMultiaddrs().map(String);
  }

  hold(admitted: readonly Hex[], wanted: readonly Hex[]): void {
    this.#admitted = new Set(this.#stopped === null ? admitted : []);
    this.#wanted = new Set(wanted);
    for (const [validator, peer] of this.#peers) {
      if (this.#admitted.has(validator)) continue;
      peer.dialling?.abort();
      peer.dialling = undefined;
      const reason = new PeerError('peer.stranger', `${validator} is not a validator of a current, coming or just retired set`);
      peer.linked?.session.end(reason);
      this.#giveBack(peer, reason);
      if (this.#wanted.has(validator)) this.#becomes(peer, 'not-admitted');
      else if (peer.linked === undefined) this.#peers.delete(validator);
    }
    for (const validator of wanted) {
      const peer = this.#peer(validator);
      if (!this.#admitted.has(validator)) this.#becomes(peer, 'not-admitted');
      else if (peer.dialling === undefined && !this.#closing.signal.aborted) this.#dial(peer);
    }
  }

  frames(deliver: (frame: PeerFrame) => Promise<void>): () => void {
    this.#deliver = deliver;
    this.#pump();
    return () => {
      this.#deliver = undefined;
    };
  }

  events(keep: (event: PeerEvent) => void): () => void {
    this.#listeners.add(keep);
    return () => {
      this.#listeners.delete(keep);
    };
  }

  send(to: Hex, parcels: readonly PeerParcel[]): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(new PeerError('peer.closing', 'the coordinator is stopping'));
    const peer = this.#peer(to);
    return new Promise((resolve, reject) => {
      const batch = { parcels, resolve, reject };
      peer.batches.push(batch);
      // One that was given back, and comes again, may come after its successor.
      peer.batches.sort(byPlace);
      if (!this.#admitted.has(to)) this.#becomes(peer, 'not-admitted');
      if (peer.linked !== undefined) this.#sendBatch(peer, peer.linked.session, batch);
    });
  }

  report(): PeersReport {
    const { options, refused, node } = this.#parts;
    const waiting = options.memory.waiting();
    const shown = [...this.#peers.values()].sort((a, b) => (a.validator < b.validator ? -1 : 1));
    return {
      self: options.validator,
      listens: node.libp2p.getMultiaddrs().map(String),
      height: options.memory.height(),
      peers: shown.map((peer) => this.#reportOf(peer, waiting.get(peer.validator) ?? 0)),
      refused: Object.fromEntries(refused),
      stopped: this.#stopped,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#beat);
    for (const peer of this.#peers.values()) {
      peer.dialling?.abort();
      this.#giveBack(peer, new PeerError('peer.closing', 'the coordinator is stopping'));
    }
    const sessions = [...this.#sessions];
    for (const session of sessions) session.end(new PeerError('peer.closing', 'the coordinator is stopping'));
    await Promise.all(sessions.map(({ ended }) => ended));
    await this.#parts.node.libp2p.stop();
  }

  /** A stream another side opened. */
  answer(stream: Stream, connection: Connection): void {
    this.#run(stream, connection, 'them').catch(() => undefined);
  }

  #ownAddresses(): Uint8Array {
    const { validator, genesisHash, memory, sign } = this.#parts.options;
    const { epoch } = memory.start();
    return signAddressRecord({ validator, genesis: genesisHash, epoch, revision: 1, addresses: this.#announced() }, sign);
  }

  #announced(): readonly string[] {
    const { options, node } = this.#parts;
    if (options.announce !== undefined && options.announce.length > 0) return options.announce.slice(0, 8);
    const listens = node.libp2p.getMultiaddrs().map((address) => withoutIdentity(address.toString()));
    const reachable = listens.filter((address) => !isPrivate(address));
    return (reachable.length > 0 ? reachable : listens).slice(0, 8);
  }

  #peer(validator: Hex): Peer {
    const known = this.#peers.get(validator);
    if (known !== undefined) return known;
    const peer: Peer = {
      validator,
      linked: undefined,
      state: 'disconnected',
      since: Date.now(),
      address: null,
      lastError: null,
      version: null,
      theirs: null,
      links: 0,
      failures: 0,
      blamed: 0,
      blamedUntil: 0,
      before: { sentMessages: 0, sentBytes: 0, receivedMessages: 0, receivedBytes: 0 },
      batches: [],
      changed: new Set(),
      dialling: undefined,
    };
    this.#peers.set(validator, peer);
    return peer;
  }

  #becomes(peer: Peer, state: PeerState): void {
    if (peer.state === state) return;
    peer.state = state;
    peer.since = Date.now();
  }

  #failed(peer: Peer, { code, message }: PeerError, theirs: boolean): void {
    peer.failures += 1;
    peer.lastError = { code, text: message.slice(0, 300), at: Date.now(), theirs };
  }

  // --- dialling ---

  #dial(peer: Peer): void {
    const { options, book } = this.#parts;
    const stop = new AbortController();
    peer.dialling = stop;
    keepDialling(
      {
        validator: peer.validator,
        addresses: () => book.of(peer.validator),
        unlinked: (signal) => this.#until(peer, (one) => one.linked === undefined, signal),
        dial: (address, signal) => {
          this.#becomes(peer, 'connecting');
          peer.address = address;
          // While it waited for its turn the other side may have come.
          return this.#dialAt(address, signal, () => peer.linked === undefined);
        },
        failed: (error, address) => {
          if (peer.linked !== undefined) return;
          this.#failed(peer, error, false);
          this.#becomes(peer, error.code === 'peer.no-address' ? 'no-address' : 'disconnected');
          options.log('peer.dial-failed', { validator: peer.validator, code: error.code, address, reason: error.message });
        },
        head: options.validator < peer.validator ? 0 : this.#parts.limits.headStart,
        random: Math.random,
      },
      stop.signal,
    ).catch(() => undefined);
  }

  /** Dials an address; resolves when the link it made has ended, rejects where it made none. */
  #dialAt(address: string, stopped: AbortSignal, isOfUse: () => boolean): Promise<void> {
    const over = AbortSignal.any([stopped, this.#closing.signal]);
    return this.#slots.within(over, async (leave) => {
      if (isOfUse() && !this.#entering) await this.#dialNow(address, over, leave);
    });
  }

  async #dialNow(address: string, over: AbortSignal, leave: () => void): Promise<void> {
    const { node } = this.#parts;
    const signal = AbortSignal.any([over, AbortSignal.timeout(DIAL)]);
    const connection = await node.libp2p.dial(multiaddr(address), { signal, force: true });
    let stream: Stream;
    try {
      stream = await connection.newStream(VERSIONS.map(protocolOf), { signal });
    } catch (cause) {
      connection.abort(new Error('no stream'));
      throw new PeerError('peer.version', `at ${address} no version of the protocol is spoken that we speak: ${String(cause)}`, { cause });
    }
    const end = await this.#run(stream, connection, 'us', leave);
    if (!end.opened) throw end.reason;
  }

  /** Looks for validators where the node knows of some, as long as one is missing. */
  async #searching(search: () => Promise<readonly string[]>): Promise<void> {
    const { book, options } = this.#parts;
    const { signal } = this.#closing;
    await sleep(SEARCH.first, undefined, { signal });
    for (;;) {
      if ([...this.#wanted].some((validator) => this.#admitted.has(validator) && this.#peers.get(validator)?.linked === undefined)) {
        const linked = new Set([...this.#peers.values()].flatMap(({ linked: link }) => hostOf(withoutIdentity(link?.address ?? '')) ?? []));
        const found = await search().catch((error: unknown) => {
          options.log('peer.search-failed', { reason: String(error) });
          return [];
        });
        const fresh = found.filter((address) => book.mayDial(address) && !linked.has(hostOf(address) ?? ''));
        const some = fresh.map((address) => ({ address, at: Math.random() })).sort((a, b) => a.at - b.at);
        for (const { address } of some.slice(0, SEARCH.atOnce)) this.#dialAt(address, signal, () => true).catch(() => undefined);
      }
      await sleep(SEARCH.every * (0.75 + Math.random() / 2), undefined, { signal });
    }
  }

  // --- links ---

  /** Resolves when something holds of a peer; rejects when the signal fires. */
  #until(peer: Peer, holds: (peer: Peer) => boolean, signal: AbortSignal): Promise<void> {
    if (holds(peer)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!holds(peer)) return;
        end();
        resolve();
      };
      const give = (): void => {
        end();
        reject(new PeerError('peer.disconnected', 'there is no link'));
      };
      const end = (): void => {
        peer.changed.delete(look);
        signal.removeEventListener('abort', give);
      };
      peer.changed.add(look);
      signal.addEventListener('abort', give);
      if (signal.aborted) give();
    });
  }

  /** Sends a batch on a link; where the link ends first, the batch waits for the next one. */
  #sendBatch(peer: Peer, session: Session, batch: Batch): void {
    session.send(batch.parcels).then(
      () => {
        peer.batches.splice(peer.batches.indexOf(batch), 1);
        batch.resolve();
      },
      () => undefined,
    );
  }

  /** What waits for a peer will not be sent from here. */
  #giveBack(peer: Peer, reason: PeerError): void {
    for (const { reject } of peer.batches.splice(0)) reject(reason);
  }

  /** Runs a link on a stream until it ends. */
  async #run(
    stream: Stream,
    connection: Connection,
    openedBy: 'us' | 'them',
    introduced: () => void = () => undefined,
  ): Promise<{ readonly opened: boolean; readonly reason: PeerError }> {
    const { options, node } = this.#parts;
    const guard = node.guardOf(stream);
    let linked: Linked | undefined;
    const opened = { ever: false };
    const session = new Session({
      stream,
      terms: this.#terms(connection.remotePeer.toString()),
      now,
      broken: () => guard?.broken,
      events: {
        proven: (_session, certificate, bytes) => {
          guard?.proven();
          this.#proven(session, connection, certificate, bytes);
          linked ??= {
            session,
            openedBy: openedBy === 'us' ? options.validator : certificate.validator,
            address: connection.remoteAddr.toString(),
            protocol: versionOf(stream.protocol),
            certificate,
            version: null,
          };
        },
        opened: (_session, hello) => {
          introduced();
          if (linked !== undefined) opened.ever = this.#opened(linked, hello);
        },
        heard: (_session, place, body) => {
          if (linked !== undefined) this.#heard(session, { from: linked.certificate.validator, ...place, body });
        },
        addresses: (_session, record) => {
          this.#learn(record, session);
        },
        viewed: (view) => {
          if (linked !== undefined) this.#peer(linked.certificate.validator).theirs = { ...view, at: Date.now() };
        },
      },
    });
    this.#sessions.add(session);
    const { reason, remote } = await session.ended;
    this.#sessions.delete(session);
    this.#turns.clear(session);
    this.#ended(session, linked, { reason, remote }, connection, openedBy);
    // What was said last goes out before the connection is closed, if the other side takes it.
    connection.close({ signal: AbortSignal.timeout(1_000) }).catch(() => {
      connection.abort(reason);
    });
    return { opened: opened.ever, reason };
  }

  #terms(peerId: string): LinkTerms {
    const { options, limits } = this.#parts;
    const { memory, validator, genesisHash } = options;
    return {
      self: () => ({ validator, genesis: genesisHash, ...memory.start() }),
      certificate: () => this.#ownCertificate(),
      expected: () => ({
        peerId,
        genesis: genesisHash,
        height: Math.max(0, memory.height()),
        // While an epoch is entered nobody is let in.
        admitted: (other) => other !== validator && !this.#entering && this.#admitted.has(other),
        known: memory.known,
      }),
      hello: (to): Hello => ({
        version: options.version.slice(0, 64),
        received: memory.received(to) ?? null,
        givenUp: memory.givenUp(to) ?? null,
      }),
      limits: limits.link,
      crowded: () => this.#turns.weight > WAITING_BYTES,
    };
  }

  #ownCertificate(): Uint8Array {
    const { options, limits, node } = this.#parts;
    const height = Math.max(0, options.memory.height());
    if (this.#certificate === undefined || height >= this.#certificate.renewAt) {
      const bytes = signCertificate(
        {
          validator: options.validator,
          genesis: options.genesisHash,
          ...options.memory.start(),
          validFrom: Math.max(0, height - CERTIFICATE_HEAD_START),
          validUntil: height + limits.certificateBlocks,
          peerId: node.libp2p.peerId.toString(),
        },
        options.sign,
      );
      this.#certificate = { bytes, renewAt: height + Math.ceil(limits.certificateBlocks / 2) };
    }
    return this.#certificate.bytes;
  }

  #proven(session: Session, connection: Connection, certificate: Certificate, bytes: Uint8Array): void {
    const { lobby } = this.#parts;
    lobby.proven(connection.remoteAddr.toString());
    const { validator, epoch, instance } = certificate;
    const peer = this.#peer(validator);
    const wait = peer.blamedUntil - now();
    if (wait > 0) {
      session.end(new PeerError('peer.refused', `it broke the protocol, and is listened to again in ${String(Math.ceil(wait / 1_000))} s`));
      return;
    }
    this.#tell({ kind: 'started', validator, start: { epoch, instance, certificate: toHex(bytes) } });
  }

  /** A peer has said hello: its link is the one that counts, unless an older one stays. */
  #opened(fresh: Linked, hello: Hello): boolean {
    const { options, book } = this.#parts;
    const { validator } = fresh.certificate;
    const peer = this.#peer(validator);
    const { session } = fresh;
    const sent = options.memory.sent(validator);
    // What it has of epochs before this one may be of a life of ours that is lost.
    const ofNow = hello.received?.epoch === options.memory.start().epoch;
    if (hello.received !== null && ofNow && (sent === undefined || isAfter(hello.received, sent))) {
      const { epoch, sequence } = hello.received;
      session.end(
        new PeerError('peer.rolled-back', `it has message ${String(sequence)} of epoch ${String(epoch)} of us, which our store never sent`),
      );
      return false;
    }
    const old = peer.linked;
    if (old !== undefined) {
      const standing = { openedBy: old.openedBy, epoch: old.certificate.epoch, silent: now() - old.session.link.heard };
      const smaller = options.validator < validator ? options.validator : validator;
      if (!takesOver(standing, { openedBy: fresh.openedBy, epoch: fresh.certificate.epoch, silent: 0 }, smaller)) {
        session.end(new PeerError('peer.replaced', 'there is a link already, and it stays'));
        return true;
      }
      this.#unlink(peer, old);
      old.session.end(new PeerError('peer.replaced', 'another link has taken its place'));
    }
    fresh.version = hello.version;
    peer.linked = fresh;
    peer.version = hello.version;
    peer.address = fresh.address;
    peer.links += 1;
    if (hello.givenUp !== null) this.#tell({ kind: 'given-up', validator, upTo: hello.givenUp });
    this.#becomes(peer, 'connected');
    this.#changed(peer);
    for (const batch of [...peer.batches]) this.#sendBatch(peer, session, batch);
    options.log('peer.linked', { validator, address: fresh.address, openedBy: fresh.openedBy === options.validator ? 'us' : 'them' });
    if (fresh.openedBy === options.validator) book.foundAt(validator, withoutIdentity(fresh.address));
    session.link.tellAddresses(this.#addressRecord);
    for (const record of book.records((other) => other !== validator && this.#admitted.has(other))) session.link.tellAddresses(record);
    return true;
  }

  #unlink(peer: Peer, linked: Linked): void {
    const { sentMessages, sentBytes, receivedMessages, receivedBytes } = linked.session;
    peer.before.sentMessages += sentMessages;
    peer.before.sentBytes += sentBytes;
    peer.before.receivedMessages += receivedMessages;
    peer.before.receivedBytes += receivedBytes;
    peer.linked = undefined;
    this.#changed(peer);
  }

  #changed(peer: Peer): void {
    for (const look of [...peer.changed]) look();
  }

  #ended(
    session: Session,
    linked: Linked | undefined,
    { reason, remote }: { readonly reason: PeerError; readonly remote: boolean },
    connection: Connection,
    openedBy: 'us' | 'them',
  ): void {
    const { options, refused } = this.#parts;
    const certificate = linked?.certificate;
    const details = {
      ...(certificate === undefined ? { peer: connection.remotePeer.toString() } : { validator: certificate.validator }),
      address: connection.remoteAddr.toString(),
      openedBy,
      code: reason.code,
      // What another side wrote is not for the log.
      reason: remote ? 'the other side said so' : reason.message,
    };
    if (certificate === undefined) {
      refused.set(reason.code, (refused.get(reason.code) ?? 0) + 1);
      options.log('peer.refused', details);
      return;
    }
    const peer = this.#peer(certificate.validator);
    options.log('peer.link-ended', details);
    if (!remote && BLAMED.has(reason.code)) {
      peer.blamedUntil = now() + waitAfter(peer.blamed, PENALTY, Math.random());
      peer.blamed += 1;
    }
    if (remote && reason.code === 'peer.rolled-back') this.#provenOld(certificate.validator, reason).catch(() => undefined);
    if (peer.linked?.session === session) this.#unlink(peer, peer.linked);
    if (peer.linked !== undefined) return;
    this.#failed(peer, reason, remote);
    this.#becomes(peer, this.#admitted.has(peer.validator) ? 'disconnected' : 'not-admitted');
    if (!this.#admitted.has(peer.validator) && !this.#wanted.has(peer.validator)) this.#peers.delete(peer.validator);
  }

  /**
   * Another validator holds a certificate of a later start of ours: our store is an older one, and an epoch above it is entered. Each may have
   * seen another start of those that are lost; where one of them has seen two, another coordinator runs with our key just now, and this one
   * leaves the field.
   */
  async #provenOld(by: Hex, reason: PeerError): Promise<void> {
    const { options } = this.#parts;
    if (this.#stopped !== null || typeof reason.cause !== 'string' || this.#entering) return;
    const { epoch } = decodeCertificate(fromHex(reason.cause));
    if (epoch < options.memory.start().epoch) return;
    options.log('peer.rolled-back', { by, reason: reason.message });
    if (this.#raisedBy.has(by)) {
      this.#stopped = `another coordinator runs with the same key: ${by} has seen epoch ${String(epoch)} of it; stop one of the two`;
      this.hold([], [...this.#wanted]);
      return;
    }
    this.#raisedBy.add(by);
    this.#entering = true;
    const sessions = [...this.#sessions];
    for (const session of sessions) session.end(new PeerError('peer.replaced', 'a later epoch begins'));
    await Promise.all(sessions.map(({ ended }) => ended));
    for (const peer of this.#peers.values()) this.#giveBack(peer, new PeerError('peer.replaced', 'a later epoch begins'));
    // What was acknowledged until now is counted first.
    await setImmediateAsync();
    await options.memory.enterAbove(epoch);
    this.#certificate = undefined;
    this.#addressRecord = this.#ownAddresses();
    this.#entering = false;
  }

  #tell(event: PeerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #learn(bytes: Uint8Array, from: Session): void {
    const { book } = this.#parts;
    let learnt: ReturnType<AddressBook['learn']>;
    try {
      learnt = book.learn(bytes, (validator) => this.#admitted.has(validator));
    } catch (error) {
      from.end(error as PeerError);
      return;
    }
    if (learnt === undefined) return;
    this.#tell({ kind: 'addresses', record: learnt.record, bytes: toHex(bytes) });
    if (!learnt.moved) return;
    for (const { linked } of this.#peers.values())
      if (linked !== undefined && linked.session !== from) linked.session.link.tellAddresses(bytes);
  }

  // --- messages ---

  #heard(session: Session, frame: PeerFrame): void {
    // Whoever has nothing waiting comes first: those who flood always have something waiting.
    if (session.inFlight === 0 && !this.#turns.has(session) && this.#deliver !== undefined && this.#inFlight < IN_FLIGHT.all) {
      this.#handOn({ session, frame }, this.#deliver).catch(() => undefined);
      return;
    }
    this.#turns.add(session, { session, frame }, frame.body.length + MESSAGE_WEIGHT);
    this.#pump();
  }

  /** Hands on one message at a time, each peer in its turn; sockets are looked at in between. */
  #pump(): void {
    if (this.#pumping || this.#deliver === undefined || this.#inFlight >= IN_FLIGHT.all) return;
    const next = this.#turns.next(({ inFlight }) => inFlight < IN_FLIGHT.one);
    if (next === undefined) return;
    this.#pumping = true;
    this.#handOn(next, this.#deliver).catch(() => undefined);
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  async #handOn({ session, frame }: Heard, deliver: (frame: PeerFrame) => Promise<void>): Promise<void> {
    session.inFlight += 1;
    this.#inFlight += 1;
    try {
      await deliver(frame);
      session.settle(frame satisfies Place);
    } catch (error) {
      session.end(refusalOf(error));
    } finally {
      session.inFlight -= 1;
      this.#inFlight -= 1;
      this.#pump();
    }
  }

  // --- time ---

  #tick(): void {
    const { options } = this.#parts;
    const before = this.#certificate?.bytes;
    const replaced = before !== undefined && this.#ownCertificate() !== before;
    for (const session of this.#sessions) {
      if (replaced && session.link.isOpen) session.link.showCertificate();
      session.tick(() => {
        const validator = session.link.certificate?.validator;
        return this.#view(validator === undefined ? undefined : this.#peers.get(validator), options.memory.waiting);
      });
    }
  }

  #view(peer: Peer | undefined, waiting: PeerMemory['waiting']): View {
    if (peer === undefined) return { since: Date.now(), roundTrip: null, queue: 0, lastError: null };
    const { lastError, since, linked, validator } = peer;
    return {
      since,
      roundTrip: roundTripOf(linked),
      queue: waiting().get(validator) ?? 0,
      lastError: lastError === null ? null : { code: lastError.code, at: lastError.at },
    };
  }

  #reportOf(peer: Peer, queue: number): PeerReport {
    const { validator, state, since, address, lastError, version, theirs, links, failures, before, linked } = peer;
    const session = linked?.session;
    return {
      validator,
      state,
      since,
      address,
      openedBy: linked === undefined ? null : linked.openedBy === this.#parts.options.validator ? 'us' : 'them',
      roundTrip: roundTripOf(linked),
      queue,
      lastError,
      version,
      protocol: linked?.protocol ?? null,
      epoch: this.#parts.options.memory.known(validator)?.epoch ?? null,
      certificateUntil: session?.link.certificate?.validUntil ?? null,
      throttled: session?.link.isThrottled ?? false,
      links,
      failures,
      sentMessages: before.sentMessages + (session?.sentMessages ?? 0),
      sentBytes: before.sentBytes + (session?.sentBytes ?? 0),
      receivedMessages: before.receivedMessages + (session?.receivedMessages ?? 0),
      receivedBytes: before.receivedBytes + (session?.receivedBytes ?? 0),
      theirs,
    };
  }
}

/** Why a message is refused: by what was wrong with it, where that is known. */
const refusalOf = (error: unknown): PeerError => {
  const cause = error instanceof RefusedFrame ? error.cause : error;
  if (cause instanceof PeerError) return cause;
  return new PeerError('peer.malformed', cause instanceof Error ? cause.message : String(cause), { cause });
};

const roundTripOf = (linked: Linked | undefined): number | null => {
  const measured = linked?.session.link.roundTrip ?? null;
  return measured === null ? null : Math.round(measured * 1_000) / 1_000;
};
