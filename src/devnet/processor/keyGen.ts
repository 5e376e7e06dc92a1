import { x25519 } from '@noble/curves/ed25519.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { digestBytes, digestOf } from '../../domain/crypto/digest.ts';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import type { ByParticipant, KeyGenId } from '../../domain/processor/ids.ts';
import type { Reply } from '../../domain/processor/messages.ts';
import type { Draft } from '../../domain/tables.ts';
import { type DkgSecret, dkgBegin, dkgFinish, dkgMessageLength, dkgShares } from '../../domain/threshold/dkg.ts';
import { ThresholdError } from '../../domain/threshold/thresholdError.ts';
import { certificateBytes, type GenerateKey, objection } from './certificate.ts';
import type { ProcessorContext } from './context.ts';
import { ProcessorError } from './processorError.ts';
import { type KeyGenRow, keyGenName, keyGens } from './rows.ts';
import { openShare, sealShare } from './sealedShare.ts';

const KEY_LENGTH = 32;

/** Round 1: our commitments, if the party's certificate stands. */
export const generateKey = (draft: Draft, context: ProcessorContext, command: GenerateKey): Reply[] => {
  const { id, params } = command;
  const refused = objection(context, command);
  if (refused !== undefined) return [blame(id, params.i, refused)];
  const party = digestBytes(certificateBytes(context.genesisHash, command.certificate));
  const known = keyGens.get(draft, keyGenName(id));
  if (known !== undefined) {
    if (known.party !== party) return [blame(id, params.i, 'this attempt was begun with another party')];
    return [{ type: 'serai.key-gen.commitments.v1', data: { id, commitments: known.blob } }];
  }
  const { secret, message } = dkgBegin({ index: params.i, t: params.t, n: params.n }, context.random);
  const encryption = Uint8Array.from(context.random(KEY_LENGTH));
  const blob = toHex(concatBytes(x25519.getPublicKey(encryption), message));
  keyGens.put(draft, keyGenName(id), {
    index: params.i,
    t: params.t,
    n: params.n,
    party,
    coefficients: secret.coefficients.map(toHex),
    encryption: toHex(encryption),
    blob,
  });
  return [{ type: 'serai.key-gen.commitments.v1', data: { id, commitments: blob } }];
};

/** Round 2: a share for every other participant, encrypted to its processor. */
export const commitmentsGiven = (draft: Draft, context: ProcessorContext, id: KeyGenId, given: ByParticipant): Reply[] => {
  const row = begun(draft, id);
  const blobs: ByParticipant = { ...given, [row.index]: given[row.index] ?? row.blob };
  if (row.blobs !== undefined && row.shares !== undefined) {
    const other = differing(row.blobs, blobs);
    if (other !== undefined) return [blame(id, other, 'other commitments than before')];
    return [{ type: 'serai.key-gen.shares.v1', data: { id, shares: row.shares } }];
  }
  if (blobs[row.index] !== row.blob) return [blame(id, row.index, 'these commitments of ours are not ours')];
  const missing = participantsOf(row).find((index) => blobs[index] === undefined);
  if (missing !== undefined) return [blame(id, missing, 'the commitments are missing')];
  const misshapen = participantsOf(row).filter((index) => bytesOf(blobs, index).length !== KEY_LENGTH + dkgMessageLength(row.t));
  if (misshapen.length > 0) return misshapen.map((index) => blame(id, index, 'the commitments have the wrong length'));
  const secret = fromHex(row.encryption);
  const shares: Record<string, Hex> = {};
  const blamed: Reply[] = [];
  try {
    for (const [to, share] of dkgShares(secretOf(row), messagesOf(row, blobs))) {
      try {
        const publicKey = bytesOf(blobs, to).subarray(0, KEY_LENGTH);
        shares[to] = toHex(sealShare(share, { secret, publicKey }, { id, from: row.index, to }, context.random));
      } catch {
        blamed.push(blame(id, to, 'the encryption key is invalid'));
      }
    }
  } catch (error) {
    return blameFor(id, error);
  }
  if (blamed.length > 0) return blamed;
  keyGens.put(draft, keyGenName(id), { ...row, blobs, shares });
  return [{ type: 'serai.key-gen.shares.v1', data: { id, shares } }];
};

/** Round 3: the key, from everyone's commitments and the shares made for us. */
export const sharesGiven = (draft: Draft, id: KeyGenId, given: ByParticipant): Reply[] => {
  const row = begun(draft, id);
  if (row.key !== undefined) return [generated(id, row.key.groupKey)];
  const { blobs } = row;
  if (blobs === undefined)
    throw new ProcessorError('processor.out-of-order', `key shares of ${keyGenName(id)} came before the commitments`);
  const secret = fromHex(row.encryption);
  const shares = new Map<number, Uint8Array>();
  const blamed: Reply[] = [];
  for (const from of participantsOf(row).filter((index) => index !== row.index)) {
    const publicKey = bytesOf(blobs, from).subarray(0, KEY_LENGTH);
    const share = openShare(bytesOf(given, from), { secret, publicKey }, { id, from, to: row.index });
    if (share === undefined) blamed.push(blame(id, from, 'the key share cannot be decrypted'));
    else shares.set(from, share);
  }
  if (blamed.length > 0) return blamed;
  try {
    const key = dkgFinish(secretOf(row), messagesOf(row, blobs), shares);
    const verifyingShares = Object.fromEntries([...key.verifyingShares].map(([index, share]) => [String(index), toHex(share)]));
    const kept = { groupKey: toHex(key.groupKey), secretShare: toHex(key.secretShare), verifyingShares };
    // The polynomial and the encryption key have done their work: what is gone cannot leak.
    keyGens.put(draft, keyGenName(id), { ...row, coefficients: [], encryption: '0x', key: kept });
    return [generated(id, kept.groupKey)];
  } catch (error) {
    return blameFor(id, error);
  }
};

const begun = (draft: Draft, id: KeyGenId): KeyGenRow => {
  const row = keyGens.get(draft, keyGenName(id));
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

const blameFor = (id: KeyGenId, error: unknown): Reply[] => {
  if (!(error instanceof ThresholdError) || error.culprits.length === 0) throw error;
  return error.culprits.map((index) => blame(id, index, error.message.slice(0, 200)));
};

const differing = (known: ByParticipant, given: ByParticipant): number | undefined => {
  if (digestOf(known) === digestOf(given)) return undefined;
  const other = [...Object.keys(known), ...Object.keys(given)].find((index) => known[index] !== given[index]);
  return Number(other);
};

const participantsOf = ({ n }: KeyGenRow): number[] => Array.from({ length: n }, (_, at) => at + 1);

const bytesOf = (map: ByParticipant, index: number): Uint8Array => fromHex(map[index] ?? '0x');

const secretOf = ({ index, t, n, coefficients }: KeyGenRow): DkgSecret => ({ index, t, n, coefficients: coefficients.map(fromHex) });

const messagesOf = (row: KeyGenRow, blobs: ByParticipant): Map<number, Uint8Array> =>
  new Map(participantsOf(row).map((index) => [index, bytesOf(blobs, index).subarray(KEY_LENGTH)]));
