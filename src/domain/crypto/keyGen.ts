import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonicalJson.ts';
import { fromHex, type Hex, toHex } from '../hex.ts';
import { keyGenStream } from '../party/attemptStream.ts';
import { drawParty } from '../party/drawParty.ts';
import { thresholdOf } from '../party/window.ts';
import { type KeyGenId, type SetId, setName } from '../processor/ids.ts';
import type { PartyMember } from '../processor/messages.ts';
import type { Draft, Json } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import type { KeyGenParty } from './peerBodies.ts';
import { type BlockRef, type KeyGenRow, keyGens, type SetRow, sets } from './rows.ts';
import { accuse, requestLinks, tellPeers, tellProcessor } from './say.ts';

const NOTHING: KeyGenRow = {
  proposed: false,
  votes: {},
  certified: false,
  commitments: {},
  commitmentsGiven: false,
  shares: {},
  sharesGiven: false,
  round: 0,
  submitted: false,
};

/** An attempt as one word: `Bitcoin/0/0`. */
export const keyGenName = (id: KeyGenId): string => `${setName(id.set)}/${String(id.attempt)}`;

/** The row of a key generation attempt, empty where nothing is known yet. */
export const keyGenRow = (draft: Draft, id: KeyGenId): KeyGenRow => keyGens.get(draft, keyGenName(id)) ?? NOTHING;

export const validatorsOf = (row: { readonly members: readonly PartyMember[] }): Hex[] => row.members.map((member) => member.validator);

/** The bytes a member signs for a keygen party: label ‖ genesis ‖ canonical JSON of the party (design §5, §7). */
export const partyBytes = (genesisHash: Hex, party: KeyGenParty): Uint8Array =>
  concatBytes(utf8ToBytes('serai-coordinator/v1/certificate.keygen'), fromHex(genesisHash), utf8ToBytes(canonicalJson(party)));

const holderOf = (row: { readonly members: readonly PartyMember[] }, share: number): Hex | undefined =>
  row.members.find((member) => member.participants.includes(share))?.validator;

/** Whoever holds the first participant drawn from the anchor convenes the attempt (design §7, §8). */
const convenerOf = (row: SetRow, id: KeyGenId): Hex | undefined => {
  const draw = { blockHash: fromHex(row.anchor.hash), participants: row.n, threshold: 1, stream: keyGenStream(id) };
  return drawParty(draw).map((share) => holderOf(row, share))[0];
};

const sharesOf = (members: readonly PartyMember[], validators: readonly string[]): number =>
  members.filter((member) => validators.includes(member.validator)).reduce((sum, member) => sum + member.participants.length, 0);

/** A new set with our key in it: asks for links, and opens its first key generation attempt. */
export const openKeyGen = (draft: Draft, context: CryptoContext, set: SetId, anchor: BlockRef, members: readonly PartyMember[]): void => {
  const mine = members.find((member) => member.validator === context.self)?.participants;
  if (mine === undefined) return;
  const n = members.reduce((sum, member) => sum + member.participants.length, 0);
  const t = thresholdOf(n);
  const row: SetRow = { set, anchor, members, n, t, mine, state: 'keygen' };
  sets.put(draft, setName(set), row);
  requestLinks(draft, context, setName(set), validatorsOf(row));
  const id = { set, attempt: 0 };
  const party: KeyGenParty = { id, anchor, threshold: t, members: [...members] };
  keyGens.put(draft, keyGenName(id), { ...keyGenRow(draft, id), party });
  if (convenerOf(row, id) === context.self) {
    tellPeers(draft, context, validatorsOf(row), keyGenName(id), { kind: 'certificate.proposal', body: party });
    propose(draft, context, id);
  } else if (keyGenRow(draft, id).proposed) {
    vote(draft, context, row, id);
  }
  certify(draft, context, row, id);
};

