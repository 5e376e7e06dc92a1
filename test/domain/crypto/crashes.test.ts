import { describe, expect, it } from 'vitest';
import { WINDOW } from '../../../src/domain/party/window.ts';
import type { Crash, Side } from '../../support/crash.ts';
import { KeyGenNetwork } from '../../support/keyGenNetwork.ts';
import { checkKeys, checkSignedOnce } from '../../support/neverTwice.ts';
import { SigningNetwork } from '../../support/signingNetwork.ts';

const SEED = Number(process.env['SEED'] ?? 1);
const FOUR = [1, 1, 1, 1];

/** Deaths in every step of one member's process, one for each run: right before the step is written, and right after. */
const deaths = (member: number, side: Side, steps: number): Crash[] =>
  Array.from({ length: steps }, (_, index) => index + 1).flatMap((step) =>
    (['before', 'after'] as const).map((when) => ({ member, side, step, when })),
  );

/** Two signatures; with a member away its windows are pure and convened. */
const signing = (away: readonly number[], crash?: Crash): SigningNetwork => {
  const faults = Object.fromEntries(away.map((member) => [member, 'away'] as const));
  const network = new SigningNetwork({ seed: SEED, weights: FOUR, faults, ...(crash === undefined ? {} : { crash }) });
  for (const id of ['0', '1']) network.sign(id);
  network.until(() => ['0', '1'].every((id) => network.signedBy(id) === network.honest.length), 40 * WINDOW);
  return network;
};

const keyGeneration = (crash?: Crash): KeyGenNetwork => {
  const network = new KeyGenNetwork({ seed: SEED, weights: FOUR, model: true, ...(crash === undefined ? {} : { crash }) });
  network.run();
  return network;
};

describe.each([
  [0, 'coordinator'],
  [1, 'coordinator'],
  [2, 'processor'],
  [3, 'processor'],
] as const)('a death of validator %i, of its %s, in any step', (member, side) => {
  it(`leaves a key generation whole (SEED=${String(SEED)})`, () => {
    const steps = keyGeneration().members[member]?.steps[side] ?? 0;
    expect(steps).toBeGreaterThan(side === 'coordinator' ? 15 : 3);
    for (const crash of deaths(member, side, steps)) {
      const network = keyGeneration(crash);
      // Nobody is held to be at fault for it.
      checkKeys(network, []);
      expect({ crash, evidence: network.evidence() }).toEqual({ crash, evidence: [] });
    }
  });

  it.each([
    ['all the others there', []],
    ['one of the others away', [(member + 1) % 4]],
  ])(`leaves signatures whole, with %s (SEED=${String(SEED)})`, (_, away) => {
    const steps = signing(away).members[member]?.steps[side] ?? 0;
    expect(steps).toBeGreaterThan(side === 'coordinator' ? 10 : 3);
    for (const crash of deaths(member, side, steps)) {
      const network = signing(away, crash);
      checkSignedOnce(network);
      expect({ crash, evidence: network.reported('serai.report.evidence.v1') }).toEqual({ crash, evidence: [] });
    }
  });
});
