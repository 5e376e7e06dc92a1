import { x25519 } from '@noble/curves/ed25519.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { digestBytes, digestOf } from '../../domain/crypto/digest.ts';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { type ByParticipant, type KeyGenId, setName } from '../../domain/processor/ids.ts';
import type { Reply } from '../../domain/processor/messages.ts';
import type { Draft } from '../../domain/tables.ts';
import { type DkgSecret, dkgBegin, dkgDeal, dkgFinishAll, dkgMessageLength } from '../../domain/threshold/dkg.ts';
import { ThresholdError } from '../../domain/threshold/thresholdError.ts';
import { burntAt, startOf } from './burn.ts';
import { certificateBytes, type GenerateKey, objection } from './certificate.ts';
import type { ProcessorContext } from './context.ts';
import { ProcessorError } from './processorError.ts';
import { attemptsOf, type BlamedRow, burns, type KeyGenRow, keyGenName, keyGens, keys } from './rows.ts';
import { openShare, sealShare, sharedWith } from './sealedShare.ts';

const KEY_LENGTH = 32;

/** A sealed share: nonce of 24 bytes ‖ 32 bytes ‖ tag of 16. */
const SEALED_LENGTH = 72;

/** Round 1: our commitments, if the party's certificate stands. With a new attempt the secrets of earlier ones end (design §7.3). */
export const generateKey = (draft: Draft, context: ProcessorContext, command: GenerateKey): Reply[] => {
  const { id, params, shares } = command;
  const refused = objection(context, command);
  if (refused !== undefined) return [blame(id, params.i, refused)];
  if (isOver(draft, id) || burntAt(draft, startOf(command)) !== undefined) return [];
  const party = digestBytes(certificateBytes(context.genesisHash, command.certificate));
  const known = keyGens.get(draft, keyGenName(id));
  if (known !== undefined) {
    if (known.party !== party) return [blame(id, params.i, 'this attempt was begun with another party')];
    return [{ type: 'serai.key-gen.commitments.v1', data: { id, commitments: known.blob } }];
  }
  forgetEarlier(draft, id);
  const mine = Array.from({ length: shares }, (_, at) => params.i + at);
  const made = mine.map((index) => dkgBegin({ index, t: params.t, n: params.n }, context.random));
  const encryption = Uint8Array.from(context.random(KEY_LENGTH));
  const blob = toHex(concatBytes(x25519.getPublicKey(encryption), ...made.map(({ message }) => message)));
  keyGens.put(draft, keyGenName(id), {
    index: params.i,
    t: params.t,
    n: params.n,
    members: command.certificate.members.map(({ participants }) => participants),
    validators: command.certificate.members.map(({ validator }) => validator),
    party,
    coefficients: Object.fromEntries(made.map(({ secret }) => [String(secret.index), secret.coefficients.map(toHex)])),
    encryption: toHex(encryption),
    blob,
  });
  return [{ type: 'serai.key-gen.commitments.v1', data: { id, commitments: blob } }];
};

/** Whether an attempt is over: the set has its key, or a later attempt has begun here. */
const isOver = (draft: Draft, { set, attempt }: KeyGenId): boolean =>
  keys.get(draft, setName(set)) !== undefined || attemptsOf(draft, set).some((other) => other > attempt);

/** Secrets of earlier attempts go; a key one of them generated stays, as the chain may still name it (design §7.5). */
const forgetEarlier = (draft: Draft, { set }: KeyGenId): void => {
  for (const attempt of attemptsOf(draft, set)) {
    const name = keyGenName({ set, attempt });
    if (keyGens.get(draft, name)?.key === undefined) keyGens.delete(draft, name);
  }
};

