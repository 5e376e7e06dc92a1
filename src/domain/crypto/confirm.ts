import { fromHex, type Hex, toHex } from '../hex.ts';
import { type KeyGenId, setName } from '../processor/ids.ts';
import { musigContext, setKeysMessage } from '../serai/messages.ts';
import type { Draft } from '../tables.ts';
import { musigAggregate } from '../threshold/musig.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { keyGenName, keyGenRow, validatorsOf } from './keyGen.ts';
import { type BlockRef, head, type KeyPairRow, keyGens, type MusigRow, musigs, type SetRow, sets } from './rows.ts';
import { accuse, report, tellPeers, tellProcessor } from './say.ts';

const NOTHING: MusigRow = { commitments: {}, digests: {}, shares: {}, mine: 'none' };

/** One MuSig round as one word: `Bitcoin/0/0/musig/1`. */
const roundName = (id: KeyGenId, round: number): string => `${keyGenName(id)}/musig/${String(round)}`;

const roundRow = (draft: Draft, id: KeyGenId, round: number): MusigRow => musigs.get(draft, roundName(id, round)) ?? NOTHING;

const messageOf = (id: KeyGenId, keys: KeyPairRow): Uint8Array =>
  setKeysMessage(id.set, [], { ristretto: fromHex(keys.substrate), external: fromHex(keys.network) });

/** Our processor has generated the keys: the members begin to sign `set_keys` together (design §7.4). */
export const keyPairMade = (draft: Draft, context: CryptoContext, id: KeyGenId, keyPair: KeyPairRow): void => {
  const row = sets.get(draft, setName(id.set));
  const attempt = keyGenRow(draft, id);
  if (row === undefined || attempt.keyPair !== undefined) return;
  keyGens.put(draft, keyGenName(id), { ...attempt, keyPair });
  report(draft, context, keyGenName(id), {
    type: 'serai.report.key-pair.v1',
    data: { set: id.set, attempt: id.attempt, keyPair: { ...keyPair } },
  });
  enterRound(draft, context, row, id, attempt.round);
};

/** Commits to fresh nonces for a round, once; the row stands before the commitment leaves. */
const enterRound = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId, round: number): void => {
  const attempt = keyGenRow(draft, id);
  const { keyPair } = attempt;
  const current = roundRow(draft, id, round);
  if (keyPair === undefined || row.state !== 'keygen' || current.mine !== 'none') return;
  keyGens.put(draft, keyGenName(id), { ...attempt, round });
  const digest = digestOf(keyPair);
  const commitment = context.musig.commit(roundName(id, round));
  const { self } = context;
  musigs.put(draft, roundName(id, round), {
    ...current,
    mine: 'committed',
    commitments: { ...current.commitments, [self]: commitment },
    digests: { ...current.digests, [self]: digest },
  });
  tellPeers(draft, context, validatorsOf(row), roundName(id, round), {
    kind: 'musig.commitment',
    body: { id, round, digest, commitment },
  });
  shareInRound(draft, context, row, id, round);
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
  const current = roundRow(draft, id, round);
  const known = current.commitments[from];
  if (known !== undefined) {
    if (known !== commitment) accuse(draft, context, 'musig.conflict', roundName(id, round), { from, known, other: commitment });
    return;
  }
  musigs.put(draft, roundName(id, round), {
    ...current,
    commitments: { ...current.commitments, [from]: commitment },
    digests: { ...current.digests, [from]: digest },
  });
  const row = sets.get(draft, setName(id.set));
  if (row === undefined) return;
  if (round > keyGenRow(draft, id).round) enterRound(draft, context, row, id, round);
  shareInRound(draft, context, row, id, round);
};

/** With every member's commitment there, our share leaves; the nonces are gone with it. */
const shareInRound = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId, round: number): void => {
  const { keyPair } = keyGenRow(draft, id);
  const current = roundRow(draft, id, round);
  const members = validatorsOf(row);
  if (keyPair === undefined || current.mine !== 'committed' || members.some((member) => current.commitments[member] === undefined)) return;
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
  // Another life of ours made the commitment: its nonces went with it, and this round is over for us.
  if (!context.musig.holds(roundName(id, round))) return;
  const share = context.musig.share(roundName(id, round), {
    context: musigContext(id.set),
    publicKeys: members.map(fromHex),
    index: members.indexOf(context.self),
    commitments: members.map((member) => fromHex(current.commitments[member] ?? '0x')),
    message: messageOf(id, keyPair),
  });
  if (share === undefined) {
    accuse(draft, context, 'musig.malformed', roundName(id, round), { commitments: { ...current.commitments } });
    return;
  }
  musigs.put(draft, roundName(id, round), { ...current, mine: 'shared', shares: { ...current.shares, [context.self]: share } });
  tellPeers(draft, context, members, roundName(id, round), { kind: 'musig.share', body: { id, round, digest, share } });
  finishRound(draft, context, row, id, round);
};