const propose = (draft: Draft, context: CryptoContext, id: KeyGenId): void => {
  keyGens.put(draft, keyGenName(id), { ...keyGenRow(draft, id), proposed: true });
  const row = sets.get(draft, setName(id.set));
  if (row !== undefined) vote(draft, context, row, id);
};

/** Signs the party once and for ever, and tells every member. */
const vote = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId): void => {
  const attempt = keyGenRow(draft, id);
  if (attempt.party === undefined || attempt.votes[context.self] !== undefined) return;
  const signature = toHex(context.sign(partyBytes(context.genesisHash, attempt.party)));
  keyGens.put(draft, keyGenName(id), { ...attempt, votes: { ...attempt.votes, [context.self]: signature } });
  tellPeers(draft, context, validatorsOf(row), keyGenName(id), { kind: 'certificate.vote', body: { id, signature } });
};

/** A convener's proposal: valid only if it is, word for word, what our own chain says. */
export const proposalArrived = (draft: Draft, context: CryptoContext, from: Hex, party: KeyGenParty): void => {
  const { id } = party;
  const row = sets.get(draft, setName(id.set));
  if (row === undefined) {
    keyGens.put(draft, keyGenName(id), { ...keyGenRow(draft, id), proposed: true });
    return;
  }
  const own = keyGenRow(draft, id).party;
  if (own === undefined || digestOf(own) !== digestOf(party) || convenerOf(row, id) !== from) {
    accuse(draft, context, 'certificate.contradicts-chain', keyGenName(id), { from, party: party as unknown as Json });
    return;
  }
  propose(draft, context, id);
  certify(draft, context, row, id);
};

/** A member's signature on the party. */
export const voteArrived = (draft: Draft, context: CryptoContext, from: Hex, id: KeyGenId, signature: Hex): void => {
  const attempt = keyGenRow(draft, id);
  if (attempt.votes[from] !== undefined) return;
  keyGens.put(draft, keyGenName(id), { ...attempt, votes: { ...attempt.votes, [from]: signature } });
  const row = sets.get(draft, setName(id.set));
  if (row !== undefined) certify(draft, context, row, id);
};

/** Once members with t key shares have signed, the processor gets the party and may begin. */
const certify = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId): void => {
  const attempt = keyGenRow(draft, id);
  const { party } = attempt;
  if (party === undefined || attempt.certified) return;
  const bytes = partyBytes(context.genesisHash, party);
  const valid = Object.entries(attempt.votes).filter(
    ([validator, signature]) =>
      validatorsOf(row).includes(validator as Hex) && context.verify(fromHex(validator), bytes, fromHex(signature)),
  );
  const voters = valid.map(([validator]) => validator);
  if (!voters.includes(context.self) || sharesOf(row.members, voters) < row.t) return;
  keyGens.put(draft, keyGenName(id), { ...attempt, certified: true });
  const [i] = row.mine;
  if (i === undefined) return;
  tellProcessor(draft, context, id.set.network, keyGenName(id), {
    type: 'serai.key-gen.generate-key.v1',
    data: {
      id,
      params: { t: row.t, n: row.n, i },
      shares: row.mine.length,
      certificate: { ...party, signatures: Object.fromEntries(valid) },
    },
  });
};

/** Our processor's commitments go to every member. */
export const commitmentsMade = (draft: Draft, context: CryptoContext, id: KeyGenId, commitments: Hex): void => {
  const row = sets.get(draft, setName(id.set));
  const [i] = row?.mine ?? [];
  if (row === undefined || i === undefined) return;
  tellPeers(draft, context, validatorsOf(row), keyGenName(id), { kind: 'keygen.commitments', body: { id, commitments } });
  noteCommitments(draft, context, id, String(i), commitments);
};

/** Another member's commitments. */
export const commitmentsArrived = (draft: Draft, context: CryptoContext, from: Hex, id: KeyGenId, commitments: Hex): void => {
  const attempt = keyGenRow(draft, id);
  const key = sets.get(draft, setName(id.set))?.members.find((member) => member.validator === from)?.participants[0];
  // Before our own chain shows the set, the sender's index is not known: what comes early is kept under its key.
  if (key !== undefined) {
    noteCommitments(draft, context, id, String(key), commitments);
    return;
  }
  keyGens.put(draft, keyGenName(id), { ...attempt, commitments: { ...attempt.commitments, [from]: commitments } });
};

