import { describe, expect, it } from 'vitest';
import { peersText } from '../../src/commands/peers.ts';
import type { PeerReport, PeersReport } from '../../src/domain/peers/peerReport.ts';

const NOW = 1_000_000_000;

const peer: PeerReport = {
  validator: `0x${'ab'.repeat(32)}`,
  state: 'connected',
  since: NOW - 3 * 60_000,
  address: '/ip4/203.0.113.7/tcp/30563',
  openedBy: 'us',
  roundTrip: 12.34,
  queue: 0,
  lastError: { code: 'peer.timeout', text: 'nothing was heard for 15 s', at: NOW - 3_600_000, theirs: false },
  version: '0.1.0',
  protocol: 1,
  epoch: 7,
  certificateUntil: 20_000,
  throttled: false,
  links: 3,
  failures: 2,
  sentMessages: 1,
  sentBytes: 2,
  receivedMessages: 3,
  receivedBytes: 4,
  theirs: { since: NOW - 200_000, roundTrip: 11.9, queue: 5, lastError: null, at: NOW - 4_000 },
};

const report: PeersReport = {
  self: `0x${'11'.repeat(32)}`,
  listens: ['/ip4/0.0.0.0/tcp/30563'],
  height: 12_345,
  peers: [peer],
  refused: {},
  stopped: null,
};

describe('the matrix of peers', () => {
  it('shows on a line how we see one and how it sees us', () => {
    const text = peersText(report, NOW);
    expect(text).toContain('1 of 1 connected');
    const line = text.split('\n').find((one) => one.includes('abab')) ?? '';
    expect(line.split(/ {2,}/)).toEqual([
      '0xabababab…abab',
      'connected',
      '3 min',
      '12 ms',
      '0',
      '0.1.0 (1)',
      'peer.timeout, 1 h ago',
      '4 s ago: for 3 min',
      '12 ms',
      '5',
      '-',
    ]);
  });

  it('says why there is no link, whose word it is, and what was turned away', () => {
    const lastError = { code: 'peer.stranger', text: 'not a\u001b[31m validator', at: NOW - 5_000, theirs: true } as const;
    const away: PeerReport = { ...peer, state: 'disconnected', lastError, theirs: null };
    const text = peersText({ ...report, peers: [away], refused: { 'peer.expired': 2 }, stopped: 'epoch 9' }, NOW);
    expect(text).toContain('0 of 1 connected; refused: peer.expired 2');
    expect(text).toContain('it said peer.stranger, 5 s ago');
    expect(text).toContain('never told');
    expect(text).toContain('No links are held: epoch 9');
    // Nothing a peer says moves the cursor of whoever looks at it.
    expect(text).toContain('not a·[31m validator (/ip4/203.0.113.7/tcp/30563)');
  });
});
