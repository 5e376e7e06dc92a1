import { fromHex, type Hex } from '../hex.ts';
import { type KeyGenId, setName } from '../processor/ids.ts';
import { musigContext, setKeysMessage } from '../serai/messages.ts';
import type { Draft, Json } from '../tables.ts';
import type { MusigRound } from '../threshold/musig.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { externalContext } from './externalContext.ts';
import { askNow } from './keyGenEcho.ts';
import { keyGenName, removedOf, renumbered, validatorsOf } from './keyGenParty.ts';
import { forgetWords, keyGenRow, mayHear, noteBlame, noteKeyGen, partyOf, superseded } from './keyGenRows.ts';
import { type KeyGenSaid, messageOf, sayKeyGen, wordOf } from './keyGenWords.ts';
import type { KeyGenParty } from './peerBodies.ts';
import { type BlockRef, type KeyPairRow, type MusigRow, mayUseKeys, musigs, parties, removals, type SetRow, sets } from './rows.ts';
import { accuse, report, tellProcessor } from './say.ts';
import { isHeld, isKeyGenBurnt, isQuarantined } from './standing.ts';

const NOTHING: MusigRow = { mine: 'none', commitments: 0, shares: 0 };

/** Rounds ahead of ours of which we hold what we hear: each restart of a member takes one. */
const MOST_ROUNDS_AHEAD = 16;

/** One MuSig round as one word: `Bitcoin/0/0/musig/1`. */
const roundName = (id: KeyGenId, round: number): string => `${keyGenName(id)}/musig/${String(round)}`;

const roundRow = (draft: Draft, id: KeyGenId, round: number): MusigRow => musigs.get(draft, roundName(id, round)) ?? NOTHING;

const noteRound = (draft: Draft, id: KeyGenId, round: number, change: Partial<MusigRow>): void => {
  musigs.put(draft, roundName(id, round), { ...roundRow(draft, id, round), ...change });
};

/** What a round signs and under whose keys: the party's, with its list of the removed (reference serai.md §c.8). */
const musigRoundOf = (party: KeyGenParty, keys: KeyPairRow, commitments: readonly Hex[]): MusigRound => {
  const { set } = party.id;
  return {
    context: musigContext(set),
    publicKeys: validatorsOf(party).map(fromHex),
    commitments: commitments.map(fromHex),
    message: setKeysMessage(set, removedOf(party).map(fromHex), { ristretto: fromHex(keys.substrate), external: fromHex(keys.network) }),
  };
};

/** Our processor has generated the keys: the members begin to sign `set_keys` together (design §7.4). */
export const keyPairMade = (draft: Draft, context: CryptoContext, id: KeyGenId, keyPair: KeyPairRow): void => {
  const attempt = keyGenRow(draft, id);
  if (partyOf(draft, id) === undefined || attempt.keyPair !== undefined || attempt.hasAccused === true) return;
  noteKeyGen(draft, id, { keyPair });
  report(draft, context, keyGenName(id), {
    type: 'serai.report.key-pair.v1',
    data: { set: id.set, attempt: id.attempt, keyPair: { ...keyPair } },
  });
  enterRound(draft, context, id, attempt.round);
};

/** Commits to fresh nonces for a round, once; the row stands before the commitment leaves. None for an attempt that a later one followed. */
const enterRound = (draft: Draft, context: CryptoContext, id: KeyGenId, round: number): void => {
  const row = sets.get(draft, setName(id.set));
  const { keyPair } = keyGenRow(draft, id);
  const party = partyOf(draft, id);
  if (keyPair === undefined || party === undefined || roundRow(draft, id, round).mine !== 'none') return;
  if (row?.state !== 'keygen' || superseded(draft, id) || isHeld(draft, row) || isKeyGenBurnt(draft, row, id)) return;
  noteKeyGen(draft, id, { round });
  const digest = digestOf(keyPair);
  const commitment = context.musig.commit(roundName(id, round));
  noteRound(draft, id, round, { mine: 'committed', commitments: roundRow(draft, id, round).commitments + 1 });
  sayKeyGen(draft, context, validatorsOf(party), roundName(id, round), {
    kind: 'musig.commitment',
    body: { id, round, digest, commitment },
  });
  shareInRound(draft, context, id, round);
};

/** A member's commitment. A round beyond ours means that member lost its nonces: we follow it there with fresh ones. */
export const musigCommitmentArrived = (draft: Draft, context: CryptoContext, id: KeyGenId, round: number): void => {
  noteRound(draft, id, round, { commitments: roundRow(draft, id, round).commitments + 1 });
  if (round > keyGenRow(draft, id).round) enterRound(draft, context, id, round);
  shareInRound(draft, context, id, round);
};

