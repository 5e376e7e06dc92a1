import { x25519 } from '@noble/curves/ed25519.js';
import { fromHex, toHex } from '../../domain/hex.ts';
import type { ByParticipant } from '../../domain/processor/ids.ts';
import type { Command, Reply } from '../../domain/processor/messages.ts';
import type { Draft } from '../../domain/tables.ts';
import { dkgShareFits } from '../../domain/threshold/dkg.ts';
import { encryptionKeyOf, firstOf, messagesOf, openAll } from './keyGen.ts';
import { type KeyGenRow, keyGenName, keyGens } from './rows.ts';

type VerifyBlame = Extract<Command, { type: 'serai.key-gen.verify-blame.v1' }>['data'];

interface Verdict {
  readonly participant: number;
  readonly reason: string;
}

/**
 * Says who is at fault where one member accuses another: the accuser, unless the shares that were encrypted for it are wrong. Nobody is
 * named where we have not everyone's commitments, by which alone it can be told.
 */
export const verifyBlame = (draft: Draft, command: VerifyBlame): Reply[] => {
  const { id, accuser, accused } = command;
  const row = keyGens.get(draft, keyGenName(id));
  const verdict = row?.blobs === undefined ? undefined : verdictOn(row, row.blobs, command);
  return verdict === undefined ? [] : [{ type: 'serai.key-gen.blame.v1', data: { id, ...verdict, accusation: { accuser, accused } } }];
};

const verdictOn = (row: KeyGenRow, blobs: ByParticipant, { id, accuser, accused, shares, proof }: VerifyBlame): Verdict | undefined => {
  const [receivers, senders] = [accuser, accused].map((first) => row.members.find((member) => firstOf(member) === first));
  if (receivers === undefined || senders === undefined || accuser === accused) return undefined;
  const secret = fromHex(proof);
  if (toHex(x25519.getPublicKey(secret)) !== toHex(encryptionKeyOf(blobs, receivers)))
    return { participant: accuser, reason: 'the proof is not the secret of the encryption key' };
  const opened = openAll(id, { senders, receivers }, fromHex(shares), { secret, publicKey: encryptionKeyOf(blobs, senders) });
  if (opened === undefined) return { participant: accused, reason: 'the key share for another member cannot be decrypted' };
  const messages = messagesOf(row, blobs);
  const fits = opened.every(({ to, from, share }) =>
    dkgShareFits({ t: row.t, from, to, message: messages.get(from) ?? new Uint8Array(), share }),
  );
  return fits
    ? { participant: accuser, reason: 'the key share that was called wrong is right' }
    : { participant: accused, reason: 'the key share for another member does not fit' };
};
