import { fromHex, type Hex } from '../hex.ts';
import type { ByParticipant } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { convenerOf, keyGenName, partyBytes, removedOf, sharesOf, validatorsOf } from './keyGenParty.ts';
import { certifiedOf, KEPT_ATTEMPTS, keyGenRow } from './keyGenRows.ts';
import type { KeyGenParty } from './peerBodies.ts';
import { type KeyGenRow, musigs, type SetRow } from './rows.ts';

/** The members whose signatures on a party stand. */
export const signersOf = (context: CryptoContext, party: KeyGenParty, { votes }: KeyGenRow): Hex[] => {
  const bytes = partyBytes(context.genesisHash, party);
  return validatorsOf(party).filter((validator) => {
    const signature = votes[validator];
    return signature !== undefined && context.verify(fromHex(validator), bytes, fromHex(signature));
  });
};

/** Whether shares are there for all our participants and for no other. */
export const sharesFit = (party: KeyGenParty, self: Hex, shares: ByParticipant): boolean => {
  const mine = party.members.find(({ validator }) => validator === self)?.participants ?? [];
  return Object.keys(shares).length === mine.length && mine.every((to) => shares[String(to)] !== undefined);
};

/** Where no certificate was made: the convener that proposed nothing, else who has not signed the proposal that we did. */
const withoutCertificate = (context: CryptoContext, row: SetRow, attempt: number, known: KeyGenRow, removed: readonly Hex[]): Hex[] => {
  const proposals = Object.values(known.proposals);
  if (proposals.length === 0) {
    const convener = convenerOf(row, attempt, removed);
    return convener === undefined ? [] : [convener];
  }
  const voted = proposals
    .map((party) => ({ party, signers: signersOf(context, party, known) }))
    .find(({ signers }) => signers.includes(context.self));
  return voted === undefined ? [] : validatorsOf(voted.party).filter((validator) => !voted.signers.includes(validator));
};

/** Where the party stood: who keeps the first step from ending for which we lack something. */
const withinParty = (draft: Draft, context: CryptoContext, party: KeyGenParty, known: KeyGenRow): readonly Hex[] => {
  const members = validatorsOf(party);
  // Who is not of the party hears nothing of it, and cannot tell who owes what.
  if (!members.includes(context.self)) return [];
  const silent = members.filter((validator) => known.commitments[validator] === undefined);
  if (silent.length > 0) return silent;
  const stingy = members.filter((validator) => validator !== context.self && known.shares[validator] === undefined);
  if (stingy.length > 0 || known.keyPair === undefined) return stingy;
  const round = musigs.get(draft, `${keyGenName(party.id)}/musig/${String(known.round)}`);
  const digest = digestOf(known.keyPair);
  const differing = members.filter((validator) => (round?.digests[validator] ?? digest) !== digest);
  if (differing.length > 0) return differing;
  const uncommitted = members.filter((validator) => round?.commitments[validator] === undefined);
  return uncommitted.length > 0 ? uncommitted : members.filter((validator) => round?.shares[validator] === undefined);
};

/** Who, as far as we can see, kept an attempt from ending: blamed with proof, or owing the step it stands at. Never ourselves. */
const failedIn = (draft: Draft, context: CryptoContext, row: SetRow, attempt: number, removed: readonly Hex[]): Hex[] => {
  const known = keyGenRow(draft, { set: row.set, attempt });
  const owing =
    known.party === undefined ? withoutCertificate(context, row, attempt, known, removed) : withinParty(draft, context, known.party, known);
  return [...new Set(known.blamed.length > 0 ? known.blamed : owing)].filter((validator) => validator !== context.self);
};

/** What the attempts before one come to: whom we would leave out, and everyone who failed. */
const lookBack = (draft: Draft, context: CryptoContext, row: SetRow, attempt: number): { readonly out: Hex[]; readonly failed: Hex[] } => {
  const first = Math.max(0, attempt - KEPT_ATTEMPTS);
  const remains = (without: readonly Hex[]): boolean => row.n - sharesOf(row.members, without) >= row.t;
  const everyone: Hex[] = [];
  let out: Hex[] = [];
  for (let earlier = first; earlier < attempt; earlier += 1) {
    const { party } = keyGenRow(draft, { set: row.set, attempt: earlier });
    if (party !== undefined) out = removedOf(party);
    const failed = failedIn(draft, context, row, earlier, out);
    everyone.push(...failed);
    if (!remains(failed)) continue;
    out = out.reduce((all, validator) => (!all.includes(validator) && remains([...all, validator]) ? [...all, validator] : all), failed);
  }
  return { out, failed: everyone };
};

/**
 * Whom we would leave out of an attempt: who failed in the one before it, then those left out already, as far as t key shares
 * remain (reference serai.md §c.3). Where too many failed nobody new is left out and the same party tries again.
 */
export const suspectsFor = (draft: Draft, context: CryptoContext, row: SetRow, attempt: number): readonly Hex[] =>
  lookBack(draft, context, row, attempt).out;

/**
 * Whether we may sign a proposal: we are in it, and whom it leaves out failed in an earlier attempt on our own view or was left
 * out by certificate. In even attempts the convener's word is enough: of two members of which one withholds from the other
 * nobody else can tell which, and some party must be tried (docs/protocol.md).
 */
export const isPlausible = (draft: Draft, context: CryptoContext, row: SetRow, party: KeyGenParty): boolean => {
  if (!validatorsOf(party).includes(context.self)) return false;
  const { attempt } = party.id;
  const removed = removedOf(party);
  if (attempt % 2 === 0 || removed.length === 0) return true;
  const known = new Set([...certifiedOf(draft, row).flatMap(removedOf), ...lookBack(draft, context, row, attempt).failed]);
  return removed.every((validator) => known.has(validator));
};
