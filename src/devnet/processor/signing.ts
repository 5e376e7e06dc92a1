import { digestOf } from '../../domain/crypto/digest.ts';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { type ByParticipant, type SignId, setName, signableName, signIdName } from '../../domain/processor/ids.ts';
import type { Command, Reply } from '../../domain/processor/messages.ts';
import type { Draft } from '../../domain/tables.ts';
import { verifySr25519 } from '../../domain/threshold/schnorrkel.ts';
import { aggregate, type SigningRound, signShare } from '../../domain/threshold/suite.ts';
import { ThresholdError } from '../../domain/threshold/thresholdError.ts';
import { burntAt } from './burn.ts';
import type { ProcessorContext } from './context.ts';
import { outputHashOf } from './externalBlock.ts';
import { attempts, type KeyRow, keys, outgoing, type SignableRow, signables } from './rows.ts';

type Data<T extends Command['type']> = Extract<Command, { type: T }>['data'];

interface Ready {
  readonly key: KeyRow;
  readonly signable: SignableRow;
}

/** Begins our part in an attempt: fresh nonces, once, after which only the same bytes or an abstention follow (design §8). */
export const signAttempt = (
  draft: Draft,
  context: ProcessorContext,
  { id, digest, party, start }: Data<'serai.sign.attempt.v1'>,
): Reply[] => {
  const burnt = burntAt(draft, start);
  if (burnt !== undefined) return [abstain(id, burnt)];
  const ready = readyFor(draft, context, id, digest);
  if (typeof ready === 'string') return [abstain(id, ready)];
  const { key, signable } = ready;
  if (signable.signature !== undefined) return [completed(id, digest, signable, signable.signature)];
  const sorted = party === undefined ? undefined : [...new Set(party)].sort((a, b) => a - b);
  if (sorted !== undefined && (sorted.length !== party?.length || !isParty(key, sorted)))
    return [abstain(id, 'the party is not of the threshold')];
  const ours = mineOf(key).filter((index) => sorted?.includes(index) ?? true);
  if (ours.length === 0) return [abstain(id, 'we are not of the party')];
  const name = signIdName(id);
  const known = attempts.get(draft, name);
  if (known === undefined) {
    const own = Object.fromEntries(ours.map((index) => [String(index), toHex(context.nonces.make(nonceName(id, index)))]));
    attempts.put(draft, name, { digest, ...(sorted === undefined ? {} : { party: sorted }), own });
    return [preprocesses(id, digest, own)];
  }
  if (known.digest !== digest || (known.map === undefined && String(known.party) !== String(sorted)))
    return [abstain(id, 'this attempt was begun otherwise')];
  if (known.shares === undefined && ours.some((index) => !context.nonces.has(nonceName(id, index))))
    return [abstain(id, 'the nonces of this attempt are gone')];
  return [preprocesses(id, digest, known.own)];
};

/** Our participants. */
const mineOf = ({ secretShares }: KeyRow): number[] =>
  Object.keys(secretShares)
    .map(Number)
    .sort((a, b) => a - b);

const nonceName = (id: SignId, index: number): string => `${signIdName(id)}/${String(index)}`;

const isParty = ({ t, n }: KeyRow, sorted: readonly number[]): boolean =>
  sorted.length === t && sorted.every((index) => Number.isInteger(index) && index >= 1 && index <= n);

/** Signs under one map of preprocesses, once; the share and the map's digest are durable before it leaves. */
export const preprocessesGiven = (
  draft: Draft,
  context: ProcessorContext,
  { id, digest, preprocesses: map }: Data<'serai.sign.preprocesses.v1'>,
): Reply[] => {
  const ready = readyFor(draft, context, id, digest);
  if (typeof ready === 'string') return [abstain(id, ready)];
  const { key, signable } = ready;
  const name = signIdName(id);
  const attempt = attempts.get(draft, name);
  if (attempt?.digest !== digest) return [abstain(id, 'this attempt was not begun here')];
  const mapDigest = digestOf(map);
  if (attempt.shares !== undefined) {
    if (attempt.map !== mapDigest) return [abstain(id, 'shares were made for another map')];
    return [shares(id, digest, mapDigest, attempt.shares)];
  }
  if (signable.signature !== undefined) return [completed(id, digest, signable, signable.signature)];
  // Of a convened attempt the map says who signs.
  const party =
    attempt.party ??
    Object.keys(map)
      .map(Number)
      .sort((a, b) => a - b);
  if (!isParty(key, party) || !ofParty(party, map)) return [abstain(id, 'the map is not of the party')];
  const signing = mineOf(key).filter((index) => party.includes(index));
  if (signing.length === 0) return [abstain(id, 'the map has none of our preprocesses')];
  if (signing.some((index) => map[index] !== attempt.own[index])) return [abstain(id, 'our preprocess in the map is not ours')];
  if (signing.some((index) => !context.nonces.has(nonceName(id, index)))) return [abstain(id, 'the nonces of this attempt are gone')];
  try {
    const round = roundOf(key, signable, map);
    const made = Object.fromEntries(signing.map((index) => [String(index), toHex(shareOf(context, key, round, id, index))]));
    context.nonces.wipe(signIdName(id));
    attempts.put(draft, name, { ...attempt, party, map: mapDigest, preprocesses: map, shares: made });
    return [shares(id, digest, mapDigest, made)];
  } catch (error) {
    if (!(error instanceof ThresholdError)) throw error;
    return [abstain(id, error.message)];
  }
};