const noteCommitments = (draft: Draft, context: CryptoContext, id: KeyGenId, sender: string, commitments: Hex): void => {
  const attempt = keyGenRow(draft, id);
  const known = attempt.commitments[sender];
  if (known !== undefined) {
    if (known !== commitments) accuse(draft, context, 'keygen.conflict', keyGenName(id), { sender, known, other: commitments });
    return;
  }
  keyGens.put(draft, keyGenName(id), { ...attempt, commitments: { ...attempt.commitments, [sender]: commitments } });
  giveCommitments(draft, context, id);
};

const giveCommitments = (draft: Draft, context: CryptoContext, id: KeyGenId): void => {
  const row = sets.get(draft, setName(id.set));
  const attempt = keyGenRow(draft, id);
  if (row === undefined || attempt.commitmentsGiven) return;
  const byShare = Object.fromEntries(
    row.members.flatMap((member) => {
      const [share] = member.participants;
      const found = attempt.commitments[String(share)] ?? attempt.commitments[member.validator];
      return share === undefined || found === undefined ? [] : [[String(share), found] as const];
    }),
  );
  if (Object.keys(byShare).length < row.members.length) return;
  keyGens.put(draft, keyGenName(id), { ...attempt, commitmentsGiven: true });
  tellProcessor(draft, context, id.set.network, keyGenName(id), {
    type: 'serai.key-gen.commitments.v1',
    data: { id, commitments: byShare },
  });
  giveShares(draft, context, id);
};

/** Our processor's shares, encrypted to each recipient's processor, go to their holders. */
export const sharesMade = (draft: Draft, context: CryptoContext, id: KeyGenId, shares: Readonly<Record<string, Hex>>): void => {
  const row = sets.get(draft, setName(id.set));
  const [sender] = row?.mine ?? [];
  if (row === undefined || sender === undefined) return;
  for (const { validator, participants } of row.members) {
    const own = participants.flatMap((share) => {
      const found = shares[String(share)];
      return found === undefined ? [] : [[String(share), found] as const];
    });
    const body = { id, sender, shares: Object.fromEntries(own) };
    if (own.length > 0) tellPeers(draft, context, [validator], keyGenName(id), { kind: 'keygen.shares', body });
  }
};

/** Shares another member's processor made for ours. */
export const sharesArrived = (
  draft: Draft,
  context: CryptoContext,
  from: Hex,
  id: KeyGenId,
  sender: number,
  shares: readonly Hex[],
): void => {
  const row = sets.get(draft, setName(id.set));
  if (row !== undefined && holderOf(row, sender) !== from) {
    accuse(draft, context, 'keygen.foreign-share', keyGenName(id), { from, sender });
    return;
  }
  const attempt = keyGenRow(draft, id);
  const [share] = shares;
  if (share === undefined || attempt.shares[String(sender)] !== undefined) return;
  keyGens.put(draft, keyGenName(id), { ...attempt, shares: { ...attempt.shares, [String(sender)]: share } });
  giveShares(draft, context, id);
};

const giveShares = (draft: Draft, context: CryptoContext, id: KeyGenId): void => {
  const row = sets.get(draft, setName(id.set));
  const attempt = keyGenRow(draft, id);
  // The processor takes shares only after the commitments they are checked against.
  if (row === undefined || !attempt.commitmentsGiven || attempt.sharesGiven) return;
  if (Object.keys(attempt.shares).length < row.n - row.mine.length) return;
  keyGens.put(draft, keyGenName(id), { ...attempt, sharesGiven: true });
  tellProcessor(draft, context, id.set.network, keyGenName(id), { type: 'serai.key-gen.shares.v1', data: { id, shares: attempt.shares } });
};
