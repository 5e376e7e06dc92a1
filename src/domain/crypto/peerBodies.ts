import { z } from 'zod';
import { peerMessage } from '../peers/peerMessage.ts';
import { byParticipant, hex, hexOf, keyGenId, participant, signId, u32, validatorSet } from '../processor/ids.ts';
import { completion, partyMember, removedMember } from '../processor/messages.ts';

/** A keygen party as its convener proposes it and members sign it (design §7): the certificate without signatures. */
export const keyGenParty = z.strictObject({
  id: keyGenId,
  anchor: z.strictObject({ number: u32, hash: hexOf(32) }),
  threshold: z.number().int().min(1),
  members: z.array(partyMember).min(1),
  /** In ascending order of their keys. */
  removed: z.array(removedMember),
});
export type KeyGenParty = z.infer<typeof keyGenParty>;

/** How often a member may say in one attempt what it lacks. */
export const MOST_ASKS = 8;

/** What the crypto modules of two validators say to each other, by `kind`; each is signed with the sender's Serai key. */
export const peerBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('certificate.proposal'), body: keyGenParty }),
  z.strictObject({ kind: z.literal('certificate.vote'), body: z.strictObject({ id: keyGenId, signature: hexOf(64) }) }),
  z.strictObject({ kind: z.literal('keygen.commitments'), body: z.strictObject({ id: keyGenId, commitments: hex }) }),
  /**
   * By participant of the message's receiver: what each of the sender's participants made for it, one after the other. `map` is the digest of
   * the commitments they were made with.
   */
  z.strictObject({
    kind: z.literal('keygen.shares'),
    body: z.strictObject({ id: keyGenId, sender: participant, map: hexOf(32), shares: byParticipant }),
  }),
  /**
   * The shares that a member sent the sender are wrong: its signed message, and the secret they were encrypted to; none where the message
   * itself shows it. The sender takes no further part in the attempt.
   */
  z.strictObject({
    kind: z.literal('keygen.blame'),
    body: z.strictObject({ id: keyGenId, accused: hexOf(32), proof: hexOf(32).nullable(), shares: peerMessage }),
  }),
  z.strictObject({
    kind: z.literal('musig.commitment'),
    body: z.strictObject({ id: keyGenId, round: u32, digest: hexOf(32), commitment: hexOf(64) }),
  }),
  z.strictObject({
    kind: z.literal('musig.share'),
    body: z.strictObject({ id: keyGenId, round: u32, digest: hexOf(32), share: hexOf(32) }),
  }),
  /**
   * What the sender has of an attempt, part way through it: whether a certificate, the first 16 bytes of the digests of the commitments and MuSig
   * commitments it has heard, by place in the set, and whose shares for it have not come. What it lacks is relayed to it.
   */
  z.strictObject({
    kind: z.literal('keygen.lack'),
    body: z.strictObject({
      id: keyGenId,
      round: z
        .number()
        .int()
        .min(0)
        .max(MOST_ASKS - 1),
      certified: z.boolean(),
      commitments: z.array(hexOf(16).nullable()).max(150),
      shares: z.array(hexOf(32)).max(150),
      musig: z.strictObject({ round: u32, commitments: z.array(hexOf(16).nullable()).max(150) }),
    }),
  }),
  /** A member's signed word, from another one that has heard it. */
  z.strictObject({ kind: z.literal('keygen.relay'), body: z.strictObject({ id: keyGenId, message: peerMessage }) }),
  z.strictObject({
    kind: z.literal('sign.preprocesses'),
    body: z.strictObject({ id: signId, digest: hexOf(32), preprocesses: byParticipant }),
  }),
  z.strictObject({
    kind: z.literal('sign.shares'),
    body: z.strictObject({ id: signId, digest: hexOf(32), map: hexOf(32), shares: byParticipant }),
  }),
  /** To the convener: the preprocesses of all of a validator's shares for one round, with the window's seed. */
  z.strictObject({
    kind: z.literal('sign.ready'),
    body: z.strictObject({ id: signId, digest: hexOf(32), seed: hexOf(32), preprocesses: byParticipant }),
  }),
  /** From the convener: the party of a round, in ascending order, and the signed readies it is made of. */
  z.strictObject({
    kind: z.literal('sign.proposal'),
    body: z.strictObject({ id: signId, digest: hexOf(32), party: z.array(participant).min(1), readies: z.array(peerMessage).min(1) }),
  }),
  /** From the convener: a further round of its window, for which it asks for fresh readies. */
  z.strictObject({ kind: z.literal('sign.round'), body: z.strictObject({ id: signId }) }),
  /** A start of the sender, and its finalized height: what was seen of it before is to be answered. */
  z.strictObject({
    kind: z.literal('epoch.opened'),
    body: z.strictObject({ epoch: u32, instance: hexOf(16), set: validatorSet, height: u32.nullable() }),
  }),
  /** The answer: the highest epoch seen of the other before, how many messages of it were handled, and our own finalized height. */
  z.strictObject({
    kind: z.literal('epoch.seen'),
    body: z.strictObject({
      of: z.strictObject({ epoch: u32, instance: hexOf(16) }),
      before: z.strictObject({ epoch: u32, instance: hexOf(16), count: u32 }).nullable(),
      height: u32.nullable(),
    }),
  }),
  z.strictObject({ kind: z.literal('sign.completed'), body: completion }),
  /** What a member holds against the others of a set that has handed over, by validator; whom it does not name it gives no points. */
  z.strictObject({
    kind: z.literal('slash.points'),
    body: z.strictObject({
      set: validatorSet,
      points: z
        .record(hexOf(32) as unknown as z.ZodString, u32)
        // Those of all are to have room in a proposal.
        .refine((points) => Object.keys(points).length <= 150, 'expected points of 150 validators at most'),
    }),
  }),
  /** From whoever's turn it is: the signed points that a slash report is made of. */
  z.strictObject({
    kind: z.literal('slash.proposal'),
    body: z.strictObject({ set: validatorSet, number: u32, inputs: z.array(peerMessage).min(1).max(150) }),
  }),
  z.strictObject({ kind: z.literal('slash.vote'), body: z.strictObject({ set: validatorSet, number: u32, signature: hexOf(64) }) }),
]);
export type PeerBody = z.infer<typeof peerBody>;
