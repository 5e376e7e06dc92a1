import type { Hex } from '../hex.ts';
import { verifyPeerMessage } from '../peers/peerMessage.ts';
import { type KeyGenId, setName } from '../processor/ids.ts';
import type { Reply } from '../processor/messages.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { askNow, relay } from './keyGenEcho.ts';
import { keyGenName, validatorsOf } from './keyGenParty.ts';
import { blamedIn, keyGenRow, noteBlame, noteKeyGen, partyOf } from './keyGenRows.ts';
import { joined, runningParty } from './keyGenRunning.ts';
import { sharesFit } from './keyGenSuspects.ts';
import { type KeyGenSaid, messageOf, sayKeyGen, wordOf } from './keyGenWords.ts';
import { type KeyGenParty, peerBody } from './peerBodies.ts';
import { type AccusationState, sets } from './rows.ts';
import { report, tellProcessor } from './say.ts';

/*
 * Whether encrypted shares are right their receiver alone can see. So it accuses with proof, every other member's processor looks at it,
 * and all hold the same one to be at fault: who sent wrong shares, or who said so of right ones (docs/protocol.md).
 */

type Blame = KeyGenSaid['keygen.blame'];

const accusationName = (accuser: Hex, accused: Hex): string => `${accuser}/${accused}`;

const noteAccusation = (draft: Draft, id: KeyGenId, name: string, state: AccusationState): void => {
  noteKeyGen(draft, id, { accusations: { ...keyGenRow(draft, id).accusations, [name]: state } });
};

/** Whether a member may accuse one more in an attempt: no more than can be at fault; one where we do not know the set yet. */
export const mayAccuse = (draft: Draft, accuser: Hex, { id, accused }: Blame): boolean => {
  const row = sets.get(draft, setName(id.set));
  const known = Object.keys(keyGenRow(draft, id).accusations ?? {}).filter((name) => name.startsWith(`${accuser}/`));
  return known.includes(accusationName(accuser, accused)) || known.length < Math.max(1, row === undefined ? 1 : row.n - row.t);
};

/** Tells the party that a member's shares for us are wrong, once. With the proof our part in the attempt ends; none leaves once we have its key. */
export const accuseSender = (draft: Draft, context: CryptoContext, id: KeyGenId, accused: Hex, proof: Hex | null): void => {
  const party = runningParty(draft, context, id);
  const shares = messageOf(draft, id, 'keygen.shares', accused);
  if (party === undefined || shares === undefined || keyGenRow(draft, id).keyPair !== undefined) return;
  if (wordOf(draft, id, 'keygen.blame', context.self, accused) !== undefined) return;
  noteKeyGen(draft, id, { hasAccused: true });
  sayKeyGen(draft, context, validatorsOf(party), `${keyGenName(id)}/${accused}`, {
    kind: 'keygen.blame',
    body: { id, accused, proof, shares },
  });
};

/** The shares that an accusation quotes; undefined unless the accused has signed them, for the accuser, in this attempt. */
const quotedIn = (context: CryptoContext, accuser: Hex, { id, accused, shares }: Blame): KeyGenSaid['keygen.shares'] | undefined => {
  const read = peerBody.safeParse({ kind: shares.kind, body: shares.body });
  if (!read.success || read.data.kind !== 'keygen.shares' || keyGenName(read.data.body.id) !== keyGenName(id)) return undefined;
  if (accused === accuser || shares.from !== accused || shares.to !== accuser || shares.genesis !== context.genesisHash) return undefined;
  return verifyPeerMessage(shares, context.verify) ? read.data.body : undefined;
};

/** A member accuses another one. */
export const blameArrived = (draft: Draft, context: CryptoContext, accuser: Hex, { id, accused }: Blame): void => {
  noteAccusation(draft, id, accusationName(accuser, accused), 'held');
  weighBlames(draft, context, id);
};

/** Looks at the accusations that wait: our processor can judge them once it was given the commitments. */
export const weighBlames = (draft: Draft, context: CryptoContext, id: KeyGenId): void => {
  const party = runningParty(draft, context, id);
  const { accusations = {}, dealt } = keyGenRow(draft, id);
  if (party === undefined || dealt !== true) return;
  for (const [name, state] of Object.entries(accusations)) {
    const [accuser, accused] = name.split('/') as [Hex, Hex];
    const said = state === 'held' ? wordOf(draft, id, 'keygen.blame', accuser, accused) : undefined;
    if (said !== undefined) weigh(draft, context, party, accuser, said);
  }
};

