import { expect, it } from 'vitest';
import { fuzzPeers } from '../support/fuzzPeers.ts';
import { seedOfRun } from '../support/seeded.ts';

// The long form is `npm run fuzz -- --runs 1000000`.
it('ten thousand malformed frames and handshakes crash nothing, and no message of them is accepted', async () => {
  const seed = seedOfRun();
  const { runs, overSockets, ended, accepted, crashes } = await fuzzPeers({ runs: 10_000, seed });
  expect({ accepted, crashes }, `SEED=${String(seed)}`).toEqual({ accepted: 0, crashes: [] });
  expect(overSockets).toBe(40);
  expect(ended).toBeGreaterThan(runs / 4);
});