/** One participant's share; its nonces are gone afterwards, whatever comes of it. */
const shareOf = (context: ProcessorContext, { secretShares }: KeyRow, round: SigningRound, id: SignId, index: number): Uint8Array => {
  const nonces = context.nonces.take(nonceName(id, index));
  const secret = secretShares[String(index)];
  if (nonces === undefined || secret === undefined)
    throw new ThresholdError('threshold.invalid-input', `participant ${String(index)} has no nonces for this attempt`);
  return signShare(round, index, fromHex(secret), nonces);
};

/** Completes a signature from the party's shares. */
export const sharesGiven = (
  draft: Draft,
  context: ProcessorContext,
  { id, digest, shares: given }: Data<'serai.sign.shares.v1'>,
): Reply[] => {
  const ready = readyFor(draft, context, id, digest);
  if (typeof ready === 'string') return [abstain(id, ready)];
  const { key, signable } = ready;
  if (signable.signature !== undefined) return [completed(id, digest, signable, signable.signature)];
  const attempt = attempts.get(draft, signIdName(id));
  if (attempt?.digest !== digest || attempt.preprocesses === undefined) return [abstain(id, 'no share was made in this attempt')];
  if (!ofParty(attempt.party ?? [], given)) return [abstain(id, 'the shares are not of the party')];
  try {
    const byIndex = new Map(Object.entries(given).map(([index, share]) => [Number(index), fromHex(share)]));
    const signature = toHex(aggregate(roundOf(key, signable, attempt.preprocesses), byIndex));
    complete(draft, context, id, signable, signature);
    return [completed(id, digest, signable, signature)];
  } catch (error) {
    if (!(error instanceof ThresholdError)) throw error;
    const [culprit] = error.culprits;
    return [
      culprit === undefined ? abstain(id, error.message) : { type: 'serai.sign.invalid-share.v1', data: { id, participant: culprit } },
    ];
  }
};

/** Others have completed a signature: it counts if it verifies. */
export const completedElsewhere = (
  draft: Draft,
  context: ProcessorContext,
  { id, digest, signature }: Data<'serai.sign.completed.v1'>,
): Reply[] => {
  const ready = readyFor(draft, context, id, digest);
  if (typeof ready === 'string') return [abstain(id, ready)];
  if (ready.signable.signature !== undefined) return [];
  const stands = verifySr25519(fromHex(ready.key.groupKey), fromHex(ready.signable.message), fromHex(signature));
  if (!stands) return [abstain(id, 'the signature does not stand')];
  complete(draft, context, id, ready.signable, signature);
  return [];
};

const complete = (draft: Draft, context: ProcessorContext, id: SignId, signable: SignableRow, signature: Hex): void => {
  signables.put(draft, nameOf(context, id), { ...signable, signature });
  context.nonces.wipe(signableName(id));
  if (id.kind !== 'plan') return;
  const plan = toHex(fromHex(id.id));
  outgoing.put(draft, `payment/${plan}`, { kind: 'payment', plan, message: signable.message, signature });
};

/** The digest of a signable is write-once per network, kind and id: sets share it, but for slash reports (design §8). */
const nameOf = ({ network }: ProcessorContext, { set, kind, id }: SignId): string =>
  `${kind === 'slash-report' ? setName(set) : network}/${kind}/${id}`;

const readyFor = (draft: Draft, context: ProcessorContext, id: SignId, digest: Hex): Ready | string => {
  const key = keys.get(draft, setName(id.set));
  const signable = signables.get(draft, nameOf(context, id));
  if (key === undefined) return 'the set has no confirmed key';
  if (signable === undefined) return 'the message is not known here';
  return signable.digest === digest ? { key, signable } : 'the message is another one here';
};

const ofParty = (party: readonly number[], map: ByParticipant): boolean =>
  Object.keys(map).length === party.length && party.every((index) => map[index] !== undefined);

const roundOf = ({ t, n, groupKey, verifyingShares }: KeyRow, { message }: SignableRow, map: ByParticipant): SigningRound => {
  const byIndex = (said: ByParticipant): Map<number, Uint8Array> =>
    new Map(
      Object.entries(said)
        .map(([index, bytes]) => [Number(index), fromHex(bytes)] as const)
        .sort(([a], [b]) => a - b),
    );
  const key = { t, n, groupKey: fromHex(groupKey), verifyingShares: byIndex(verifyingShares) };
  return { key, commitments: byIndex(map), message: fromHex(message) };
};

const abstain = (id: SignId, reason: string): Reply => ({ type: 'serai.sign.abstain.v1', data: { id, reason: reason.slice(0, 200) } });

const preprocesses = (id: SignId, digest: Hex, own: ByParticipant): Reply => ({
  type: 'serai.sign.preprocesses.v1',
  data: { id, digest, preprocesses: own },
});

const shares = (id: SignId, digest: Hex, map: Hex, made: ByParticipant): Reply => ({
  type: 'serai.sign.shares.v1',
  data: { id, digest, map, shares: made },
});

const completed = (id: SignId, digest: Hex, { message }: SignableRow, signature: Hex): Reply => ({
  type: 'serai.sign.completed.v1',
  data: { id, digest, signature, ...(id.kind === 'plan' ? { outputHash: outputHashOf(message, signature) } : {}) },
});