/** A member's share. */
export const musigShareArrived = (draft: Draft, context: CryptoContext, from: Hex, id: KeyGenId, round: number, share: Hex): void => {
  const current = roundRow(draft, id, round);
  const known = current.shares[from];
  if (known !== undefined) {
    if (known !== share) accuse(draft, context, 'musig.conflict', roundName(id, round), { from, known, other: share });
    return;
  }
  musigs.put(draft, roundName(id, round), { ...current, shares: { ...current.shares, [from]: share } });
  const row = sets.get(draft, setName(id.set));
  if (row !== undefined) finishRound(draft, context, row, id, round);
};

/** With every share there, `set_keys` is ready for the chain, which alone makes the keys usable. */
const finishRound = (draft: Draft, context: CryptoContext, row: SetRow, id: KeyGenId, round: number): void => {
  const attempt = keyGenRow(draft, id);
  const current = roundRow(draft, id, round);
  const members = validatorsOf(row);
  const { keyPair } = attempt;
  if (keyPair === undefined || attempt.submitted || row.state !== 'keygen') return;
  if (members.some((member) => current.shares[member] === undefined || current.commitments[member] === undefined)) return;
  const signature = musigAggregate({
    context: musigContext(id.set),
    publicKeys: members.map(fromHex),
    commitments: members.map((member) => fromHex(current.commitments[member] ?? '0x')),
    shares: members.map((member) => fromHex(current.shares[member] ?? '0x')),
    message: messageOf(id, keyPair),
  });
  if (signature === undefined) {
    accuse(draft, context, 'musig.invalid', roundName(id, round), { shares: { ...current.shares } });
    return;
  }
  keyGens.put(draft, keyGenName(id), { ...attempt, submitted: true });
  draft.do('chain', {
    call: 'set_keys',
    network: id.set.network,
    session: id.set.session,
    removed: [],
    keyPair: { ...keyPair },
    signature: toHex(signature),
  });
};

/** After a start: rounds we committed to in an earlier life are over, the next one is ours to open. */
export const reopenRounds = (draft: Draft, context: CryptoContext): void => {
  for (const [, attempt] of [...keyGens.rows(draft)]) {
    const id = attempt.party?.id;
    const row = id === undefined ? undefined : sets.get(draft, setName(id.set));
    if (id === undefined || row?.state !== 'keygen' || attempt.keyPair === undefined || attempt.submitted) continue;
    if (roundRow(draft, id, attempt.round).mine === 'committed') enterRound(draft, context, row, id, attempt.round + 1);
  }
};

const secondsOf = (draft: Draft): string => String(Math.floor(Date.parse(head.get(draft, '')?.time ?? '1970-01-01T00:00:00Z') / 1000));

/** The chain's `KeyGen` event, and nothing else, makes the keys usable (design §7.6). */
export const keysSet = (draft: Draft, context: CryptoContext, at: KeyGenId['set'], keys: KeyPairRow, block: BlockRef): void => {
  const row = sets.get(draft, setName(at));
  if (row === undefined) return;
  const [attempt] = [...keyGens.rows(draft)].filter(
    ([, { party, keyPair }]) =>
      party !== undefined && setName(party.id.set) === setName(at) && keyPair !== undefined && digestOf(keyPair) === digestOf(keys),
  );
  sets.put(draft, setName(at), { ...row, state: 'active', keys: { ...keys, block } });
  const party = attempt?.[1].party;
  if (party === undefined) {
    accuse(draft, context, 'keygen.foreign-keys', setName(at), { keys: { ...keys }, block: { ...block } });
    return;
  }
  for (const [name] of [...musigs.rows(draft)]) if (name.startsWith(`${setName(at)}/`)) musigs.delete(draft, name);
  tellProcessor(draft, context, at.network, setName(at), {
    type: 'serai.substrate.confirm-key-pair.v1',
    data: {
      context: { seraiTime: secondsOf(draft), latestFinalizedBlock: toHex(new Uint8Array(32)) },
      set: at,
      attempt: party.id.attempt,
      keyPair: keys,
    },
  });
};
