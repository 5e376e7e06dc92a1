import type { Hex } from '../hex.ts';
import type { ByParticipant, KeyGenId } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { convenerOf, keyGenName, removedOf, sharesOf, validatorsOf } from './keyGenParty.ts';
import { blamedIn, certifiedOf, doublesIn, KEPT_ATTEMPTS, keyGenRow, partyOf } from './keyGenRows.ts';
import { notShownTo } from './keyGenShown.ts';
import { wordOf } from './keyGenWords.ts';
import type { KeyGenParty } from './peerBodies.ts';
import { type SetRow, signers } from './rows.ts';

/** The proposals of an attempt that may stand, by convener. */
export const proposalsOf = (draft: Draft, id: KeyGenId): (readonly [convener: Hex, party: KeyGenParty])[] =>
  (Object.keys(keyGenRow(draft, id).proposals) as Hex[]).flatMap((convener) => {
    const party = wordOf(draft, id, 'certificate.proposal', convener);
    return party === undefined ? [] : [[convener, party] as const];
  });

/** The members whose signatures on a convener's party stand. */
export const signersOf = (draft: Draft, party: KeyGenParty, convener: Hex): Hex[] =>
  validatorsOf(party).filter((validator) => signers.get(draft, `${keyGenName(party.id)}/${validator}`) === convener);

/** Whether shares are there for all our participants and for no other. */
export const sharesFit = (party: KeyGenParty, self: Hex, shares: ByParticipant): boolean => {
  const mine = party.members.find(({ validator }) => validator === self)?.participants ?? [];
  return Object.keys(shares).length === mine.length && mine.every((to) => shares[String(to)] !== undefined);
};

/** Where no certificate was made: the convener that proposed nothing, else who has not signed the proposal that we did. */
const withoutCertificate = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId, removed: readonly Hex[]): Hex[] => {
  const proposals = proposalsOf(draft, id);
  if (proposals.length === 0) {
    const convener = convenerOf(row, id.attempt, removed);
    return convener === undefined ? [] : [convener];
  }
  for (const [convener, party] of proposals) {
    const signed = signersOf(draft, party, convener);
    if (signed.includes(context.self)) return validatorsOf(party).filter((validator) => !signed.includes(validator));
  }
  return [];
};

/** Where the party stood: who keeps the first step from ending for which we lack something. */
const withinParty = (draft: Draft, context: CryptoContext, party: KeyGenParty): readonly Hex[] => {
  const { id } = party;
  const { keyPair, round } = keyGenRow(draft, id);
  const members = validatorsOf(party);
  // Who is not of the party hears nothing of it, and cannot tell who owes what.
  if (!members.includes(context.self)) return [];
  const silent = members.filter((validator) => wordOf(draft, id, 'keygen.commitments', validator) === undefined);
  if (silent.length > 0) return silent;
  const stingy = members.filter((validator) => validator !== context.self && wordOf(draft, id, 'keygen.shares', validator) === undefined);
  if (stingy.length > 0 || keyPair === undefined) return stingy;
  const said = new Map(members.map((validator) => [validator, wordOf(draft, id, 'musig.commitment', validator, round)]));
  const digest = digestOf(keyPair);
  const differing = members.filter((validator) => (said.get(validator)?.digest ?? digest) !== digest);
  if (differing.length > 0) return differing;
  const uncommitted = members.filter((validator) => said.get(validator) === undefined);
  return uncommitted.length > 0
    ? uncommitted.flatMap((validator) => {
        const owing = notShownTo(draft, id, validator).filter((sender) => sender !== context.self && members.includes(sender));
        return owing.length > 0 ? owing : [validator];
      })
    : members.filter((validator) => wordOf(draft, id, 'musig.share', validator, round) === undefined);
};

/** Whether we do not know yet what our processor says of a member's accusation. */
const awaitsVerdict = (draft: Draft, id: KeyGenId, accuser: Hex): boolean =>
  Object.entries(keyGenRow(draft, id).accusations ?? {}).some(([name, state]) => state === 'asked' && name.startsWith(`${accuser}/`));

/**
 * Who, as far as we can see, kept an attempt from ending: blamed with proof, or owing the step it stands at. Never ourselves. Who accuses
 * another one can go no further; it owes nothing where its accusation is upheld, and until that is known.
 */
const failedIn = (draft: Draft, context: CryptoContext, row: SetRow, attempt: number, removed: readonly Hex[]): Hex[] => {
  const id = { set: row.set, attempt };
  const party = partyOf(draft, id);
  // Where words differ from one to another, what came of them is nobody else's fault.
  const doubled = doublesIn(draft, id);
  const blamed = doubled.length > 0 ? doubled : blamedIn(draft, id);
  const owing =
    party === undefined
      ? withoutCertificate(draft, context, row, id, removed)
      : withinParty(draft, context, party).filter((validator) => !awaitsVerdict(draft, id, validator));
  return [...new Set(blamed.length > 0 ? blamed : owing)].filter((validator) => validator !== context.self);
};

/** What the attempts before one come to: whom we would leave out, and everyone who failed. */
const lookBack = (draft: Draft, context: CryptoContext, row: SetRow, attempt: number): { readonly out: Hex[]; readonly failed: Hex[] } => {
  const first = Math.max(0, attempt - KEPT_ATTEMPTS);
  const remains = (without: readonly Hex[]): boolean => row.n - sharesOf(row.members, without) >= row.t;
  const everyone: Hex[] = [];
  let out: Hex[] = [];
  for (let earlier = first; earlier < attempt; earlier += 1) {
    const party = partyOf(draft, { set: row.set, attempt: earlier });
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

/** Everyone who failed in an earlier attempt on our own view, or was left out by certificate. */
export const knownToFail = (draft: Draft, context: CryptoContext, row: SetRow, attempt: number): ReadonlySet<Hex> =>
  new Set([...certifiedOf(draft, row).flatMap(removedOf), ...lookBack(draft, context, row, attempt).failed]);
