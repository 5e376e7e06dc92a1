import type { Sum } from './sum.ts';

/** When a coin counts as insolvent, and when no more. */
export interface Rules {
  /** What may be missing, in the coin's smallest unit. */
  readonly tolerance: bigint;
  /** Breaches in a row after which the network is halted. */
  readonly breaches: number;
  /** Good checks in a row after which the halt ends. */
  readonly clears: number;
  /** Whether the operator's word is needed as well. */
  readonly acknowledge: boolean;
}

/** How a coin stands. */
export interface Judged {
  readonly state: 'solvent' | 'doubtful' | 'halted';
  /** Breaches in a row, or good checks in a row. */
  readonly breaches: number;
  readonly goods: number;
  /** Whether the operator has given their word since the halt. */
  readonly acknowledged: boolean;
}

export const SOLVENT: Judged = { state: 'solvent', breaches: 0, goods: 0, acknowledged: false };

/** Whether more is missing than may be. */
export const isBreach = ({ difference }: Pick<Sum, 'difference'>, { tolerance }: Pick<Rules, 'tolerance'>): boolean =>
  BigInt(difference) < -tolerance;

const cleared = (judged: Judged, { clears, acknowledge }: Rules): Judged =>
  judged.state === 'halted' && judged.goods >= clears && (!acknowledge || judged.acknowledged) ? SOLVENT : judged;

/** One check (design §11): k breaches in a row halt, m good checks in a row end it, where so configured with the operator's word. */
export const judge = (before: Judged, sum: Pick<Sum, 'difference'>, rules: Rules): Judged => {
  if (isBreach(sum, rules)) {
    const breaches = before.breaches + 1;
    const halted = before.state === 'halted' || breaches >= rules.breaches;
    return { state: halted ? 'halted' : 'doubtful', breaches, goods: 0, acknowledged: halted && before.acknowledged };
  }
  if (before.state !== 'halted') return SOLVENT;
  return cleared({ ...before, breaches: 0, goods: before.goods + 1 }, rules);
};

/** The operator gives their word that the coin is good: at once it ends a halt by itself, otherwise as the rules say. */
export const acknowledge = (before: Judged, rules: Rules, atOnce: boolean): Judged => {
  if (before.state !== 'halted') return before;
  return atOnce ? SOLVENT : cleared({ ...before, acknowledged: true }, rules);
};
