import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { openExposition, tellMetrics } from '../../src/core/metrics.ts';
import type { PeersReport } from '../../src/domain/peers/peerReport.ts';
import { peerMetrics } from '../../src/modules/peerMetrics.ts';

const report = (connected: boolean): PeersReport => ({
  self: '0x11',
  listens: [],
  height: 1,
  peers: [
    {
      validator: '0xab',
      state: connected ? 'connected' : 'disconnected',
      since: 0,
      address: null,
      openedBy: null,
      roundTrip: connected ? 25 : null,
      queue: 3,
      lastError: null,
      version: null,
      protocol: null,
      epoch: null,
      certificateUntil: null,
      throttled: false,
      links: 2,
      failures: 1,
      sentMessages: 10,
      sentBytes: 1_000,
      receivedMessages: 20,
      receivedBytes: 2_000,
      theirs: null,
    },
  ],
  refused: { 'peer.stranger': 4 },
  stopped: null,
});

describe('metrics of peers', () => {
  it('are read when asked for, and cross threads as they are', async () => {
    const registry = new Registry();
    let connected = true;
    peerMetrics(registry, () => report(connected));
    const exposition = openExposition();
    const text = async (): Promise<string> => exposition([structuredClone(await tellMetrics(registry))]);
    const first = await text();
    expect(first).toContain('serai_coordinator_peer_connected{peer="0xab"} 1');
    expect(first).toContain('serai_coordinator_peer_round_trip_seconds{peer="0xab"} 0.025');
    expect(first).toContain('serai_coordinator_peer_sent_messages_total{peer="0xab"} 10');
    expect(first).toContain('serai_coordinator_peers_refused_total{code="peer.stranger"} 4');
    expect(first).toContain('process_resident_memory_bytes');
    connected = false;
    const second = await text();
    expect(second).toContain('serai_coordinator_peer_connected{peer="0xab"} 0');
    expect(second).not.toContain('serai_coordinator_peer_round_trip_seconds{peer="0xab"}');
    expect(second).toContain('serai_coordinator_peers{state="disconnected"} 1');
  });
});
