import type { Connection, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { type Hex, toHex } from '../../domain/hex.ts';
import { hostOf, isPrivate, withoutIdentity } from '../../domain/peers/addresses.ts';
import { takesOver } from '../../domain/peers/arbitration.ts';
import { CERTIFICATE_BLOCKS, type Certificate } from '../../domain/peers/certificate.ts';
import { isAfter } from '../../domain/peers/frames.ts';
import { LIMITS, type LinkLimits, type LinkTerms } from '../../domain/peers/linkTerms.ts';
import { PeerError, type PeerErrorCode } from '../../domain/peers/peerError.ts';
import type { PeersReport } from '../../domain/peers/peerReport.ts';
import type { Hello, View } from '../../domain/peers/words.ts';
import type { PeerParcel } from '../../sinks/toPeer.ts';
import type { PeerEvent, PeerFrame, PeerMemory, PeerNetwork } from '../../streams/fromPeers.ts';
import { AddressBook, type PeerAddress } from './addressBook.ts';
import { keepDialling } from './dialler.ts';
import { HandOn } from './handOn.ts';
import { LOBBY_LIMITS, Lobby, type LobbyLimits } from './lobby.ts';
import { LostLives } from './lostLives.ts';
import { MUX_LIMITS, type MuxLimits } from './muxGuard.ts';
import { type Node, openNode } from './openNode.ts';
import { OwnPapers } from './ownPapers.ts';
import { type Linked, Peer } from './peer.ts';
import { PROTOCOLS } from './protocols.ts';
import { keepSearching } from './search.ts';
import { Session, type SessionEnd } from './session.ts';
import { Slots } from './slots.ts';

export type { PeerAddress } from './addressBook.ts';

const versionOf = (protocol: string): number => Number(protocol.slice(protocol.lastIndexOf('/') + 1));

/** Milliseconds between two looks at the clock. */
const BEAT = 250;

/** Milliseconds a dial may take, until the stream is open. */
const DIAL = 10_000;

/** Dials at once, until hello is said: a coordinator that starts among hundreds does not begin with all of them. */
const DIALS = 8;

/** Links of one validator that have shown its certificate and not said hello: one, and one more while it is replaced. */
const UNGREETED = 2;

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
    now: () => performance.now(),
    refused: ({ code, message }, address, isNews) => {
      refused.set(code, (refused.get(code) ?? 0) + 1);
      // Who knocks all the time does not fill the log.
      if (isNews) options.log('peer.refused', { code, address, reason: message });
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
  for (const protocol of PROTOCOLS)
    await node.libp2p.handle(
      protocol,
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

const closing = (): PeerError => new PeerError('peer.closing', 'the coordinator is stopping');

class Network implements Libp2pNetwork {
  readonly #parts: Parts;
  readonly #peers = new Map<Hex, Peer>();
  readonly #sessions = new Set<Session>();
  readonly #handOn = new HandOn();
  readonly #listeners = new Set<(event: PeerEvent) => void>();
  readonly #closing = new AbortController();
  readonly #slots = new Slots(DIALS);
  /** Why dials failed, where the other side said so. */
  readonly #saidByThem = new WeakSet<PeerError>();
  readonly #papers: OwnPapers;
  readonly #lostLives: LostLives;
  readonly #beat: NodeJS.Timeout;
  #admitted = new Set<Hex>();
  #wanted = new Set<Hex>();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { options, limits, book, node } = parts;
    for (const record of options.memory.addresses()) book.restore(record);
    this.#papers = new OwnPapers({
      ...options,
      announce: options.announce ?? [],
      peerId: node.libp2p.peerId.toString(),
      listens: this.addresses(),
      certificateBlocks: limits.certificateBlocks,
    });
    this.#lostLives = new LostLives({
      memory: options.memory,
      leaveAll: () => this.#leaveAll(new PeerError('peer.replaced', 'a later epoch begins')),
      entered: () => {
        this.#papers.renew();
      },
      stopped: () => {
        this.hold([], [...this.#wanted]);
      },
      log: options.log,
    });
    this.#beat = setInterval(() => {
      this.#tick();
    }, BEAT);
    if (options.search !== undefined) this.#search(options.search);
  }

  addresses(): string[] {
    return this.#parts.node.libp2p.getMultiaddrs().map(String);
  }

  hold(admitted: readonly Hex[], wanted: readonly Hex[]): void {
    this.#admitted = new Set(this.#lostLives.stopped === null ? admitted : []);
    this.#wanted = new Set(wanted);
    for (const [validator, peer] of this.#peers) if (!this.#admitted.has(validator)) this.#letGo(peer);
    for (const validator of wanted) {
      const peer = this.#peer(validator);
      if (!this.#admitted.has(validator)) peer.becomes('not-admitted');
      else if (peer.dialling === undefined && !this.#closing.signal.aborted) this.#dial(peer);
    }
  }

  frames(deliver: (frame: PeerFrame) => Promise<void>): () => void {
    return this.#handOn.start(deliver);
  }

  events(keep: (event: PeerEvent) => void): () => void {
    this.#listeners.add(keep);
    return () => {
      this.#listeners.delete(keep);
    };
  }

  send(to: Hex, parcels: readonly PeerParcel[]): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(closing());
    const peer = this.#peer(to);
    if (!this.#admitted.has(to)) peer.becomes('not-admitted');
    return peer.send(parcels);
  }

  report(): PeersReport {
    const { options, refused } = this.#parts;
    const { validator: self, memory } = options;
    const waiting = memory.waiting();
    const shown = [...this.#peers.values()].sort((a, b) => (a.validator < b.validator ? -1 : 1));
    return {
      self,
      listens: this.addresses(),
      height: memory.height(),
      peers: shown.map((peer) => peer.report(self, waiting.get(peer.validator) ?? 0, memory.known(peer.validator)?.epoch ?? null)),
      refused: Object.fromEntries(refused),
      stopped: this.#lostLives.stopped,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#beat);
    for (const peer of this.#peers.values()) peer.stopDialling();
    await this.#leaveAll(closing());
    await this.#parts.node.libp2p.stop();
  }

  /** A stream another side opened. */
  answer(stream: Stream, connection: Connection): void {
    this.#run(stream, connection, 'them').catch(() => undefined);
  }

  #peer(validator: Hex): Peer {
    const peer = this.#peers.get(validator) ?? new Peer(validator);
    this.#peers.set(validator, peer);
    return peer;
  }

  /** A validator is no longer admitted. */
  #letGo(peer: Peer): void {
    const { validator } = peer;
    peer.stopDialling();
    const reason = new PeerError('peer.stranger', `${validator} is not a validator of a current, coming or just retired set`);
    // Those, too, that have not said hello yet.
    for (const session of this.#sessionsOf(validator)) session.end(reason);
    peer.giveBack(reason);
    if (this.#wanted.has(validator)) peer.becomes('not-admitted');
    else if (peer.linked === undefined) this.#peers.delete(validator);
  }

  /** The links whose certificate is this validator's. */
  #sessionsOf(validator: Hex): Session[] {
    return [...this.#sessions].filter(({ link }) => link.certificate?.validator === validator);
  }

  /** Ends all links, and gives back what waits to be sent; resolves when they are over. */
  async #leaveAll(reason: PeerError): Promise<void> {
    for (const peer of this.#peers.values()) peer.giveBack(reason);
    const sessions = [...this.#sessions];
    for (const session of sessions) session.end(reason);
    await Promise.all(sessions.map(({ ended }) => ended));
    for (const peer of this.#peers.values()) peer.giveBack(reason);
  }

  // --- dialling ---

  #dial(peer: Peer): void {
    const { options, book, limits } = this.#parts;
    const stop = new AbortController();
    peer.dialling = stop;
    keepDialling(
      {
        validator: peer.validator,
        addresses: () => book.of(peer.validator),
        unlinked: (signal) => peer.unlinked(signal),
        dial: (address, signal) => {
          // While it waited for its turn the other side may have come.
          const isOfUse = (): boolean => {
            if (peer.linked !== undefined) return false;
            peer.becomes('connecting');
            peer.address = address;
            return true;
          };
          return this.#dialAt(address, signal, isOfUse);
        },
        failed: (error, address) => {
          if (peer.linked !== undefined) return;
          peer.failed(error, this.#saidByThem.has(error));
          peer.becomes(error.code === 'peer.no-address' ? 'no-address' : 'disconnected');
          options.log('peer.dial-failed', { validator: peer.validator, code: error.code, address, reason: error.message });
        },
        head: options.validator < peer.validator ? 0 : limits.headStart,
        random: Math.random,
      },
      stop.signal,
    ).catch(() => undefined);
  }

  #search(search: () => Promise<readonly string[]>): void {
    const { book, options } = this.#parts;
    const { signal } = this.#closing;
    const isLinked = (validator: Hex): boolean => this.#peers.get(validator)?.linked !== undefined;
    const isLinkedHost = (host: string | undefined): boolean =>
      [...this.#peers.values()].some(({ linked }) => linked !== undefined && hostOf(withoutIdentity(linked.address)) === host);
    keepSearching(
      {
        search,
        isOneMissing: () => [...this.#wanted].some((validator) => this.#admitted.has(validator) && !isLinked(validator)),
        mayDial: (address) => book.mayDial(address) && !isLinkedHost(hostOf(address)),
        dial: (address) => this.#dialAt(address, signal, () => true),
        failed: (error) => {
          options.log('peer.search-failed', { reason: String(error) });
        },
      },
      signal,
    ).catch(() => undefined);
  }

  /** Dials an address; resolves when the link it made has ended, rejects where it made none. */
  #dialAt(address: string, stopped: AbortSignal, isOfUse: () => boolean): Promise<void> {
    const over = AbortSignal.any([stopped, this.#closing.signal]);
    return this.#slots.within(over, async (leave) => {
      if (isOfUse() && !this.#lostLives.isEntering) await this.#dialNow(address, over, leave);
    });
  }

  async #dialNow(address: string, over: AbortSignal, leave: () => void): Promise<void> {
    const { node } = this.#parts;
    const signal = AbortSignal.any([over, AbortSignal.timeout(DIAL)]);
    const connection = await node.libp2p.dial(multiaddr(address), { signal, force: true });
    let stream: Stream;
    try {
      stream = await connection.newStream([...PROTOCOLS], { signal });
    } catch (cause) {
      connection.abort(new Error('no stream'));
      throw new PeerError('peer.version', `at ${address} no version of the protocol is spoken that we speak: ${String(cause)}`, { cause });
    }
    const end = await this.#run(stream, connection, 'us', leave);
    if (end.opened) return;
    if (end.remote) this.#saidByThem.add(end.reason);
    throw end.reason;
  }

  // --- links ---

  /** Runs a link on a stream until it ends. */
  async #run(
    stream: Stream,
    connection: Connection,
    openedBy: 'us' | 'them',
    introduced: () => void = () => undefined,
  ): Promise<SessionEnd & { readonly opened: boolean }> {
    const { options, node } = this.#parts;
    const guard = node.guardOf(stream);
    let linked: Linked | undefined;
    const opened = { ever: false };
    const session = new Session({
      stream,
      terms: this.#terms(connection.remotePeer.toString()),
      now: () => performance.now(),
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
          };
        },
        opened: (_session, hello) => {
          introduced();
          if (linked !== undefined) opened.ever = this.#opened(linked, hello);
        },
        heard: (_session, place, body, traceparent) => {
          if (linked === undefined) return;
          const frame = { from: linked.certificate.validator, ...place, body };
          this.#handOn.heard(session, traceparent === undefined ? frame : { ...frame, traceparent });
        },
        addresses: (_session, record) => {
          this.#learn(record, session);
        },
        viewed: (view) => {
          if (linked !== undefined) this.#peer(linked.certificate.validator).viewed(view);
        },
      },
    });
    this.#sessions.add(session);
    const end = await session.ended;
    this.#sessions.delete(session);
    this.#handOn.forget(session);
    if (linked === undefined) this.#turnedAway(connection, openedBy, end);
    else this.#ended(linked, end);
    // What was said last goes out before the connection is closed, if the other side takes it.
    connection.close({ signal: AbortSignal.timeout(1_000) }).catch(() => {
      connection.abort(end.reason);
    });
    return { ...end, opened: opened.ever };
  }

  #terms(peerId: string): LinkTerms {
    const { options, limits } = this.#parts;
    const { memory, validator, genesisHash } = options;
    return {
      self: () => ({ validator, genesis: genesisHash, ...memory.start() }),
      certificate: () => this.#papers.certificate,
      expected: () => ({
        peerId,
        genesis: genesisHash,
        height: Math.max(0, memory.height()),
        // While an epoch is entered nobody is let in.
        admitted: (other) => other !== validator && !this.#lostLives.isEntering && this.#admitted.has(other),
        known: memory.known,
      }),
      hello: (to): Hello => ({
        version: options.version.slice(0, 64),
        received: memory.received(to) ?? null,
        givenUp: memory.givenUp(to) ?? null,
      }),
      limits: limits.link,
      crowded: () => this.#handOn.isCrowded,
    };
  }

  #proven(session: Session, connection: Connection, certificate: Certificate, bytes: Uint8Array): void {
    this.#parts.lobby.proven(connection.remoteAddr.toString());
    const { validator, epoch, instance } = certificate;
    const wait = this.#peer(validator).unheardFor(performance.now());
    if (wait > 0) {
      session.end(new PeerError('peer.refused', `it broke the protocol, and is listened to again in ${String(Math.ceil(wait / 1_000))} s`));
      return;
    }
    if (this.#sessionsOf(validator).filter(({ link }) => !link.isOpen).length > UNGREETED) {
      session.end(new PeerError('peer.refused', 'too many links of it have not said hello'));
      return;
    }
    this.#tell({ kind: 'started', validator, start: { epoch, instance, certificate: toHex(bytes) } });
  }

  /** A peer has said hello: its link is the one that counts, unless an older one stays. */
  #opened(fresh: Linked, hello: Hello): boolean {
    const { options } = this.#parts;
    const { session, openedBy, address, certificate } = fresh;
    const { validator } = certificate;
    const unknown = this.#unknownToUs(validator, hello);
    if (unknown !== undefined) {
      session.end(unknown);
      return false;
    }
    const peer = this.#peer(validator);
    if (peer.linked !== undefined && !this.#takesOver(fresh, peer.linked)) {
      session.end(new PeerError('peer.replaced', 'there is a link already, and it stays'));
      return true;
    }
    if (hello.givenUp !== null) this.#tell({ kind: 'given-up', validator, upTo: hello.givenUp });
    const old = peer.linked;
    peer.link(fresh, hello.version);
    old?.session.end(new PeerError('peer.replaced', 'another link has taken its place'));
    options.log('peer.linked', { validator, address, openedBy: openedBy === options.validator ? 'us' : 'them' });
    this.#tellAddresses(fresh);
    return true;
  }

  /** What the other side claims to have of us in this very epoch, and we have never sent. */
  #unknownToUs(validator: Hex, { received }: Hello): PeerError | undefined {
    const { memory } = this.#parts.options;
    // What it has of epochs before this one may be of a life of ours that is lost.
    if (received?.epoch !== memory.start().epoch) return undefined;
    const sent = memory.sent(validator);
    if (sent !== undefined && !isAfter(received, sent)) return undefined;
    const what = `message ${String(received.sequence)} of epoch ${String(received.epoch)}`;
    return new PeerError('peer.rolled-back', `it has ${what} of us, which our store never sent`);
  }

  #takesOver(fresh: Linked, old: Linked): boolean {
    const { validator: self } = this.#parts.options;
    const { validator, epoch } = fresh.certificate;
    const silent = performance.now() - old.session.link.heard;
    const standing = { openedBy: old.openedBy, epoch: old.certificate.epoch, silent };
    return takesOver(standing, { openedBy: fresh.openedBy, epoch, silent: 0 }, self < validator ? self : validator);
  }

  /** A link was made: where it was found is remembered, and it is told where we and the others are reached. */
  #tellAddresses({ session, openedBy, address, certificate: { validator } }: Linked): void {
    const { options, book } = this.#parts;
    if (openedBy === options.validator) book.foundAt(validator, withoutIdentity(address));
    session.link.tellAddresses(this.#papers.addresses);
    for (const record of book.records((other) => other !== validator && this.#admitted.has(other))) session.link.tellAddresses(record);
  }

  #learn(bytes: Uint8Array, from: Session): void {
    const { book } = this.#parts;
    let learnt: ReturnType<AddressBook['learn']>;
    try {
      learnt = book.learn(bytes, (validator) => this.#admitted.has(validator), performance.now());
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

  /** A link ended before it was proven whose it is. */
  #turnedAway(connection: Connection, openedBy: 'us' | 'them', { reason, remote }: SessionEnd): void {
    const { options, refused } = this.#parts;
    refused.set(reason.code, (refused.get(reason.code) ?? 0) + 1);
    const address = connection.remoteAddr.toString();
    options.log('peer.refused', { peer: connection.remotePeer.toString(), address, openedBy, ...loggedOf(reason, remote) });
  }

  #ended({ session, openedBy, address, certificate: { validator } }: Linked, { reason, remote }: SessionEnd): void {
    const { options } = this.#parts;
    const by = openedBy === options.validator ? 'us' : 'them';
    options.log('peer.link-ended', { validator, address, openedBy: by, ...loggedOf(reason, remote) });
    const peer = this.#peer(validator);
    if (!remote) peer.blame(reason, performance.now());
    if (remote && reason.code === 'peer.rolled-back') this.#lostLives.proven(validator, reason).catch(() => undefined);
    if (peer.linked?.session === session) peer.unlink();
    if (peer.linked !== undefined) return;
    peer.failed(reason, remote);
    const isAdmitted = this.#admitted.has(validator);
    peer.becomes(isAdmitted ? 'disconnected' : 'not-admitted');
    if (!isAdmitted && !this.#wanted.has(validator)) this.#peers.delete(validator);
  }

  #tell(event: PeerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  // --- time ---

  #tick(): void {
    for (const session of this.#sessions) session.tick(() => this.#viewOf(session));
  }

  #viewOf({ link: { certificate } }: Session): View {
    const peer = certificate === undefined ? undefined : this.#peers.get(certificate.validator);
    if (peer === undefined) return { since: Date.now(), roundTrip: null, queue: 0, lastError: null };
    return peer.view(this.#parts.options.memory.waiting().get(peer.validator) ?? 0);
  }
}

/** What the log says of an end: what another side wrote is not for it. */
const loggedOf = ({ code, message }: PeerError, remote: boolean) => ({ code, reason: remote ? 'the other side said so' : message });
