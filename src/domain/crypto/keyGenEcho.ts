import type { Hex } from '../hex.ts';
import { type PeerMessage, verifyPeerMessage } from '../peers/peerMessage.ts';
import { type KeyGenId, setName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { keyGenStart, partsOver } from './keyGenClock.ts';
import { keyGenName, validatorsOf } from './keyGenParty.ts';
import { keyGenRow, noteKeyGen, openAttempt, partyOf } from './keyGenRows.ts';
import { noteLack, noteShown, shownShares } from './keyGenShown.ts';
import { proposalsOf, sharesFit } from './keyGenSuspects.ts';
import { aboutOf, type KeyGenBody, messageOf, sayKeyGen, wordOf } from './keyGenWords.ts';
import { type KeyGenParty, MOST_ASKS, peerBody } from './peerBodies.ts';
import { head, heard, relays, type SetRow, sets } from './rows.ts';
import { signedFor, tellPeers } from './say.ts';
import { isHeld, isKeyGenBurnt } from './standing.ts';

/*
 * Members tell each other what they lack of an attempt, and relay what they have: the signed words of others. So who says something to some
 * and not to all, or other things to others, can neither cut an honest member off nor have it blamed (docs/protocol.md).
 */

/** Words that are the same to everyone, and may be relayed to anyone. */
const TO_ALL = ['certificate.proposal', 'certificate.vote', 'keygen.commitments', 'musig.commitment'] as const;

const isToAll = ({ kind }: KeyGenBody): boolean => kind === 'keygen.blame' || (TO_ALL as readonly string[]).includes(kind);

/** The first 16 bytes of a word's digest: enough to tell two words of one member apart. */
const brief = (message: PeerMessage | undefined): Hex | null =>
  message === undefined ? null : (digestOf(message.body).slice(0, 34) as Hex);

const briefs = (draft: Draft, row: SetRow, id: KeyGenId, kind: (typeof TO_ALL)[number], round?: number): (Hex | null)[] =>
  validatorsOf(row).map((validator) => brief(messageOf(draft, id, kind, validator, round)));

/** Whose shares for us have not come, though all commitments have that they are made with. */
const withoutShares = (draft: Draft, context: CryptoContext, party: KeyGenParty | undefined, id: KeyGenId): Hex[] => {
  const members = party === undefined ? [] : validatorsOf(party);
  if (!members.includes(context.self) || members.some((of) => wordOf(draft, id, 'keygen.commitments', of) === undefined)) return [];
  return members.filter((of) => of !== context.self && wordOf(draft, id, 'keygen.shares', of) === undefined);
};

/** Says to all what we have of an attempt, and so what we lack. */
const ask = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId): void => {
  const { asked = 0, round: musig } = keyGenRow(draft, id);
  if (asked >= MOST_ASKS) return;
  noteKeyGen(draft, id, { asked: asked + 1 });
  const party = partyOf(draft, id);
  sayKeyGen(draft, context, validatorsOf(row), `${keyGenName(id)}/lack/${String(asked)}`, {
    kind: 'keygen.lack',
    body: {
      id,
      round: asked,
      certified: party !== undefined,
      commitments: briefs(draft, row, id, 'keygen.commitments'),
      shares: withoutShares(draft, context, party, id),
      musig: { round: musig, commitments: briefs(draft, row, id, 'musig.commitment', musig) },
    },
  });
};

const mayAsk = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId): boolean => {
  if (row.state !== 'keygen' || keyGenRow(draft, id).submitted || isHeld(draft, row) || isKeyGenBurnt(draft, row, id)) return false;
  const party = partyOf(draft, id);
  return party === undefined || validatorsOf(party).includes(context.self);
};

/** With each block: where a part of the open attempt has passed, and it has not ended here, we say what we lack. */
export const askOn = (draft: Draft, context: CryptoContext, row: SetRow): void => {
  const id = { set: row.set, attempt: openAttempt(draft, row) };
  const waited = (head.get(draft, '')?.number ?? 0) - keyGenStart(row.anchor.number, id.attempt);
  const due = (keyGenRow(draft, id).asked ?? 0) < partsOver(id.attempt, waited);
  if (due && mayAsk(draft, context, row, id) && isLacking(draft, context, id)) ask(draft, context, row, id);
};

const isLacking = (draft: Draft, context: CryptoContext, id: KeyGenId): boolean => {
  const party = partyOf(draft, id);
  if (party === undefined || withoutShares(draft, context, party, id).length > 0) return true;
  const { round } = keyGenRow(draft, id);
  return validatorsOf(party).some(
    (of) => wordOf(draft, id, 'keygen.commitments', of) === undefined || wordOf(draft, id, 'musig.commitment', of, round) === undefined,
  );
};

/** Something does not fit together: what the others have heard may tell who is at fault. */
export const askNow = (draft: Draft, context: CryptoContext, id: KeyGenId): void => {
  const row = sets.get(draft, setName(id.set));
  if (row !== undefined && mayAsk(draft, context, row, id)) ask(draft, context, row, id);
};

