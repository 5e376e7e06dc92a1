import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { genesis } from '../../../src/devnet/node/genesis.ts';
import { CODE } from '../../../src/devnet/node/simulatedRuntime.ts';
import { toHex } from '../../../src/domain/hex.ts';
import { golden, goldenPresent } from '../../support/golden.ts';

/** Pallets whose genesis the simulated node makes; the others it does not simulate. */
const SIMULATED = ['Coins', 'System', 'ValidatorSets'];

describe.runIf(goldenPresent)('the genesis state', () => {
  const { top, labels } = z
    .object({ top: z.record(z.string(), z.string()), labels: z.record(z.string(), z.string()) })
    .parse(goldenPresent ? golden('genesis_local.json') : { top: {}, labels: {} });
  const ours = new Map([...genesis().changes()].map(([key, value]) => [key, value === undefined ? undefined : toHex(value)]));

  it('is, key by key, that of the real runtime', () => {
    // The simulated runtime has no code, but a word that stands for it.
    const code = toHex(CODE);
    for (const [key, value] of [...ours].filter(([of]) => of !== code))
      expect({ item: labels[key], key, value }).toEqual({ item: labels[key], key, value: top[key] });
  });

  it('leaves out nothing of the pallets it simulates but the versions of their storage', () => {
    const missing = Object.keys(top).filter((key) => !ours.has(key) && SIMULATED.includes(labels[key]?.split('.')[0] ?? ''));
    expect(missing.map((key) => labels[key]).sort()).toEqual(SIMULATED.map((pallet) => `${pallet}.:__STORAGE_VERSION__:`));
  });
});
