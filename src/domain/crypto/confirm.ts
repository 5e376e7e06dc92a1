import { fromHex, type Hex, toHex } from '../hex.ts';
import { type KeyGenId, setName } from '../processor/ids.ts';
import { musigContext, setKeysMessage } from '../serai/messages.ts';
import type { Draft } from '../tables.ts';
import { type MusigRound, musigAggregate, musigCommitmentStands, musigVerifyShare } from '../threshold/musig.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { externalContext } from './externalContext.ts';
import { forgetKeyGenWords } from './hearKeyGen.ts';
import { keyGenName, removedOf, renumbered, validatorsOf } from './keyGenParty.ts';
import { keyGenRow, mayHear, noteBlame, noteKeyGen, superseded } from './keyGenRows.ts';
import type { KeyGenParty } from './peerBodies.ts';
import { type BlockRef, type KeyPairRow, keyGens, type MusigRow, mayUseKeys, musigs, removals, type SetRow, sets } from './rows.ts';
import { accuse, report, tellPeers, tellProcessor } from './say.ts';
import { isHeld, isKeyGenBurnt, isQuarantined } from './standing.ts';

const NOTHING: MusigRow = { commitments: {}, digests: {}, shares: {}, mine: 'none' };

/** Rounds ahead of ours of which we hold what we hear: each restart of a member takes one. */
const MOST_ROUNDS_AHEAD = 16;

/** One MuSig round as one word: `Bitcoin/0/0/musig/1`. */
const roundName = (id: KeyGenId, round: number): string => `${keyGenName(id)}/musig/${String(round)}`;

const roundRow = (draft: Draft, id: KeyGenId, round: number): MusigRow => musigs.get(draft, roundName(id, round)) ?? NOTHING;

/** What a round signs and under whose keys: the party's, with its list of the removed (reference serai.md §c.8). */
const musigRoundOf = (party: KeyGenParty, keys: KeyPairRow, { commitments }: MusigRow): MusigRound => {
  const { set } = party.id;
  const members = validatorsOf(party);
  return {
    context: musigContext(set),
    publicKeys: members.map(fromHex),
    commitments: members.map((member) => fromHex(commitments[member] ?? '0x')),
    message: setKeysMessage(set, removedOf(party).map(fromHex), { ristretto: fromHex(keys.substrate), external: fromHex(keys.network) }),
  };
};

/** Our processor has generated the keys: the members begin to sign `set_keys` together (design §7.4). */
export const keyPairMade = (draft: Draft, context: CryptoContext, id: KeyGenId, keyPair: KeyPairRow): void => {
  const attempt = keyGenRow(draft, id);
  if (attempt.party === undefined || attempt.keyPair !== undefined) return;
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
  const { keyPair, party } = keyGenRow(draft, id);
  const current = roundRow(draft, id, round);
  if (keyPair === undefined || party === undefined || current.mine !== 'none') return;
  if (row?.state !== 'keygen' || superseded(draft, row, id) || isHeld(draft, row) || isKeyGenBurnt(draft, row, id)) return;
  noteKeyGen(draft, id, { round });
  const digest = digestOf(keyPair);
  const commitment = context.musig.commit(roundName(id, round));
  const { self } = context;
  musigs.put(draft, roundName(id, round), {
    ...current,
    mine: 'committed',
    commitments: { ...current.commitments, [self]: commitment },
    digests: { ...current.digests, [self]: digest },
  });
  tellPeers(draft, context, validatorsOf(party), roundName(id, round), {
    kind: 'musig.commitment',
    body: { id, round, digest, commitment },
  });
  shareInRound(draft, context, id, round);
};

/** A member's commitment. A round beyond ours means that member lost its nonces: we follow it there with fresh ones. */
export const musigCommitmentArrived = (
  draft: Draft,
  context: CryptoContext,
  from: Hex,
  id: KeyGenId,
  said: { readonly round: number; readonly digest: Hex; readonly commitment: Hex },
): void => {
  const { round, digest, commitment } = said;
  if (!mayHearRound(draft, id, round)) return;
  const current = roundRow(draft, id, round);
  if (current.commitments[from] !== undefined) return;
  musigs.put(draft, roundName(id, round), {
    ...current,
    commitments: { ...current.commitments, [from]: commitment },
    digests: { ...current.digests, [from]: digest },
  });
  if (round > keyGenRow(draft, id).round) enterRound(draft, context, id, round);
  shareInRound(draft, context, id, round);
};

/** Whether a round is near enough to be heard of. */
export const mayHearRound = (draft: Draft, id: KeyGenId, round: number): boolean =>
  mayHear(draft, id) && round <= keyGenRow(draft, id).round + MOST_ROUNDS_AHEAD;