/** Whether a round is near enough to be heard of. */
export const mayHearRound = (draft: Draft, id: KeyGenId, round: number): boolean =>
  mayHear(draft, id) && round <= keyGenRow(draft, id).round + MOST_ROUNDS_AHEAD;

/** What all members said in a round; undefined while one's word is missing. */
const allSaid = <K extends 'musig.commitment' | 'musig.share'>(
  draft: Draft,
  party: KeyGenParty,
  kind: K,
  round: number,
): KeyGenSaid[K][] | undefined => {
  const all: KeyGenSaid[K][] = [];
  for (const member of validatorsOf(party)) {
    const said = wordOf(draft, party.id, kind, member, round);
    if (said === undefined) return undefined;
    all.push(said);
  }
  return all;
};

const proof = (draft: Draft, id: KeyGenId, round: number, said: readonly (readonly ['musig.commitment' | 'musig.share', Hex])[]): Json => ({
  id,
  messages: said.flatMap(([kind, member]) => messageOf(draft, id, kind, member, round) ?? []),
});

/** With every member's commitment there, our share leaves, unless a later attempt has begun; the nonces are gone with it. */
const shareInRound = (draft: Draft, context: CryptoContext, id: KeyGenId, round: number): void => {
  const row = sets.get(draft, setName(id.set));
  const { keyPair } = keyGenRow(draft, id);
  const party = partyOf(draft, id);
  const { mine, commitments } = roundRow(draft, id, round);
  if (keyPair === undefined || party === undefined || mine !== 'committed' || commitments < party.members.length) return;
  if (row?.state !== 'keygen' || superseded(draft, id) || isQuarantined(draft) || isKeyGenBurnt(draft, row, id)) return;
  const said = allSaid(draft, party, 'musig.commitment', round);
  if (said === undefined) return;
  const members = validatorsOf(party);
  const digest = digestOf(keyPair);
  const other = members.find((_, place) => said[place]?.digest !== digest);
  if (other !== undefined) {
    accuse(
      draft,
      context,
      'keygen.keys-differ',
      roundName(id, round),
      proof(draft, id, round, [
        ['musig.commitment', other],
        ['musig.commitment', context.self],
      ]),
    );
    askNow(draft, context, id);
    return;
  }
  const misshapen = members.filter((_, place) => !context.musig.stands(said[place]?.commitment ?? '0x'));
  for (const member of misshapen) noteBlame(draft, id, member);
  if (misshapen.length > 0) {
    const wrong = misshapen.map((member) => ['musig.commitment', member] as const);
    accuse(draft, context, 'musig.malformed', roundName(id, round), proof(draft, id, round, wrong));
    return;
  }
  // Another life of ours made the commitment: its nonces went with it, and this round is over for us.
  if (!context.musig.holds(roundName(id, round))) return;
  const musig = musigRoundOf(
    party,
    keyPair,
    said.map(({ commitment }) => commitment),
  );
  const share = context.musig.share(roundName(id, round), { ...musig, index: members.indexOf(context.self) });
  if (share === undefined) return;
  noteRound(draft, id, round, { mine: 'shared', shares: roundRow(draft, id, round).shares + 1 });
  sayKeyGen(draft, context, members, roundName(id, round), { kind: 'musig.share', body: { id, round, digest, share } });
  finishRound(draft, context, id, round);
};

/** A member's share. */
export const musigShareArrived = (draft: Draft, context: CryptoContext, id: KeyGenId, round: number): void => {
  noteRound(draft, id, round, { shares: roundRow(draft, id, round).shares + 1 });
  finishRound(draft, context, id, round);
};

/** With every share there, `set_keys` is ready for the chain, which alone makes the keys usable: of an earlier attempt too. */
const finishRound = (draft: Draft, context: CryptoContext, id: KeyGenId, round: number): void => {
  const row = sets.get(draft, setName(id.set));
  const { keyPair, submitted } = keyGenRow(draft, id);
  const party = partyOf(draft, id);
  if (keyPair === undefined || party === undefined || submitted || row?.state !== 'keygen' || isQuarantined(draft)) return;
  if (roundRow(draft, id, round).shares < party.members.length) return;
  const commitments = allSaid(draft, party, 'musig.commitment', round);
  const shares = allSaid(draft, party, 'musig.share', round);
  if (commitments === undefined || shares === undefined) return;
  const musig = musigRoundOf(
    party,
    keyPair,
    commitments.map(({ commitment }) => commitment),
  );
  const signature = context.musig.aggregate(
    musig,
    shares.map(({ share }) => fromHex(share)),
  );
  if (typeof signature !== 'string') {
    const members = validatorsOf(party);
    const wrong = signature.flatMap((place) => members[place] ?? []);
    for (const member of wrong) noteBlame(draft, id, member);
    accuse(
      draft,
      context,
      'musig.invalid',
      roundName(id, round),
      proof(draft, id, round, [
        ...members.map((member) => ['musig.commitment', member] as const),
        ...wrong.map((member) => ['musig.share', member] as const),
      ]),
    );
    askNow(draft, context, id);
    return;
  }
  noteKeyGen(draft, id, { submitted: true });
  draft.do('chain', {
    call: 'set_keys',
    network: id.set.network,
    session: id.set.session,
    removed: removedOf(party),
    keyPair: { ...keyPair },
    signature,
  });
};