/** Relays a word, to each of these once. */
export const relay = (draft: Draft, context: CryptoContext, to: readonly Hex[], id: KeyGenId, message: PeerMessage): void => {
  const { kind, from, to: first, body } = message;
  const word = digestOf({ kind, from, to: first, body });
  for (const receiver of to) {
    const name = `${keyGenName(id)}/${receiver}`;
    const done = relays.get(draft, name) ?? [];
    if (done.includes(word)) continue;
    relays.put(draft, name, [...done, word]);
    tellPeers(draft, context, [receiver], `${keyGenName(id)}/${word}`, { kind: 'keygen.relay', body: { id, message } });
  }
};

type Lack = Extract<KeyGenBody, { kind: 'keygen.lack' }>['body'];

/** What a member lacks and we have is relayed to it, as far as it is said to all; shares of ours that it lacks are shown to all. */
export const lackArrived = (draft: Draft, context: CryptoContext, from: Hex, { id, certified, commitments, shares, musig }: Lack): void => {
  const row = sets.get(draft, setName(id.set));
  const party = partyOf(draft, id);
  // Who is not of the party has no part in what it says.
  if (row === undefined || (party !== undefined && !validatorsOf(party).includes(from))) return;
  const give = (kind: (typeof TO_ALL)[number], of: readonly Hex[], round?: number): void => {
    for (const validator of of) {
      const message = messageOf(draft, id, kind, validator, round);
      if (message !== undefined && validator !== from) relay(draft, context, [from], id, message);
    }
  };
  const members = validatorsOf(row);
  const differing = (has: readonly (Hex | null)[], ours: readonly (Hex | null)[]): Hex[] =>
    members.filter((_, place) => ours[place] !== null && ours[place] !== (has[place] ?? null));
  if (!certified) {
    give(
      'certificate.proposal',
      proposalsOf(draft, id).map(([convener]) => convener),
    );
    give('certificate.vote', members);
  }
  give('keygen.commitments', differing(commitments, briefs(draft, row, id, 'keygen.commitments')));
  const { round } = musig;
  give('musig.commitment', differing(musig.commitments, briefs(draft, row, id, 'musig.commitment', round)), round);
  noteLack(
    draft,
    id,
    from,
    shares.filter((sender) => members.includes(sender)),
  );
  for (const sender of shares) showShares(draft, context, row, id, sender, from);
};

const madeName = (id: KeyGenId, to: Hex): string => `keygen/${keyGenName(id)}/made/${to}`;

/** Shares of ours as they leave for another member: kept, to be shown where it says that it lacks them. */
export const sayShares = (
  draft: Draft,
  context: CryptoContext,
  to: Hex,
  body: Extract<KeyGenBody, { kind: 'keygen.shares' }>['body'],
): void => {
  const said = { kind: 'keygen.shares', body } as const;
  heard.put(draft, madeName(body.id, to), signedFor(context, to, keyGenName(body.id), said));
  tellPeers(draft, context, [to], keyGenName(body.id), said);
};

/** Someone lacks a member's shares: ours are shown to all, who can bear witness then; those that were shown to us are passed on. */
const showShares = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId, sender: Hex, to: Hex): void => {
  if (sender !== context.self) {
    const known = shownShares(draft, id, sender, to);
    if (known !== undefined) relay(draft, context, [to], id, known);
    return;
  }
  const made = heard.get(draft, madeName(id, to));
  if (made !== undefined && shownShares(draft, id, sender, to) === undefined) {
    noteShown(draft, id, made);
    relay(draft, context, validatorsOf(row), id, made);
  }
};

/** A word that another member relays. */
export interface Relayed {
  readonly message: PeerMessage;
  readonly said: KeyGenBody;
}

/**
 * What a member relays: nothing that we have heard already, nothing that its sender has not signed. Shares that are for another one are
 * passed on to it, and remembered: their sender has shown them.
 */
export const relayArrived = (draft: Draft, context: CryptoContext, id: KeyGenId, message: PeerMessage): Relayed | undefined => {
  const row = sets.get(draft, setName(id.set));
  const read = peerBody.safeParse({ kind: message.kind, body: message.body });
  if (row === undefined || !read.success || message.genesis !== context.genesisHash || message.from === context.self) return undefined;
  const said = read.data as KeyGenBody;
  if (!validatorsOf(row).includes(message.from) || !('id' in said.body) || 'kind' in said.body.id) return undefined;
  if (keyGenName(said.body.id) !== keyGenName(id)) return undefined;
  if (said.kind === 'keygen.shares') {
    if (!verifyPeerMessage(message, context.verify)) return undefined;
    if (message.to === context.self) return { message, said };
    passOn(draft, context, id, message);
    return undefined;
  }
  if (!isToAll(said)) return undefined;
  const known = messageOf(draft, id, said.kind, message.from, aboutOf(said));
  const isNew = known === undefined || (said.kind !== 'certificate.vote' && brief(known) !== brief(message));
  return isNew && verifyPeerMessage(message, context.verify) ? { message, said } : undefined;
};

const passOn = (draft: Draft, context: CryptoContext, id: KeyGenId, message: PeerMessage): void => {
  const party = partyOf(draft, id);
  const said = peerBody.parse({ kind: message.kind, body: message.body });
  if (party === undefined || said.kind !== 'keygen.shares' || shownShares(draft, id, message.from, message.to) !== undefined) return;
  if (!sharesFit(party, message.to, said.body.shares)) return;
  noteShown(draft, id, message);
  relay(draft, context, [message.to], id, message);
};
