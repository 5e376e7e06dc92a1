import type { Hex } from '../hex.ts';
import type { KeyGenId } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { keyGenStart } from './keyGenClock.ts';
import { removedOf, sharesOf, validatorsOf } from './keyGenParty.ts';
import { partyOf } from './keyGenRows.ts';
import { knownToFail, proposalsOf } from './keyGenSuspects.ts';
import type { KeyGenParty } from './peerBodies.ts';
import { head, type SetRow } from './rows.ts';

/** Serai blocks of an attempt in which we wait for a proposal that fits our own view, before another convener's word may do. */
export const PATIENCE = 10;

/** Whether an attempt had a proposal that may stand, and members did not agree on it. */
const isUnagreed = (draft: Draft, id: KeyGenId): boolean =>
  id.attempt >= 0 && partyOf(draft, id) === undefined && proposalsOf(draft, id).length > 0;

/**
 * Whether our own view cannot be the whole truth. More key shares failed in it than can be at fault, so somebody failed who is
 * honest, and someone lied to that one and not to us; or members see things so differently that twice they did not agree.
 */
const isViewBroken = (draft: Draft, row: SetRow, { set, attempt }: KeyGenId, failed: ReadonlySet<Hex>): boolean =>
  sharesOf(row.members, [...failed]) > row.n - row.t || [1, 2].every((before) => isUnagreed(draft, { set, attempt: attempt - before }));

/**
 * The proposal of an attempt that we may sign: one with us in it, whose removed all failed on our own view or were left out by
 * certificate. Where that view is broken the word of a convener is enough, after a while, as some party must be tried: then the
 * one that removes fewest (docs/protocol.md).
 */
export const chooseProposal = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId): KeyGenParty | undefined => {
  const ours = proposalsOf(draft, id)
    .map(([, party]) => party)
    .filter((party) => validatorsOf(party).includes(context.self));
  if (ours.length === 0) return undefined;
  const failed = knownToFail(draft, context, row, id.attempt);
  const fitting = ours.find((party) => removedOf(party).every((validator) => failed.has(validator)));
  if (fitting !== undefined) return fitting;
  const waited = (head.get(draft, '')?.number ?? 0) - keyGenStart(row.anchor.number, id.attempt);
  if (waited < PATIENCE || !isViewBroken(draft, row, id, failed)) return undefined;
  const removedShares = (party: KeyGenParty): number => sharesOf(row.members, removedOf(party));
  return [...ours].sort((a, b) => removedShares(a) - removedShares(b))[0];
};