/** What a message shows by itself is judged at once; of the rest our processor is asked, if the shares were made with what it was given. */
const weigh = (draft: Draft, context: CryptoContext, party: KeyGenParty, accuser: Hex, said: Blame): void => {
  const { id, accused, proof } = said;
  const [from, of] = [accuser, accused].map((member) => party.members.find(({ validator }) => validator === member)?.participants);
  const quoted = quotedIn(context, accuser, said);
  const name = accusationName(accuser, accused);
  if (from?.[0] === undefined || of?.[0] === undefined || quoted === undefined) noteAccusation(draft, id, name, 'foreign');
  else if (!sharesFit(party, accuser, quoted.shares))
    judge(draft, context, party, {
      accuser,
      accused,
      guilty: of[0],
      reason: 'the key shares are not for the participants of their receiver',
    });
  else if (proof === null) judge(draft, context, party, { accuser, accused, guilty: from[0], reason: 'an accusation without proof' });
  else if (quoted.map !== keyGenRow(draft, id).map) {
    noteAccusation(draft, id, name, 'foreign');
    askNow(draft, context, id);
  } else {
    noteAccusation(draft, id, name, 'asked');
    tellProcessor(draft, context, id.set.network, `${keyGenName(id)}/${String(from[0])}/${String(of[0])}`, {
      type: 'serai.key-gen.verify-blame.v1',
      data: { id, accuser: from[0], accused: of[0], shares: joined(from, quoted.shares), proof },
    });
  }
};

interface Verdict {
  readonly accuser: Hex;
  readonly accused: Hex;
  /** A participant of the one of them who is at fault. */
  readonly guilty: number;
  readonly reason: string;
}

const holderOf = (party: KeyGenParty, participant: number): Hex | undefined =>
  party.members.find(({ participants }) => participants.includes(participant))?.validator;

/** One of the two is at fault; what shows it is reported, and passed on to members that may not have heard it. */
const judge = (draft: Draft, context: CryptoContext, party: KeyGenParty, { accuser, accused, guilty, reason }: Verdict): void => {
  const { id } = party;
  const validator = holderOf(party, guilty);
  const said = messageOf(draft, id, 'keygen.blame', accuser, accused);
  noteAccusation(draft, id, accusationName(accuser, accused), 'judged');
  if (validator === undefined || said === undefined || ![accuser, accused].includes(validator)) return;
  const commitments = [accuser, accused].flatMap((member) => messageOf(draft, id, 'keygen.commitments', member) ?? []);
  report(draft, context, `${keyGenName(id)}/${accusationName(accuser, accused)}`, {
    type: 'serai.report.blame.v1',
    data: { id, participant: guilty, validator, reason, messages: [...commitments, said] },
  });
  if (validator === context.self || blamedIn(draft, id).includes(validator)) return;
  noteBlame(draft, id, validator);
  const others = validatorsOf(party).filter((member) => member !== accuser && member !== context.self);
  if (runningParty(draft, context, id) !== undefined) relay(draft, context, others, id, said);
};

/**
 * Our processor names who sent invalid data, to us or to another member: its holder may be left out of the next attempt. What was signed goes
 * with the report; where shares for us are wrong all are told.
 */
export const blameMade = (
  draft: Draft,
  context: CryptoContext,
  { id, participant, reason, proof, accusation }: Extract<Reply, { type: 'serai.key-gen.blame.v1' }>['data'],
): void => {
  const party = partyOf(draft, id);
  const holder = party === undefined ? undefined : holderOf(party, participant);
  if (accusation !== undefined) {
    const [accuser, accused] = [accusation.accuser, accusation.accused].map((of) =>
      party === undefined ? undefined : holderOf(party, of),
    );
    if (party !== undefined && accuser !== undefined && accused !== undefined)
      judge(draft, context, party, { accuser, accused, guilty: participant, reason });
    return;
  }
  const kinds = ['keygen.commitments', 'keygen.shares'] as const;
  const signed = holder === undefined ? [] : kinds.map((kind) => messageOf(draft, id, kind, holder));
  report(draft, context, `${keyGenName(id)}/${String(participant)}`, {
    type: 'serai.report.blame.v1',
    data: { id, participant, validator: holder ?? null, reason, messages: signed.filter((message) => message !== undefined) },
  });
  if (holder === undefined) return;
  noteBlame(draft, id, holder);
  if (proof !== undefined) accuseSender(draft, context, id, holder, proof);
};
