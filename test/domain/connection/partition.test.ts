import { describe, expect, it } from 'vitest';
import { simulatePeers } from '../../support/peerSimulation.ts';

const SEEDS = process.env['SEED'] === undefined ? [1, 2, 3, 4, 5] : [Number(process.env['SEED'])];

describe('a network of coordinators under virtual time', () => {
  it.each(SEEDS)('that is torn in two again and again, with nodes that die, delivers each message once and in order (seed %i)', (seed) => {
    const { violations, delivered, links } = simulatePeers({ seed, nodes: 5, messages: 600, partitions: 4, restarts: 6 });
    expect(violations).toEqual([]);
    expect(delivered).toBeGreaterThan(400);
    // Every partition takes links down, and every heal brings them back.
    expect(links).toBeGreaterThan(40);
  });

  it('settles on one link for each pair, and keeps it', () => {
    const { violations, links } = simulatePeers({ seed: 1, nodes: 6, messages: 60, partitions: 0, restarts: 0 });
    expect(violations).toEqual([]);
    // Each of 15 links counts twice, once for each end; where both dialled at once a first one may be replaced.
    expect(links).toBeGreaterThanOrEqual(30);
    expect(links).toBeLessThanOrEqual(60);
  });
});
