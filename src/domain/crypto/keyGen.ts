import { fromHex, type Hex, toHex } from '../hex.ts';
import { thresholdOf } from '../party/window.ts';
import { type ByParticipant, type KeyGenId, type SetId, setName } from '../processor/ids.ts';
import type { PartyMember } from '../processor/messages.ts';
import type { Draft } from '../tables.ts';
import { chooseProposal } from './chooseProposal.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { greet } from './greet.ts';
import { accuseSender, weighBlames } from './keyGenBlame.ts';
import { askOn, sayShares } from './keyGenEcho.ts';
import { convenerOf, keyGenName, mayBeProposed, partyBytes, partyWithout, sharesOf, validatorsOf } from './keyGenParty.ts';
import { forgetOldAttempts, keyGenRow, MOST_AHEAD, noteBlame, noteKeyGen, openAttempt, partyOf, superseded } from './keyGenRows.ts';
import { joined, mineIn, runningParty } from './keyGenRunning.ts';
import { proposalsOf, sharesFit, signersOf, suspectsFor } from './keyGenSuspects.ts';
import { forgetShares, messageOf, sayKeyGen, wordOf } from './keyGenWords.ts';
import type { KeyGenParty } from './peerBodies.ts';
import { type BlockRef, latestParties, parties, type SetRow, sets, signers } from './rows.ts';
import { accuse, requestLinks, tellProcessor } from './say.ts';
import { isHeld, isKeyGenBurnt, isQuarantined } from './standing.ts';
import { isPaused } from './stops.ts';

export { keyGenName, validatorsOf } from './keyGenParty.ts';

/** A new set with our key in it: asks for links, and opens its first key generation attempt. */
export const openKeyGen = (draft: Draft, context: CryptoContext, set: SetId, anchor: BlockRef, members: readonly PartyMember[]): void => {
  const mine = members.find((member) => member.validator === context.self)?.participants;
  if (mine === undefined || sets.get(draft, setName(set)) !== undefined) return;
  const n = members.reduce((sum, member) => sum + member.participants.length, 0);
  const row: SetRow = { set, anchor, members, n, t: thresholdOf(n), mine, state: 'keygen' };
  sets.put(draft, setName(set), row);
  requestLinks(draft, context, setName(set), validatorsOf(row));
  greet(draft, context, row);
  siftProposals(draft, context, row);
  enterAttempt(draft, context, row);
};

/** A new finalized head: where a deadline has passed and the keys are not on chain, the next attempt opens (design §7.3). */
export const keyGensMoved = (draft: Draft, context: CryptoContext): void => {
  for (const [, row] of [...sets.rows(draft)])
    if (row.state === 'keygen' && !isPaused(draft, row.set.network)) {
      enterAttempt(draft, context, row);
      askOn(draft, context, row);
    }
};

/** What was proposed before our own chain showed the set is checked against it now. */
const siftProposals = (draft: Draft, context: CryptoContext, row: SetRow): void => {
  for (let attempt = 0; attempt <= MOST_AHEAD; attempt += 1)
    for (const from of validatorsOf(row)) {
      const party = wordOf(draft, { set: row.set, attempt }, 'certificate.proposal', from);
      if (party !== undefined) noteProposal(draft, context, row, from, party);
    }
};

/** The attempt our chain has open: if the draw is ours we propose its party, once; what was proposed by others may be signed now. */
const enterAttempt = (draft: Draft, context: CryptoContext, row: SetRow): void => {
  const id = { set: row.set, attempt: openAttempt(draft, row) };
  if (isHeld(draft, row) || isKeyGenBurnt(draft, row, id)) return;
  if (!keyGenRow(draft, id).opened) {
    noteKeyGen(draft, id, { opened: true });
    forgetOldAttempts(draft, row);
    const removed = suspectsFor(draft, context, row, id.attempt);
    if (convenerOf(row, id.attempt, removed) === context.self) propose(draft, context, row, partyWithout(row, id.attempt, removed));
  }
  consider(draft, context, row, id);
};

const propose = (draft: Draft, context: CryptoContext, row: SetRow, party: KeyGenParty): void => {
  sayKeyGen(draft, context, validatorsOf(row), keyGenName(party.id), { kind: 'certificate.proposal', body: party });
  noteProposal(draft, context, row, context.self, party);
};

/** Signs a proposal of the attempt our chain has open, once and for ever: the row stands before the signature leaves. */
const consider = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId): void => {
  if (isPaused(draft, row.set.network) || isHeld(draft, row) || isKeyGenBurnt(draft, row, id)) return;
  const voted = wordOf(draft, id, 'certificate.vote', context.self) !== undefined;
  if (!voted && partyOf(draft, id) === undefined && id.attempt === openAttempt(draft, row)) {
    const party = chooseProposal(draft, context, row, id);
    if (party !== undefined) vote(draft, context, party);
  }
  certify(draft, context, row, id);
};