/** With every member's commitment there, our share leaves, unless a later attempt has begun; the nonces are gone with it. */
const shareInRound = (draft: Draft, context: CryptoContext, id: KeyGenId, round: number): void => {
  const row = sets.get(draft, setName(id.set));
  const { keyPair, party } = keyGenRow(draft, id);
  const current = roundRow(draft, id, round);
  if (keyPair === undefined || party === undefined || current.mine !== 'committed') return;
  if (row?.state !== 'keygen' || superseded(draft, row, id) || isQuarantined(draft) || isKeyGenBurnt(draft, row, id)) return;
  const members = validatorsOf(party);
  if (members.some((member) => current.commitments[member] === undefined)) return;
  const digest = digestOf(keyPair);
  const other = members.find((member) => current.digests[member] !== digest);
  if (other !== undefined) {
    accuse(draft, context, 'keygen.keys-differ', roundName(id, round), {
      validator: other,
      theirs: current.digests[other] ?? null,
      ours: digest,
    });
    return;
  }
  const misshapen = members.filter((member) => !musigCommitmentStands(fromHex(current.commitments[member] ?? '0x')));
  for (const member of misshapen) noteBlame(draft, id, member);
  if (misshapen.length > 0) {
    accuse(draft, context, 'musig.malformed', roundName(id, round), { commitments: { ...current.commitments } });
    return;
  }
  // Another life of ours made the commitment: its nonces went with it, and this round is over for us.
  if (!context.musig.holds(roundName(id, round))) return;
  const session = { ...musigRoundOf(party, keyPair, current), index: members.indexOf(context.self) };
  const share = context.musig.share(roundName(id, round), session);
  if (share === undefined) return;
  musigs.put(draft, roundName(id, round), { ...current, mine: 'shared', shares: { ...current.shares, [context.self]: share } });
  tellPeers(draft, context, members, roundName(id, round), { kind: 'musig.share', body: { id, round, digest, share } });
  finishRound(draft, context, id, round);
};

/** A member's share. */
export const musigShareArrived = (draft: Draft, context: CryptoContext, from: Hex, id: KeyGenId, round: number, share: Hex): void => {
  if (!mayHearRound(draft, id, round)) return;
  const current = roundRow(draft, id, round);
  if (current.shares[from] !== undefined) return;
  musigs.put(draft, roundName(id, round), { ...current, shares: { ...current.shares, [from]: share } });
  finishRound(draft, context, id, round);
};

/** With every share there, `set_keys` is ready for the chain, which alone makes the keys usable: of an earlier attempt too. */
const finishRound = (draft: Draft, context: CryptoContext, id: KeyGenId, round: number): void => {
  const row = sets.get(draft, setName(id.set));
  const { keyPair, party, submitted } = keyGenRow(draft, id);
  const current = roundRow(draft, id, round);
  if (keyPair === undefined || party === undefined || submitted || row?.state !== 'keygen' || isQuarantined(draft)) return;
  const members = validatorsOf(party);
  if (members.some((member) => current.shares[member] === undefined || current.commitments[member] === undefined)) return;
  const musig = musigRoundOf(party, keyPair, current);
  const shares = members.map((member) => fromHex(current.shares[member] ?? '0x'));
  const signature = musigAggregate({ ...musig, shares });
  if (signature === undefined) {
    const wrong = members.filter((_, index) => !musigVerifyShare({ ...musig, index, share: shares[index] ?? new Uint8Array() }));
    for (const member of wrong) noteBlame(draft, id, member);
    accuse(draft, context, 'musig.invalid', roundName(id, round), { validators: wrong, shares: { ...current.shares } });
    return;
  }
  noteKeyGen(draft, id, { submitted: true });
  draft.do('chain', {
    call: 'set_keys',
    network: id.set.network,
    session: id.set.session,
    removed: removedOf(party),
    keyPair: { ...keyPair },
    signature: toHex(signature),
  });
};

/**
 * After a start, and with each block while it was not known how we stand: rounds we committed to in an earlier life are over, the next one
 * is ours to open; a round that waited for us is entered.
 */
export const reopenRounds = (draft: Draft, context: CryptoContext): void => {
  for (const [, { party, round, keyPair, submitted }] of [...keyGens.rows(draft)]) {
    if (party === undefined || keyPair === undefined || submitted) continue;
    const { mine } = roundRow(draft, party.id, round);
    if (mine === 'none') enterRound(draft, context, party.id, round);
    if (mine === 'committed' && !context.musig.holds(roundName(party.id, round))) enterRound(draft, context, party.id, round + 1);
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
  forgetKeyGenWords(draft, setName(at));
  // The first set's vault is open at once; a later one's once the set before has handed over.
  const state = at.session === 0 ? 'active' : 'waiting';
  sets.put(draft, setName(at), { ...row, ...remaining, state, keys: { ...keys, block } });
  for (const [name] of [...musigs.rows(draft)]) if (name.startsWith(`${setName(at)}/`)) musigs.delete(draft, name);
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
  [...keyGens.rows(draft)]
    .map(([, row]) => row)
    .find(
      ({ party, keyPair }) =>
        party !== undefined && setName(party.id.set) === setName(set) && keyPair !== undefined && digestOf(keyPair) === digestOf(keys),
    )?.party;
