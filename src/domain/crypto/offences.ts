import type { Hex } from '../hex.ts';
import { type SetId, setName } from '../processor/ids.ts';
import { type Draft, table, type View } from '../tables.ts';

/** The points of who was proven to have spoken with two tongues (reference serai.md §c.5). */
export const FATAL = 0xffff_ffff;

/** The points we hold against a member of a set, by set and validator; what is reported when the set has handed over. */
const offences = table<number>('offences');

const nameOf = (set: SetId, validator: Hex): string => `${setName(set)}/${validator}`;

/** Notes that a member did not send what it owed. */
export const noteOffence = (draft: Draft, set: SetId, validator: Hex): void => {
  const points = offences.get(draft, nameOf(set, validator)) ?? 0;
  if (points < FATAL - 1) offences.put(draft, nameOf(set, validator), points + 1);
};

/** Notes that a member was proven guilty. */
export const noteFatal = (draft: Draft, set: SetId, validator: Hex): void => {
  offences.put(draft, nameOf(set, validator), FATAL);
};

/** The points we hold against a member. */
export const pointsOf = (view: View, set: SetId, validator: Hex): number => offences.get(view, nameOf(set, validator)) ?? 0;

/** Forgets what was held against these. */
export const forgetOffences = (draft: Draft, set: SetId, validators: readonly Hex[]): void => {
  for (const validator of validators) offences.delete(draft, nameOf(set, validator));
};
