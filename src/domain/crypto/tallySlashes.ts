import type { Hex } from '../hex.ts';
import type { PartyMember, Slash } from '../processor/messages.ts';
import { FATAL } from './offences.ts';

/** The points each reporter gives each validator; whom it does not name it gives none. */
export type Points = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The lower median. */
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;

/**
 * A set's slash report from its members' points (reference serai.md §c.5): each reporter counts once per key share and gives itself
 * none; of these the median; less what the worst among the best t key shares has; who is fatally slashed stays so; without zeros, in
 * the set's order.
 */
export const tallySlashes = (members: readonly PartyMember[], t: number, points: Points): Slash[] => {
  const reporters = members.filter(({ validator }) => points[validator] !== undefined);
  const tally = members.map(({ validator, participants }) => {
    const given = reporters.flatMap((reporter) =>
      reporter.participants.map(() => (reporter.validator === validator ? 0 : (points[reporter.validator]?.[validator] ?? 0))),
    );
    return { validator, shares: participants.length, points: median(given) };
  });
  const byShare = tally.flatMap(({ shares, points: of }) => Array.from({ length: shares }, () => of)).sort((a, b) => a - b);
  const tolerated = byShare[t - 1] ?? 0;
  return tally
    .map(({ validator, points: of }): { validator: Hex; points: number } => ({
      validator,
      points: of === FATAL ? of : Math.max(0, of - tolerated),
    }))
    .filter(({ points: of }) => of > 0);
};
