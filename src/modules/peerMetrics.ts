import { Counter, Gauge, type Registry } from 'prom-client';
import type { PeerReport, PeersReport } from '../domain/peers/peerReport.ts';

/** A metric with one value for each peer. */
interface PerPeer {
  readonly name: string;
  readonly help: string;
  readonly kind: typeof Gauge | typeof Counter;
  readonly value: (peer: PeerReport) => number | null;
}

const PER_PEER: readonly PerPeer[] = [
  {
    name: 'serai_coordinator_peer_connected',
    help: 'Whether there is a link to the peer (1) or not (0).',
    kind: Gauge,
    value: ({ state }) => (state === 'connected' ? 1 : 0),
  },
  {
    name: 'serai_coordinator_peer_connected_by_peer',
    help: 'Whether the peer has told within the last minute how it sees its link to us (1) or not (0).',
    kind: Gauge,
    value: ({ theirs }) => (theirs !== null && Date.now() - theirs.at < 60_000 ? 1 : 0),
  },
  {
    name: 'serai_coordinator_peer_round_trip_seconds',
    help: 'Time to the peer and back, as measured last.',
    kind: Gauge,
    value: ({ roundTrip }) => (roundTrip === null ? null : roundTrip / 1_000),
  },
  {
    name: 'serai_coordinator_peer_queue_messages',
    help: 'Messages that wait for the acknowledgement of the peer.',
    kind: Gauge,
    value: ({ queue }) => queue,
  },
  {
    name: 'serai_coordinator_peer_throttled',
    help: 'Whether the peer is beyond its quota (1) or not (0).',
    kind: Gauge,
    value: ({ throttled }) => (throttled ? 1 : 0),
  },
  { name: 'serai_coordinator_peer_links_total', help: 'Links to the peer that were made.', kind: Counter, value: ({ links }) => links },
  {
    name: 'serai_coordinator_peer_failures_total',
    help: 'Dials to the peer that failed and links to it that ended.',
    kind: Counter,
    value: ({ failures }) => failures,
  },
  {
    name: 'serai_coordinator_peer_sent_messages_total',
    help: 'Messages sent to the peer, those sent again included.',
    kind: Counter,
    value: ({ sentMessages }) => sentMessages,
  },
  {
    name: 'serai_coordinator_peer_sent_bytes_total',
    help: 'Bytes of messages sent to the peer.',
    kind: Counter,
    value: ({ sentBytes }) => sentBytes,
  },
  {
    name: 'serai_coordinator_peer_received_messages_total',
    help: 'Messages received from the peer, those received again included.',
    kind: Counter,
    value: ({ receivedMessages }) => receivedMessages,
  },
  {
    name: 'serai_coordinator_peer_received_bytes_total',
    help: 'Bytes of messages received from the peer.',
    kind: Counter,
    value: ({ receivedBytes }) => receivedBytes,
  },
];

/** Registers what is to be known of the links (docs/metrics.md); it is read when somebody asks for metrics. */
export const peerMetrics = (registry: Registry, report: () => PeersReport): void => {
  const registers = [registry];
  for (const { name, help, kind: Kind, value } of PER_PEER) {
    const metric: Gauge<'peer'> | Counter<'peer'> = new Kind({
      name,
      help,
      labelNames: ['peer'] as const,
      registers,
      collect: () => {
        metric.reset();
        for (const peer of report().peers) {
          const now = value(peer);
          if (now !== null) metric.inc({ peer: peer.validator }, now);
        }
      },
    });
  }
  const states = new Gauge({
    name: 'serai_coordinator_peers',
    help: 'Peers by the state of the link to them.',
    labelNames: ['state'] as const,
    registers,
    collect: () => {
      states.reset();
      for (const { state } of report().peers) states.inc({ state });
    },
  });
  const refused = new Counter({
    name: 'serai_coordinator_peers_refused_total',
    help: 'Connections and certificates of others that were refused, by code.',
    labelNames: ['code'] as const,
    registers,
    collect: () => {
      refused.reset();
      for (const [code, count] of Object.entries(report().refused)) refused.inc({ code }, count);
    },
  });
};
