import { z } from 'zod';
import { peerMessage } from '../peers/peerMessage.ts';
import { hex, hexOf, keyGenId, participant, signId, u32, validatorSet } from '../processor/ids.ts';
import type { Json } from '../tables.ts';

const json: z.ZodType<Json> = z.json();

const blockRef = z.strictObject({ number: u32, hash: hexOf(32) });

/** A height, or -1 for none. */
const height = z.number().int().min(-1).max(0xffff_ffff);

/** What stands on `<name>-reports`: for the operator, and for any consumer. */
export const report = z.discriminatedUnion('type', [
  /** The key pair that our processor generated for a set. */
  z.strictObject({
    type: z.literal('serai.report.key-pair.v1'),
    data: z.strictObject({ set: validatorSet, attempt: u32, keyPair: z.strictObject({ substrate: hexOf(32), network: hex }) }),
  }),
  /** The party of an attempt to sign, as this validator has it. */
  z.strictObject({
    type: z.literal('serai.report.attempt.v1'),
    data: z.strictObject({
      id: signId,
      /** Not of a convened attempt, whose party is proposed later. */
      party: z.array(participant).readonly().optional(),
      rule: z.enum(['pure', 'convened']),
      convener: hexOf(32).optional(),
      digest: hexOf(32),
      anchor: blockRef,
      /** Where it stands in the journal. */
      journal: z.strictObject({ number: u32, head: hexOf(32) }),
    }),
  }),
  /** The party that a convener proposed and this validator accepted, with the readies that prove it. */
  z.strictObject({
    type: z.literal('serai.report.party.v1'),
    data: z.strictObject({
      id: signId,
      party: z.array(participant).readonly(),
      anchor: blockRef,
      seed: blockRef,
      proposal: peerMessage,
    }),
  }),
  /** What was signed, with what anyone needs to check it; without a party where it was signed before we knew of it. */
  z.strictObject({
    type: z.literal('serai.report.signed.v1'),
    data: z.strictObject({
      id: signId,
      message: hex,
      signature: hexOf(64),
      /** Of a plan: what its transaction is known by on the external chain. */
      outputHash: hexOf(32).optional(),
      groupKey: hexOf(32),
      n: u32,
      t: u32,
      rule: z.enum(['pure', 'convened']),
      party: z.array(participant).readonly().optional(),
      blockHash: hexOf(32).optional(),
      stream: z.string().optional(),
    }),
  }),
  /** A signed plan was seen on its external chain. */
  z.strictObject({
    type: z.literal('serai.report.output.v1'),
    data: z.strictObject({ set: validatorSet, plan: hexOf(32), outputHash: hexOf(32), block: hexOf(32) }),
  }),
  /**
   * Who sent invalid data in a key generation: the validator that holds the participant, and the signed words it is seen by. Of our own
   * processor's blame these are its commitments and its shares for us, of another member's both members' commitments and the accusation.
   */
  z.strictObject({
    type: z.literal('serai.report.blame.v1'),
    data: z.strictObject({
      id: keyGenId,
      participant,
      validator: hexOf(32).nullable(),
      reason: z.string(),
      messages: z.array(peerMessage).max(3).readonly(),
    }),
  }),
  /** Something to be signed is not signed any more, and why. */
  z.strictObject({
    type: z.literal('serai.report.dropped.v1'),
    data: z.strictObject({ set: validatorSet, kind: signId.shape.kind, id: signId.shape.id, reason: z.string() }),
  }),
  /** Our processor does not sign in an attempt. */
  z.strictObject({ type: z.literal('serai.report.abstain.v1'), data: z.strictObject({ id: signId, reason: z.string() }) }),
  /** This coordinator's store was rolled back, or may have been: it observes, and begins nothing until it is told to resume (design §10). */
  z.strictObject({
    type: z.literal('serai.report.quarantine.v1'),
    data: z.strictObject({ epoch: u32, reasons: z.array(z.string()).readonly(), head: blockRef.nullable() }),
  }),
  /** It goes on, at the operator's order: whatever begins at or below `upTo` is burnt; of the rest, what may be done next and from which height on. */
  z.strictObject({
    type: z.literal('serai.report.resumed.v1'),
    data: z.strictObject({
      order: z.string(),
      forced: z.boolean(),
      upTo: height,
      reasons: z.array(z.string()),
      since: height,
      epoch: u32,
      head: blockRef,
      peers: z.array(z.strictObject({ validator: hexOf(32), height })),
      processors: z.array(z.strictObject({ network: z.string(), height })),
      signables: z.array(z.strictObject({ signable: z.string(), anchor: u32, window: u32, from: u32 })),
      keyGens: z.array(z.strictObject({ set: z.string(), attempt: u32, from: u32 })),
    }),
  }),
  /** It does not go on yet, and why. */
  z.strictObject({
    type: z.literal('serai.report.not-resumed.v1'),
    data: z.strictObject({ order: z.string(), reasons: z.array(z.string()) }),
  }),
  /** Something that must not happen, with what proves it. */
  z.strictObject({
    type: z.literal('serai.report.evidence.v1'),
    data: z.strictObject({ code: z.string(), evidence: json }),
  }),
]);
export type Report = z.infer<typeof report>;

/** How a party came to be, in the report of a signature. */
export type PartyOf = Pick<Extract<Report, { type: 'serai.report.signed.v1' }>['data'], 'rule' | 'party' | 'blockHash' | 'stream'>;