/**
 * After a start, and with each block while it was not known how we stand: rounds we committed to in an earlier life are over, the next one
 * is ours to open; a round that waited for us is entered.
 */
export const reopenRounds = (draft: Draft, context: CryptoContext): void => {
  for (const [, { id }] of [...parties.rows(draft)]) {
    const { round, keyPair, submitted } = keyGenRow(draft, id);
    if (keyPair === undefined || submitted) continue;
    const { mine } = roundRow(draft, id, round);
    if (mine === 'none') enterRound(draft, context, id, round);
    if (mine === 'committed' && !context.musig.holds(roundName(id, round))) enterRound(draft, context, id, round + 1);
  }
};

/** The chain names whom a set's keys are without, before the `KeyGen` event of the same extrinsic (design §7.6). */
export const participantRemoved = (draft: Draft, name: string, removed: Hex): void => {
  if (sets.get(draft, name)?.state !== 'keygen') return;
  removals.put(draft, name, { removed: [...(removals.get(draft, name)?.removed ?? []), removed] });
};

/** The chain's `KeyGen` event, and nothing else, makes the keys usable, and the remaining members the set's (design §7.6). */
export const keysSet = (draft: Draft, context: CryptoContext, at: KeyGenId['set'], keys: KeyPairRow, block: BlockRef): void => {
  const row = sets.get(draft, setName(at));
  if (row === undefined) tellOfKeys(draft, context, at, keys, undefined);
  if (row?.state !== 'keygen') return;
  const remaining = rosterWithout(row, removals.get(draft, setName(at))?.removed ?? [], context.self);
  removals.delete(draft, setName(at));
  forgetWords(draft, setName(at));
  // The first set's vault is open at once; a later one's once the set before has handed over.
  const state = at.session === 0 ? 'active' : 'waiting';
  sets.put(draft, setName(at), { ...row, ...remaining, state, keys: { ...keys, block } });
  // Who was removed holds no share of these keys.
  const party = remaining.mine.length === 0 ? undefined : partyOfKeys(draft, at, keys);
  if (remaining.mine.length > 0 && party === undefined)
    accuse(draft, context, 'keygen.foreign-keys', setName(at), { keys: { ...keys }, block: { ...block } });
  else tellOfKeys(draft, context, at, keys, party?.id.attempt);
};

/** Our processor hears of keys it holds shares of, and of those that its vault will be forwarded to. */
const tellOfKeys = (draft: Draft, context: CryptoContext, set: KeyGenId['set'], keyPair: KeyPairRow, attempt: number | undefined): void => {
  const before = sets.get(draft, setName({ ...set, session: set.session - 1 }));
  if (attempt === undefined && !mayUseKeys(before)) return;
  tellProcessor(draft, context, set.network, setName(set), {
    type: 'serai.substrate.confirm-key-pair.v1',
    data: { context: externalContext(draft, set.network), set, ...(attempt === undefined ? {} : { attempt }), keyPair },
  });
};

/** The members that were not removed, numbered anew; t stays that of the whole set. */
const rosterWithout = (row: SetRow, removed: readonly Hex[], self: Hex): Pick<SetRow, 'members' | 'n' | 'mine'> => {
  const members = renumbered(row.members, removed);
  return {
    members,
    n: members.reduce((sum, { participants }) => sum + participants.length, 0),
    mine: members.find(({ validator }) => validator === self)?.participants ?? [],
  };
};

/** The party of the attempt in which our processor generated these keys. */
const partyOfKeys = (draft: Draft, set: KeyGenId['set'], keys: KeyPairRow): KeyGenParty | undefined =>
  [...parties.rows(draft)]
    .map(([, party]) => party)
    .find(({ id }) => {
      const { keyPair } = keyGenRow(draft, id);
      return setName(id.set) === setName(set) && keyPair !== undefined && digestOf(keyPair) === digestOf(keys);
    });