const vote = (draft: Draft, context: CryptoContext, party: KeyGenParty): void => {
  const { id } = party;
  const signature = toHex(context.sign(partyBytes(context.genesisHash, digestOf(party))));
  sayKeyGen(draft, context, validatorsOf(party), keyGenName(id), { kind: 'certificate.vote', body: { id, signature } });
  countVote(draft, context, id, context.self);
};

/** A convener's proposal, its first word (design §7); held where our own chain does not show the set yet. */
export const proposalArrived = (draft: Draft, context: CryptoContext, from: Hex, party: KeyGenParty): void => {
  const row = sets.get(draft, setName(party.id.set));
  if (row === undefined) return;
  noteProposal(draft, context, row, from, party);
  consider(draft, context, row, party.id);
};

/** A proposal is valid only if it is, word for word, what our own chain allows; votes for it may have come before it. */
const noteProposal = (draft: Draft, context: CryptoContext, row: SetRow, from: Hex, party: KeyGenParty): void => {
  const { id } = party;
  if (mayBeProposed(row, from, party)) {
    noteKeyGen(draft, id, { proposals: { ...keyGenRow(draft, id).proposals, [from]: { digest: digestOf(party), shares: 0 } } });
    for (const validator of validatorsOf(party)) countVote(draft, context, id, validator);
    return;
  }
  noteBlame(draft, id, from);
  const messages = [messageOf(draft, id, 'certificate.proposal', from)].filter((message) => message !== undefined);
  accuse(draft, context, 'certificate.contradicts-chain', keyGenName(id), { id, messages });
};

/** A member's signature on the party. */
export const voteArrived = (draft: Draft, context: CryptoContext, from: Hex, id: KeyGenId): void => {
  const row = sets.get(draft, setName(id.set));
  if (row === undefined || partyOf(draft, id) !== undefined) return;
  countVote(draft, context, id, from);
  certify(draft, context, row, id);
};

/** Counts a member's vote for the proposal that it signs, once. */
const countVote = (draft: Draft, context: CryptoContext, id: KeyGenId, from: Hex): void => {
  const said = wordOf(draft, id, 'certificate.vote', from);
  const name = `${keyGenName(id)}/${from}`;
  if (said === undefined || signers.get(draft, name) !== undefined) return;
  const { proposals } = keyGenRow(draft, id);
  for (const [convener, { members }] of proposalsOf(draft, id)) {
    const proposal = proposals[convener];
    const held = sharesOf(members, [from]);
    if (proposal === undefined || held === 0) continue;
    if (!context.verify(fromHex(from), partyBytes(context.genesisHash, proposal.digest), fromHex(said.signature))) continue;
    signers.put(draft, name, convener);
    noteKeyGen(draft, id, { proposals: { ...proposals, [convener]: { ...proposal, shares: proposal.shares + held } } });
    return;
  }
};

/** Once members with t key shares have signed a party it is the attempt's, and the processor gets it and may begin. */
const certify = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId): void => {
  if (partyOf(draft, id) !== undefined || superseded(draft, id) || isQuarantined(draft) || isKeyGenBurnt(draft, row, id)) return;
  const { proposals } = keyGenRow(draft, id);
  const [convener, party] = proposalsOf(draft, id).find(([from]) => (proposals[from]?.shares ?? 0) >= row.t) ?? [];
  if (convener === undefined || party === undefined) return;
  parties.put(draft, keyGenName(id), party);
  latestParties.put(draft, setName(id.set), id.attempt);
  const signatures = signersOf(draft, party, convener).flatMap((validator) => {
    const said = wordOf(draft, id, 'certificate.vote', validator);
    return said === undefined ? [] : [[validator, said.signature] as const];
  });
  begin(draft, context, party, Object.fromEntries(signatures));
};

const begin = (draft: Draft, context: CryptoContext, party: KeyGenParty, signatures: Readonly<Record<Hex, Hex>>): void => {
  const { id, threshold, members } = party;
  const mine = mineIn(party, context);
  const [i] = mine;
  if (i === undefined) return;
  tellProcessor(draft, context, id.set.network, keyGenName(id), {
    type: 'serai.key-gen.generate-key.v1',
    data: {
      id,
      params: { t: threshold, n: sharesOf(members, validatorsOf(party)), i },
      shares: mine.length,
      certificate: { ...party, signatures },
    },
  });
};

/** Our processor's commitments go to every member. */
export const commitmentsMade = (draft: Draft, context: CryptoContext, id: KeyGenId, commitments: Hex): void => {
  const party = runningParty(draft, context, id);
  if (party === undefined || wordOf(draft, id, 'keygen.commitments', context.self) !== undefined) return;
  sayKeyGen(draft, context, validatorsOf(party), keyGenName(id), { kind: 'keygen.commitments', body: { id, commitments } });
  commitmentsArrived(draft, context, id);
};

