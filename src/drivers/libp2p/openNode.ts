import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { tcp } from '@libp2p/tcp';
import { BlackHoleDatastore } from 'datastore-core/black-hole';
import { createLibp2p, type Libp2p } from 'libp2p';
import { PeerError } from '../../domain/peers/peerError.ts';
import type { Lobby } from './lobby.ts';
import { type GuardedMuxer, guardMuxer, type MuxLimits } from './muxGuard.ts';

/** What a stream's receiver takes in unread, in bytes: also what a peer may make us hold. */
const WINDOW = 1024 * 1024;

/** Streams one connection may have open: ours, and one more while it is replaced. */
const STREAMS = 4;

export interface NodeOptions {
  readonly listen: readonly string[];
  /** 32 bytes: the Ed25519 key of our libp2p identity, so that it is the same after a restart. */
  readonly identitySeed: Uint8Array;
  readonly muxLimits: MuxLimits;
  readonly lobby: Lobby;
  /** Connections at most. */
  readonly connections: number;
}

export interface Node extends Pick<GuardedMuxer<unknown>, 'guardOf'> {
  readonly libp2p: Libp2p;
}

/**
 * Starts libp2p as a means of transport alone: TCP, noise and yamux. No service answers strangers, nothing is dialled by itself, no peer is
 * remembered: what libp2p keeps of those it has met would grow with every stranger.
 */
export const openNode = async ({ listen, identitySeed, muxLimits, lobby, connections }: NodeOptions): Promise<Node> => {
  const { muxer, guardOf } = guardMuxer(
    yamux({
      maxInboundStreams: STREAMS,
      maxEarlyStreams: STREAMS,
      // Its ping measures the round trip, without which the window of a stream does not grow.
      enableKeepAlive: true,
      streamOptions: { maxStreamWindowSize: WINDOW },
    }),
    muxLimits,
  );
  try {
    const libp2p = await createLibp2p({
      privateKey: await generateKeyPairFromSeed('Ed25519', identitySeed),
      addresses: { listen: [...listen] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [muxer],
      datastore: new BlackHoleDatastore(),
      connectionGater: { denyInboundConnection: (connection) => !lobby.enter(connection) },
      connectionMonitor: { enabled: false },
      connectionManager: {
        maxConnections: connections,
        // Who may wait, and for how long, is the lobby's to say.
        maxIncomingPendingConnections: connections,
        inboundConnectionThreshold: connections,
        reconnectRetries: 0,
      },
    });
    return { libp2p, guardOf };
  } catch (cause) {
    throw listenError(listen.join(', '), cause);
  }
};

const listenError = (listen: string, cause: unknown): PeerError => {
  const text = `${String(cause)} ${cause instanceof AggregateError ? cause.errors.map(String).join(' ') : ''}`;
  return /EADDRINUSE|UnsupportedListenAddress|could not listen|NoValidAddresses/i.test(text)
    ? new PeerError(
        'peer.port-in-use',
        `cannot listen on ${listen}: another program has that port; change connection.listen or stop that program`,
        { cause },
      )
    : new PeerError('peer.address', `cannot listen on ${listen}: ${text}`, { cause });
};
