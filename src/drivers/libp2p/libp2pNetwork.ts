import { setTimeout as sleep } from 'node:timers/promises';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { Connection, Stream } from '@libp2p/interface';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import type { Hex } from '../../domain/hex.ts';
import { type Certificate, type Expectation, signCertificate } from '../../domain/peers/certificate.ts';
import { PeerError } from '../../domain/peers/peerError.ts';
import type { PeerFrame, PeerNetwork, PeerState } from '../../streams/fromPeers.ts';
import { Session } from './session.ts';

const PROTOCOL = '/serai/coordinator/1';

/** Waits between dials, in milliseconds: doubling, with jitter, from the first to the last. */
const REDIAL = { first: 200, most: 30_000, healthy: 10_000 } as const;

/** A known address of a validator's coordinator. */
export interface PeerAddress {
  readonly validator: Hex;
  /** As in `/ip4/127.0.0.1/tcp/30563`. */
  readonly address: string;
}

export interface Libp2pOptions {
  readonly listen: string;
  readonly peers: () => readonly PeerAddress[];
  /** 32 bytes: the Ed25519 key of our libp2p identity, so that it is the same after a restart. */
  readonly identitySeed: Uint8Array;
  readonly validator: Hex;
  readonly genesisHash: Hex;
  readonly epoch: number;
  /** Makes an sr25519 signature with our Serai key. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** The finalized height we are at. */
  readonly height: () => number;
  /** Hears of every link that ends and of what was refused. */
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
}

/** The links to the other validators over libp2p: TCP, noise, yamux (design §9). */
export interface Libp2pNetwork extends PeerNetwork {
  /** The addresses we listen on, with our peer id. */
  addresses(): string[];
}

/** Opens our side of the network; of two validators the one with the smaller key dials, so there is one link. */
export const openLibp2p = async (options: Libp2pOptions): Promise<Libp2pNetwork> => {
  const node = await start(options);
  const network = new Network(node, options);
  await node.handle(
    PROTOCOL,
    (stream, connection) => {
      network.answer(stream, connection);
    },
    { maxInboundStreams: 1, maxOutboundStreams: 1 },
  );
  return network;
};

const start = async ({ listen, identitySeed }: Libp2pOptions): Promise<Libp2p> => {
  try {
    return await createLibp2p({
      privateKey: await generateKeyPairFromSeed('Ed25519', identitySeed),
      addresses: { listen: [listen] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify(), ping: ping() },
      connectionManager: { maxConnections: 300, maxIncomingPendingConnections: 20, reconnectRetries: 0 },
    });
  } catch (cause) {
    const text = `${String(cause)} ${cause instanceof AggregateError ? cause.errors.map(String).join(' ') : ''}`;
    throw /EADDRINUSE|UnsupportedListenAddress|could not listen|NoValidAddresses/i.test(text)
      ? new PeerError(
          'peer.port-in-use',
          `cannot listen on ${listen}: another program has that port; change connection.listen or stop that program`,
          { cause },
        )
      : new PeerError('peer.address', `cannot listen on ${listen}: ${text}`, { cause });
  }
};

class Network implements Libp2pNetwork {
  readonly #node: Libp2p;
  readonly #options: Libp2pOptions;
  readonly #sessions = new Map<Hex, Session>();
  readonly #epochs = new Map<Hex, number>();
  readonly #dialling = new Map<Hex, AbortController>();
  readonly #states = new Set<(state: PeerState) => void>();
  #admitted = new Set<Hex>();
  #deliver: (frame: PeerFrame) => Promise<void> = () => Promise.reject(new PeerError('peer.refused', 'nobody reads frames yet'));

  constructor(node: Libp2p, options: Libp2pOptions) {
    this.#node = node;
    this.#options = options;
  }

  addresses(): string[] {
    return this.#node.getMultiaddrs().map(String);
  }