/** A member's commitments. */
export const commitmentsArrived = (draft: Draft, context: CryptoContext, id: KeyGenId): void => {
  noteKeyGen(draft, id, { commitments: keyGenRow(draft, id).commitments + 1 });
  giveCommitments(draft, context, id);
};

/** With every member's commitments there the processor gets them, by each member's first participant. */
const giveCommitments = (draft: Draft, context: CryptoContext, id: KeyGenId): void => {
  const party = runningParty(draft, context, id);
  const attempt = keyGenRow(draft, id);
  if (party === undefined || attempt.commitmentsGiven || attempt.commitments < party.members.length) return;
  const commitments = byFirstParticipant(party.members, ({ validator }) => wordOf(draft, id, 'keygen.commitments', validator)?.commitments);
  if (Object.keys(commitments).length < party.members.length) return;
  noteKeyGen(draft, id, { commitmentsGiven: true, map: digestOf(commitments) });
  tellProcessor(draft, context, id.set.network, keyGenName(id), { type: 'serai.key-gen.commitments.v1', data: { id, commitments } });
};

const byFirstParticipant = (members: readonly PartyMember[], told: (member: PartyMember) => Hex | undefined): ByParticipant =>
  Object.fromEntries(
    members.flatMap((member) => {
      const [first] = member.participants;
      const bytes = told(member);
      return first === undefined || bytes === undefined ? [] : [[String(first), bytes] as const];
    }),
  );

/** Our processor's shares, encrypted to each recipient's processor, go to their holders. */
export const sharesMade = (draft: Draft, context: CryptoContext, id: KeyGenId, shares: ByParticipant): void => {
  const party = runningParty(draft, context, id);
  const sender = party === undefined ? undefined : mineIn(party, context)[0];
  const { map } = keyGenRow(draft, id);
  if (party === undefined || sender === undefined || map === undefined) return;
  for (const { validator, participants } of party.members) {
    const own = participants.flatMap((share) => {
      const found = shares[String(share)];
      return found === undefined ? [] : [[String(share), found] as const];
    });
    const body = { id, sender, map, shares: Object.fromEntries(own) };
    if (own.length > 0 && validator !== context.self) sayShares(draft, context, validator, body);
  }
  noteKeyGen(draft, id, { dealt: true });
  giveShares(draft, context, id);
  weighBlames(draft, context, id);
};

/** Shares another member's processor made for ours. */
export const sharesArrived = (draft: Draft, context: CryptoContext, id: KeyGenId): void => {
  noteKeyGen(draft, id, { shares: keyGenRow(draft, id).shares + 1 });
  giveShares(draft, context, id);
};

/** With every other member's shares there the processor gets them: by sender, those for each of our participants one after the other. */
const giveShares = (draft: Draft, context: CryptoContext, id: KeyGenId): void => {
  const party = runningParty(draft, context, id);
  const attempt = keyGenRow(draft, id);
  // The processor takes shares only where it took the commitments they are checked against; it may have blamed one instead.
  if (party === undefined || attempt.dealt !== true || attempt.sharesGiven || attempt.shares < party.members.length - 1) return;
  const others = party.members.filter(({ validator }) => validator !== context.self);
  const said = new Map(others.map(({ validator }) => [validator, wordOf(draft, id, 'keygen.shares', validator)]));
  if ([...said.values()].includes(undefined)) return;
  // Made with other commitments than ours: someone told two. They count as not come, and what we lack we say (docs/protocol.md).
  const foreign = others.filter(({ validator }) => said.get(validator)?.map !== attempt.map);
  for (const { validator } of foreign) forgetShares(draft, id, validator);
  if (foreign.length > 0) {
    noteKeyGen(draft, id, { shares: attempt.shares - foreign.length });
    return;
  }
  const misshapen = others.filter(({ validator }) => !sharesFit(party, context.self, said.get(validator)?.shares ?? {}));
  for (const { validator } of misshapen) {
    noteBlame(draft, id, validator);
    const messages = [messageOf(draft, id, 'keygen.shares', validator)].filter((message) => message !== undefined);
    accuse(draft, context, 'keygen.foreign-share', keyGenName(id), { id, messages });
    accuseSender(draft, context, id, validator, null);
  }
  if (misshapen.length > 0) return;
  noteKeyGen(draft, id, { sharesGiven: true });
  const mine = mineIn(party, context);
  const shares = byFirstParticipant(others, ({ validator }) => joined(mine, said.get(validator)?.shares ?? {}));
  tellProcessor(draft, context, id.set.network, keyGenName(id), { type: 'serai.key-gen.shares.v1', data: { id, shares } });
};