/** Round 2: the shares for every other member's participants, encrypted to its processor. */
export const commitmentsGiven = (draft: Draft, context: ProcessorContext, id: KeyGenId, given: ByParticipant): Reply[] => {
  const row = begun(draft, id);
  if (row === undefined) return [];
  const blobs: ByParticipant = { ...given, [row.index]: given[row.index] ?? row.blob };
  if (row.blobs !== undefined && row.shares !== undefined) {
    const other = differing(row.blobs, blobs);
    if (other !== undefined) return [blame(id, other, 'other commitments than before')];
    return [{ type: 'serai.key-gen.shares.v1', data: { id, shares: row.shares } }];
  }
  if (blobs[row.index] !== row.blob) return [blame(id, row.index, 'these commitments of ours are not ours')];
  const missing = row.members.find((member) => blobs[firstOf(member)] === undefined);
  if (missing !== undefined) return [blame(id, firstOf(missing), 'the commitments are missing')];
  const misshapen = row.members.filter(
    (member) => bytesOf(blobs, firstOf(member)).length !== KEY_LENGTH + member.length * dkgMessageLength(row.t),
  );
  if (misshapen.length > 0) return misshapen.map((member) => blame(id, firstOf(member), 'the commitments have the wrong length'));
  const secret = fromHex(row.encryption);
  const messages = messagesOf(row, blobs);
  try {
    const made = dkgDeal(secretsOf(row), messages);
    const shares: Record<string, Hex> = {};
    const blamed: Reply[] = [];
    for (const member of othersOf(row)) {
      const publicKey = encryptionKeyOf(blobs, member);
      try {
        const shared = sharedWith({ secret, publicKey });
        for (const to of member) {
          const sealed = [...made].map(([from, dealt]) =>
            sealShare(dealt.get(to) ?? new Uint8Array(), shared, { id, from, to }, context.random),
          );
          shares[to] = toHex(concatBytes(...sealed));
        }
      } catch {
        blamed.push(blame(id, firstOf(member), 'the encryption key is invalid'));
      }
    }
    if (blamed.length > 0) return blamed;
    keyGens.put(draft, keyGenName(id), { ...row, blobs, shares });
    return [{ type: 'serai.key-gen.shares.v1', data: { id, shares } }];
  } catch (error) {
    return culpritsOf(error).map(({ participant, reason }) => blame(id, participant, reason));
  }
};

/** Round 3: the key, from everyone's commitments and the shares made for us. */
export const sharesGiven = (draft: Draft, id: KeyGenId, given: ByParticipant): Reply[] => {
  const row = begun(draft, id);
  if (row === undefined) return [];
  if (row.key !== undefined) return [generated(id, row.key.groupKey)];
  // Whoever has our secret reads what we sealed and what was sealed for us: no key is made of it, whatever comes later.
  if (row.blamed !== undefined) return proven(id, row.blamed);
  const { blobs } = row;
  if (blobs === undefined)
    throw new ProcessorError('processor.out-of-order', `key shares of ${keyGenName(id)} came before the commitments`);
  const opened = openShares(row, id, blobs, given);
  if (opened.blamed.length > 0) return reveal(draft, id, row, opened.blamed);
  const messages = messagesOf(row, blobs);
  try {
    const made = dkgFinishAll(secretsOf(row), messages, opened.shares);
    const [first] = made;
    if (first === undefined) return [];
    const verifyingShares = Object.fromEntries([...first.verifyingShares].map(([index, share]) => [String(index), toHex(share)]));
    const secretShares = Object.fromEntries(made.map(({ index, secretShare }) => [String(index), toHex(secretShare)]));
    const kept = { groupKey: toHex(first.groupKey), secretShares, verifyingShares };
    // The polynomials and the encryption key have done their work: what is gone cannot leak.
    keyGens.put(draft, keyGenName(id), { ...row, coefficients: {}, encryption: '0x', key: kept });
    return [generated(id, kept.groupKey)];
  } catch (error) {
    return reveal(draft, id, row, culpritsOf(error));
  }
};

/** Who is blamed for what they sent. */
type Blamed = BlamedRow['for'];

/** Says whose shares for us are wrong, with the secret that proves it. It is durable first that this attempt is over for us. */
const reveal = (draft: Draft, id: KeyGenId, row: KeyGenRow, wrong: Blamed): Reply[] => {
  const blamed = { proof: row.encryption, for: wrong };
  keyGens.put(draft, keyGenName(id), { ...row, coefficients: {}, encryption: '0x', blamed });
  return proven(id, blamed);
};

const proven = (id: KeyGenId, { proof, for: wrong }: BlamedRow): Reply[] =>
  wrong.map(({ participant, reason }) => ({ type: 'serai.key-gen.blame.v1', data: { id, participant, reason, proof } }));

/** The others' shares for each of our participants: by sender, those for our participants one after the other, each of all its own. */
const openShares = (
  row: KeyGenRow,
  id: KeyGenId,
  blobs: ByParticipant,
  given: ByParticipant,
): { readonly shares: ReadonlyMap<number, ReadonlyMap<number, Uint8Array>>; readonly blamed: Blamed } => {
  const mine = mineOf(row);
  const secret = fromHex(row.encryption);
  const shares = new Map(mine.map((to) => [to, new Map<number, Uint8Array>()]));
  const blamed: Blamed[number][] = [];
  for (const member of othersOf(row)) {
    const opened = openAll(id, { senders: member, receivers: mine }, bytesOf(given, firstOf(member)), {
      secret,
      publicKey: encryptionKeyOf(blobs, member),
    });
    if (opened === undefined) blamed.push({ participant: firstOf(member), reason: 'the key share cannot be decrypted' });
    for (const { to, from, share } of opened ?? []) shares.get(to)?.set(from, share);
  }
  return { shares, blamed };
};