  admit(validators: readonly Hex[]): void {
    this.#admitted = new Set(validators);
    for (const [validator, session] of this.#sessions)
      if (!this.#admitted.has(validator)) session.end(new PeerError('peer.refused', `${validator} is no longer admitted`));
    for (const [validator, dialling] of this.#dialling) if (!this.#admitted.has(validator)) dialling.abort();
    for (const validator of validators)
      if (this.#options.validator < validator && !this.#dialling.has(validator)) this.#keepDialling(validator);
  }

  frames(deliver: (frame: PeerFrame) => Promise<void>): () => void {
    this.#deliver = deliver;
    return () => {
      this.#deliver = () => Promise.reject(new PeerError('peer.refused', 'nobody reads frames any more'));
    };
  }

  states(deliver: (state: PeerState) => void): () => void {
    this.#states.add(deliver);
    return () => {
      this.#states.delete(deliver);
    };
  }

  send(to: Hex, epoch: number, sequence: number, body: Uint8Array): Promise<void> {
    const session = this.#sessions.get(to);
    if (session === undefined) return Promise.reject(new PeerError('peer.disconnected', `there is no link to ${to} now`));
    return session.send(epoch, sequence, body);
  }

  async close(): Promise<void> {
    for (const dialling of this.#dialling.values()) dialling.abort();
    for (const session of [...this.#sessions.values()]) session.end(new PeerError('peer.disconnected', 'we are closing'));
    await this.#node.stop();
  }

  /** A stream another side opened. */
  answer(stream: Stream, connection: Connection): void {
    this.#run(stream, connection).catch((error: unknown) => {
      this.#options.log('peer.link-ended', { peer: connection.remotePeer.toString(), reason: String(error) });
      connection.close().catch(() => undefined);
    });
  }

  #keepDialling(validator: Hex): void {
    const stop = new AbortController();
    this.#dialling.set(validator, stop);
    this.#dialUntil(validator, stop.signal)
      .catch(() => undefined)
      .finally(() => {
        this.#dialling.delete(validator);
      });
  }

  async #dialUntil(validator: Hex, signal: AbortSignal): Promise<void> {
    let wait: number = REDIAL.first;
    const stopped = (): boolean => signal.aborted;
    while (!stopped()) {
      const began = Date.now();
      const address = this.#options.peers().find((peer) => peer.validator === validator)?.address;
      try {
        if (address === undefined) throw new PeerError('peer.address', `no address of ${validator} is known; add it to connection.peers`);
        const connection = await this.#node.dial(multiaddr(address), { signal });
        const stream = await connection.newStream(PROTOCOL, { signal });
        await this.#run(stream, connection).finally(() => connection.close().catch(() => undefined));
      } catch (error) {
        if (stopped()) return;
        this.#options.log('peer.link-ended', { validator, reason: String(error) });
      }
      wait = Date.now() - began > REDIAL.healthy ? REDIAL.first : Math.min(wait * 2, REDIAL.most);
      await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }

  async #run(stream: Stream, connection: Connection): Promise<never> {
    const { validator, genesisHash, epoch, sign, height } = this.#options;
    const peerId = this.#node.peerId.toString();
    const own: Certificate = { validator, peerId, genesis: genesisHash, epoch, validFrom: 0, validUntil: 0xffff_ffff };
    const expected: Expectation = {
      peerId: connection.remotePeer.toString(),
      genesis: genesisHash,
      height: height(),
      admitted: (other) => this.#admitted.has(other),
      highestEpoch: (other) => this.#epochs.get(other) ?? 0,
    };
    const open: { readonly other: Hex; readonly session: Session }[] = [];
    try {
      return await Session.run({
        stream,
        certificate: signCertificate(own, sign),
        expected,
        deliver: (frame) => this.#deliver(frame),
        opened: ({ validator: other, epoch: theirs }, session) => {
          this.#epochs.set(other, theirs);
          this.#sessions.get(other)?.end(new PeerError('peer.disconnected', "a newer link has taken this one's place"));
          this.#sessions.set(other, session);
          open.push({ other, session });
          this.#tell({ validator: other, state: 'connected' });
        },
      });
    } catch (error) {
      for (const { other, session } of open) {
        if (this.#sessions.get(other) !== session) continue;
        this.#sessions.delete(other);
        this.#tell({ validator: other, state: 'disconnected', reason: String(error) });
      }
      throw error;
    }
  }

  #tell(state: PeerState): void {
    for (const deliver of this.#states) deliver(state);
  }
}
