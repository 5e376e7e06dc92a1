import type { Hex } from '../hex.ts';
import { windowAt, windowOf } from '../party/window.ts';
import type { PeerMessage } from '../peers/peerMessage.ts';
import { type ByParticipant, type SetId, type SignId, setName, signableName, signIdName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { holderOf, holdersOf, speaksFor } from './members.ts';
import { noteFatal } from './offences.ts';
import { type AttemptRow, attempts, head, heard, networks, type SetRow, sets, signables, words } from './rows.ts';
import { accuse, tellPeers, tellProcessor } from './say.ts';
import { isQuarantined } from './standing.ts';
import { isSigningStopped } from './stops.ts';

/** Attempts of which others speak before we have begun them: so many are held at most, and for so many blocks. */
const HELD = 512;
const HELD_FOR = 60;

/** The row of an attempt, empty where nothing is known yet. */
export const attemptRow = (draft: Draft, id: SignId): AttemptRow =>
  attempts.get(draft, signIdName(id)) ?? { id, since: head.get(draft, '')?.number ?? 0, sharesGiven: false, preprocesses: 0, shares: 0 };

/** Whether nothing new is to be signed for the set's network. */
export const isHalted = (draft: Draft, { network }: SetId): boolean =>
  networks.get(draft, network)?.halted !== undefined || isSigningStopped(draft, network) || isQuarantined(draft);

/** A row belongs to an attempt we may hear of: the set is ours, and the window no further than one ahead (design §8). */
export const mayHold = (draft: Draft, id: SignId): SetRow | undefined => {
  const set = sets.get(draft, setName(id.set));
  const row = signables.get(draft, signableName(id));
  const tip = head.get(draft, '');
  if (set === undefined || tip === undefined || (row !== undefined && row.state !== 'open')) return undefined;
  const anchor = row?.anchor.number ?? anchorOf(set, id.kind) ?? tip.number;
  const current = windowAt(anchor, tip.number)?.index ?? 0;
  return windowOf(id.attempt) <= current + 1 ? set : undefined;
};

/** Where the windows of a signable begin that we have not heard of, as far as its set tells. */
const anchorOf = ({ keys, handover }: SetRow, kind: SignId['kind']): number | undefined =>
  kind === 'batch' ? keys?.block.number : kind === 'slash-report' ? handover?.number : undefined;

/** The kinds of a member's words on an attempt. */
const KINDS = ['sign.preprocesses', 'sign.ready', 'sign.proposal', 'sign.round', 'sign.shares'] as const;

const heardName = (id: SignId, kind: string, validator: string): string => `${signIdName(id)}/${kind}/${validator}`;

/** The first signed word of a validator on an attempt. */
export const wordOf = (draft: Draft, id: SignId, kind: (typeof KINDS)[number], validator: Hex | undefined): PeerMessage | undefined =>
  validator === undefined ? undefined : heard.get(draft, heardName(id, kind, validator));

/**
 * Keeps a validator's signed word on an attempt. The first one stands; a second that says something else proves that the validator
 * speaks with two tongues (design §8, "Never twice"). Returns whether the word is the first.
 */
export const hear = (draft: Draft, context: CryptoContext, id: SignId, message: PeerMessage): boolean => {
  const name = heardName(id, message.kind, message.from);
  const known = heard.get(draft, name);
  if (known !== undefined) {
    if (digestOf(known.body) !== digestOf(message.body)) {
      noteFatal(draft, id.set, message.from);
      accuseOf(draft, context, 'sign.conflict', id, [known, message]);
    }
    return false;
  }
  if (attempts.get(draft, signIdName(id)) === undefined) {
    const held = [...attempts.rows(draft)].filter(([, { begun }]) => begun === undefined).length;
    if (held >= HELD) return false;
    attempts.put(draft, signIdName(id), attemptRow(draft, id));
  }
  heard.put(draft, name, message);
  return true;
};

/** Forgets an attempt with all that was said of it. */
export const forget = (draft: Draft, set: SetRow, id: SignId): void => {
  attempts.delete(draft, signIdName(id));
  for (let share = 1; share <= set.n; share += 1)
    for (const kind of ['preprocess', 'share'] as const)
      if (words.get(draft, wordName(id, kind, share)) !== undefined) words.delete(draft, wordName(id, kind, share));
  for (const { validator } of set.members)
    for (const kind of KINDS)
      if (heard.get(draft, heardName(id, kind, validator)) !== undefined) heard.delete(draft, heardName(id, kind, validator));
};

/** Forgets the attempts at a signable that is done. */
export const forgetAttempts = (draft: Draft, row: Omit<SignId, 'attempt'>): void => {
  const set = sets.get(draft, setName(row.set));
  for (const [, { id }] of [...attempts.rows(draft)])
    if (set !== undefined && signableName(id) === signableName(row)) forget(draft, set, id);
};

/** Evidence that others can check: the signed messages that prove it. */
export const accuseOf = (
  draft: Draft,
  context: CryptoContext,
  code: string,
  id: SignId,
  messages: readonly PeerMessage[],
  reason?: string,
): void => {
  const evidence = { id, messages: [...messages], ...(reason === undefined ? {} : { reason }) };
  accuse(draft, context, code, signIdName(id), evidence);
};

/** Forgets attempts that others spoke of and that we never began. */
export const forgetEarly = (draft: Draft): void => {
  const tip = head.get(draft, '')?.number ?? 0;
  for (const [, { id, begun, since }] of [...attempts.rows(draft)]) {
    const set = sets.get(draft, setName(id.set));
    if (begun === undefined && set !== undefined && since + HELD_FOR < tip) forget(draft, set, id);
  }
};

type Kind = 'preprocess' | 'share';

const wordName = (id: SignId, kind: Kind, share: number | string): string => `${signIdName(id)}/${kind}/${String(share)}`;

/** Adds what was said by participant to what is known of an attempt, the first word of each; returns how many are new. */
const addWords = (draft: Draft, id: SignId, kind: Kind, of: Hex, said: ByParticipant): number => {
  const fresh = Object.entries(said).filter(([share]) => words.get(draft, wordName(id, kind, share)) === undefined);
  for (const [share, bytes] of fresh) words.put(draft, wordName(id, kind, share), { bytes, of });
  return fresh.length;
};

/** Adds preprocesses to those known of an attempt; with the party's last one the map of them is fixed. */
export const notePreprocesses = (draft: Draft, context: CryptoContext, id: SignId, digest: Hex, said: ByParticipant): void => {
  const added = addWords(draft, id, 'preprocess', digest, said);
  const attempt = attemptRow(draft, id);
  attempts.put(draft, signIdName(id), { ...attempt, preprocesses: attempt.preprocesses + added });
  fixMap(draft, context, id);
};

/** Those of a party whose word of a kind has not come. */
export const missingOf = (draft: Draft, id: SignId, kind: Kind, party: readonly number[]): number[] =>
  party.filter((share) => words.get(draft, wordName(id, kind, share)) === undefined);

interface Gathered {
  readonly all: ByParticipant;
  /** The first one whose word is of something else than it should be. */
  readonly foreign: number | undefined;
}

/** What the party's members said, in ascending order of share; undefined while one is missing. */
const gather = (draft: Draft, id: SignId, kind: Kind, party: readonly number[], of: Hex): Gathered | undefined => {
  const ordered = [...party].sort((a, b) => a - b);
  const found = ordered.map((share) => [share, words.get(draft, wordName(id, kind, share))] as const);
  if (found.some(([, word]) => word === undefined)) return undefined;
  return {
    all: Object.fromEntries(found.flatMap(([share, word]) => (word === undefined ? [] : [[String(share), word.bytes] as const]))),
    foreign: found.find(([, word]) => word?.of !== of)?.[0],
  };
};

/** All preprocesses are there and speak of our digest: the map is fixed, once, and the processor gets it if it has a part in it. */
export const fixMap = (draft: Draft, context: CryptoContext, id: SignId): void => {
  const attempt = attemptRow(draft, id);
  const { begun } = attempt;
  const set = sets.get(draft, setName(id.set));
  if (set === undefined || begun?.party === undefined || attempt.map !== undefined || attempt.preprocesses < begun.party.length) return;
  const gathered = gather(draft, id, 'preprocess', begun.party, begun.digest);
  if (gathered === undefined) return;
  const { all: preprocesses, foreign } = gathered;
  if (foreign !== undefined) {
    const said = wordOf(draft, id, 'sign.preprocesses', holderOf(set, foreign));
    accuseOf(draft, context, 'sign.digest-differs', id, said === undefined ? [] : [said], `ours is ${begun.digest}`);
    return;
  }
  attempts.put(draft, signIdName(id), { ...attempt, map: digestOf(preprocesses) });
  if (begun.party.some((share) => set.mine.includes(share)))
    tellProcessor(draft, context, id.set.network, signIdName(id), {
      type: 'serai.sign.preprocesses.v1',
      data: { id, digest: begun.digest, preprocesses },
    });
  giveShares(draft, context, id);
};

/** Our processor's shares go to the party and to whoever convenes it, unless the network was halted meanwhile. */
export const sharesMade = (
  draft: Draft,
  context: CryptoContext,
  said: { id: SignId; digest: Hex; map: Hex; shares: ByParticipant },
): void => {
  const { id, digest, map, shares } = said;
  const set = sets.get(draft, setName(id.set));
  const attempt = attemptRow(draft, id);
  const { begun } = attempt;
  if (set === undefined || begun?.party === undefined || begun.digest !== digest || attempt.map !== map || isHalted(draft, id.set)) return;
  const to = new Set([...holdersOf(set, begun.party), ...(begun.convener === undefined ? [] : [begun.convener])]);
  tellPeers(draft, context, [...to], signIdName(id), { kind: 'sign.shares', body: { id, digest, map, shares } });
  noteShares(draft, context, id, map, shares);
};

/** A member's shares. */
export const sharesArrived = (
  draft: Draft,
  context: CryptoContext,
  message: PeerMessage,
  said: { id: SignId; map: Hex; shares: ByParticipant },
): void => {
  const set = mayHold(draft, said.id);
  if (set === undefined || !speaksFor(set, message.from, said.shares) || !hear(draft, context, said.id, message)) return;
  noteShares(draft, context, said.id, said.map, said.shares);
};

const noteShares = (draft: Draft, context: CryptoContext, id: SignId, map: Hex, said: ByParticipant): void => {
  const added = addWords(draft, id, 'share', map, said);
  const attempt = attemptRow(draft, id);
  attempts.put(draft, signIdName(id), { ...attempt, shares: attempt.shares + added });
  giveShares(draft, context, id);
};

/** All shares are there and were made for our map: the processor completes the signature. */
const giveShares = (draft: Draft, context: CryptoContext, id: SignId): void => {
  const attempt = attemptRow(draft, id);
  const { begun, map } = attempt;
  const set = sets.get(draft, setName(id.set));
  if (set === undefined || begun?.party === undefined || map === undefined || attempt.sharesGiven) return;
  if (attempt.shares < begun.party.length) return;
  const gathered = gather(draft, id, 'share', begun.party, map);
  if (gathered === undefined) return;
  if (gathered.foreign !== undefined) {
    const said = wordOf(draft, id, 'sign.shares', holderOf(set, gathered.foreign));
    accuseOf(draft, context, 'sign.map-differs', id, said === undefined ? [] : [said], `ours is ${map}`);
    return;
  }
  if (!begun.party.some((share) => set.mine.includes(share))) return;
  attempts.put(draft, signIdName(id), { ...attempt, sharesGiven: true });
  tellProcessor(draft, context, id.set.network, signIdName(id), {
    type: 'serai.sign.shares.v1',
    data: { id, digest: begun.digest, shares: gathered.all },
  });
};

/** Holders of the party's shares that have not come, or not for our map. */
export const withheldIn = (draft: Draft, set: SetRow, { id, begun, map }: AttemptRow): Hex[] =>
  holdersOf(
    set,
    (begun?.party ?? []).filter((share) => {
      const word = words.get(draft, wordName(id, 'share', share));
      return word === undefined || (map !== undefined && word.of !== map);
    }),
  );