/** All the shares that one member's participants made for another's, opened; undefined where one of them cannot be. */
export const openAll = (
  id: KeyGenId,
  { senders, receivers }: { readonly senders: readonly number[]; readonly receivers: readonly number[] },
  sealed: Uint8Array,
  keys: { readonly secret: Uint8Array; readonly publicKey: Uint8Array },
): readonly { readonly to: number; readonly from: number; readonly share: Uint8Array }[] | undefined => {
  if (sealed.length !== receivers.length * senders.length * SEALED_LENGTH) return undefined;
  const shared = sharedWith(keys);
  const opened = receivers.flatMap((to, place) =>
    senders.flatMap((from, column) => {
      const at = (place * senders.length + column) * SEALED_LENGTH;
      const share = openShare(sealed.subarray(at, at + SEALED_LENGTH), shared, { id, from, to });
      return share === undefined ? [] : [{ to, from, share }];
    }),
  );
  return opened.length === receivers.length * senders.length ? opened : undefined;
};

/** The row of an attempt; undefined where a later one has begun, after which this one says nothing more. */
const begun = (draft: Draft, id: KeyGenId): KeyGenRow | undefined => {
  if (isOver(draft, id)) return undefined;
  const row = keyGens.get(draft, keyGenName(id));
  // After a burning none that was in progress goes on, and messages about it may still come.
  if (row === undefined && burns.get(draft, '') !== undefined) return undefined;
  if (row === undefined) throw new ProcessorError('processor.out-of-order', `key generation ${keyGenName(id)} was not begun here`);
  return row;
};

const generated = (id: KeyGenId, groupKey: Hex): Reply => ({
  type: 'serai.key-gen.generated-key-pair.v1',
  // The double's external chain verifies the same signatures: its key is the group key.
  data: { id, keyPair: { substrate: groupKey, network: groupKey } },
});

const blame = (id: KeyGenId, participant: number, reason: string): Reply => ({
  type: 'serai.key-gen.blame.v1',
  data: { id, participant, reason },
});

const culpritsOf = (error: unknown): Blamed => {
  if (!(error instanceof ThresholdError) || error.culprits.length === 0) throw error;
  return error.culprits.map((participant) => ({ participant, reason: error.message.slice(0, 200) }));
};

const differing = (known: ByParticipant, given: ByParticipant): number | undefined => {
  if (digestOf(known) === digestOf(given)) return undefined;
  const other = [...Object.keys(known), ...Object.keys(given)].find((index) => known[index] !== given[index]);
  return Number(other);
};

export const firstOf = (member: readonly number[]): number => member[0] ?? 0;

const mineOf = ({ index, members }: KeyGenRow): readonly number[] => members.find((member) => firstOf(member) === index) ?? [];

const othersOf = ({ index, members }: KeyGenRow): (readonly number[])[] => members.filter((member) => firstOf(member) !== index);

const bytesOf = (map: ByParticipant, index: number): Uint8Array => fromHex(map[index] ?? '0x');

/** The X25519 public key that a member's blob begins with. */
export const encryptionKeyOf = (blobs: ByParticipant, member: readonly number[]): Uint8Array =>
  bytesOf(blobs, firstOf(member)).subarray(0, KEY_LENGTH);

const secretsOf = (row: KeyGenRow): DkgSecret[] =>
  mineOf(row).map((index) => ({ index, t: row.t, n: row.n, coefficients: (row.coefficients[index] ?? []).map(fromHex) }));

/** Each participant's round 1 message, out of its holder's blob. */
export const messagesOf = (row: Pick<KeyGenRow, 't' | 'members'>, blobs: ByParticipant): Map<number, Uint8Array> => {
  const length = dkgMessageLength(row.t);
  return new Map(
    row.members.flatMap((member) =>
      member.map((index, at) => {
        const start = KEY_LENGTH + at * length;
        return [index, bytesOf(blobs, firstOf(member)).subarray(start, start + length)] as const;
      }),
    ),
  );
};
