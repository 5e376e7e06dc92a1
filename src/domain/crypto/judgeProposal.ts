import type { Hex } from '../hex.ts';
import { type PeerMessage, verifyPeerMessage } from '../peers/peerMessage.ts';
import { type ByParticipant, type SignId, signIdName } from '../processor/ids.ts';
import type { PartyMember } from '../processor/messages.ts';
import { speaksFor } from './members.ts';
import { type PeerBody, peerBody } from './peerBodies.ts';

/** What a proposal is held against: what our own chain and processor say. */
export interface Begun {
  readonly digest: Hex;
  /** The hash of the window's seed block. */
  readonly blockHash: Hex;
}

/** The set that signs. */
export interface Signers {
  readonly members: readonly PartyMember[];
  readonly n: number;
  readonly t: number;
}

/** What proves a message. */
export interface Proof {
  readonly genesisHash: Hex;
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}

type Ready = Extract<PeerBody, { kind: 'sign.ready' }>['body'];

const readyIn = (message: PeerMessage): Ready | undefined => {
  const said = peerBody.safeParse({ kind: message.kind, body: message.body });
  return said.success && said.data.kind === 'sign.ready' ? said.data.body : undefined;
};

/** The preprocesses of a ready. */
export const preprocessesIn = (message: PeerMessage): ByParticipant => readyIn(message)?.preprocesses ?? {};

/** Whether a ready is for this attempt, seed and digest. */
export const isReadyFor = (message: PeerMessage, id: SignId, { digest, blockHash }: Begun): boolean => {
  const ready = readyIn(message);
  return ready !== undefined && signIdName(ready.id) === signIdName(id) && ready.digest === digest && ready.seed === blockHash;
};

/** Why a convener's proposal may not be accepted, or the preprocesses its party is made of (design §8, "odd windows are convened"). */
export const judgeProposal = (
  { genesisHash, verify }: Proof,
  set: Signers,
  id: SignId,
  begun: Begun,
  { party, digest, readies }: Extract<PeerBody, { kind: 'sign.proposal' }>['body'],
): string | ByParticipant => {
  if (digest !== begun.digest) return `its digest is not ours, ${begun.digest}`;
  if (party.length !== set.t || party.some((share, index) => share <= (party[index - 1] ?? 0) || share > set.n))
    return 'its party is not one of the threshold, in ascending order';
  const said: Record<string, Hex> = {};
  for (const ready of readies) {
    if (ready.genesis !== genesisHash || !isReadyFor(ready, id, begun)) return `the ready of ${ready.from} is for something else`;
    const preprocesses = preprocessesIn(ready);
    if (!speaksFor(set, ready.from, preprocesses)) return `${ready.from} does not hold the shares it is ready with`;
    if (!verifyPeerMessage(ready, verify)) return `the ready of ${ready.from} is not signed by it`;
    Object.assign(said, preprocesses);
  }
  const chosen = party.map((share) => [String(share), said[String(share)]] as const);
  if (chosen.some(([, bytes]) => bytes === undefined)) return 'a share of its party is not ready';
  return Object.fromEntries(chosen) as ByParticipant;
};
