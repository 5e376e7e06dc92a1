import { z } from 'zod';
import { epochOpened, epochSeen } from '../record/epochOpened.ts';
import { byParticipant, externalNetwork, hex, hexOf, keyGenId, participant, signId, u32, u64Text, validatorSet } from './ids.ts';

const keyPair = z.strictObject({ substrate: hexOf(32), network: hex });
const externalContext = z.strictObject({ seraiTime: u64Text, latestFinalizedBlock: hexOf(32) });

/** A burn to be paid out, as the event `Coins.BurnWithInstruction` has it (reference serai.md §b.11). */
export const burn = z.strictObject({ address: hex, data: hex.nullable(), coin: z.string(), amount: u64Text });
export type Burn = z.infer<typeof burn>;

/** A member of a keygen party: who holds which key shares. */
export const partyMember = z.strictObject({ validator: hexOf(32), participants: z.array(participant).min(1) });
export type PartyMember = z.infer<typeof partyMember>;

/** A validator that a keygen party is without, and how many key shares it holds in the set. */
export const removedMember = z.strictObject({ validator: hexOf(32), weight: z.number().int().min(1).max(0xffff) });

/** What members sign when they agree on a keygen party (design §7), and who did: at least t key shares. */
export const partyCertificate = z.strictObject({
  id: keyGenId,
  anchor: z.strictObject({ number: u32, hash: hexOf(32) }),
  threshold: z.number().int().min(1),
  members: z.array(partyMember).min(1),
  removed: z.array(removedMember),
  signatures: z.record(hexOf(32) as unknown as z.ZodString, hexOf(64)),
});
export type PartyCertificate = z.infer<typeof partyCertificate>;

/** A signature that stands; of a plan also what its transaction is known by on the external chain. */
export const completion = z.strictObject({ id: signId, digest: hexOf(32), signature: hexOf(64), outputHash: hexOf(32).exactOptional() });
export type Completion = z.infer<typeof completion>;

/** A validator's points in a slash report; 4294967295 is fatal (reference serai.md §c.5). */
export const slash = z.strictObject({ validator: hexOf(32), points: u32.min(1) });
export type Slash = z.infer<typeof slash>;

/** Messages of `<name>-<network>-commands`, from the crypto module to one processor. */
export const command = z.discriminatedUnion('type', [
  /** The sealing key of the crypto module's epoch; the first command of every start, in clear, signed. */
  z.strictObject({
    type: z.literal('serai.epoch.opened.v1'),
    data: epochOpened,
  }),
  z.strictObject({
    type: z.literal('serai.key-gen.generate-key.v1'),
    data: z.strictObject({
      id: keyGenId,
      params: z.strictObject({ t: z.number().int().min(1), n: z.number().int().min(1), i: participant }),
      shares: z.number().int().min(1),
      certificate: partyCertificate,
    }),
  }),
  z.strictObject({ type: z.literal('serai.key-gen.commitments.v1'), data: z.strictObject({ id: keyGenId, commitments: byParticipant }) }),
  z.strictObject({ type: z.literal('serai.key-gen.shares.v1'), data: z.strictObject({ id: keyGenId, shares: byParticipant }) }),
  /**
   * A member says that another one's shares for it are wrong, and proves it with the secret they were encrypted to. Both are named by their
   * first participants; `shares` are the accused one's as the accuser was given them.
   */
  z.strictObject({
    type: z.literal('serai.key-gen.verify-blame.v1'),
    data: z.strictObject({ id: keyGenId, accuser: participant, accused: participant, shares: hex, proof: hexOf(32) }),
  }),
  /** The chain has taken a set's keys. `attempt` is the one in which this processor generated them; absent where it holds no share of them. */
  z.strictObject({
    type: z.literal('serai.substrate.confirm-key-pair.v1'),
    data: z.strictObject({ context: externalContext, set: validatorSet, attempt: u32.exactOptional(), keyPair }),
  }),
  z.strictObject({
    type: z.literal('serai.substrate.block.v1'),
    data: z.strictObject({
      context: externalContext,
      block: z.strictObject({ number: u32, hash: hexOf(32) }),
      set: validatorSet,
      burns: z.array(burn),
      batches: z.array(u32),
    }),
  }),
  /** The slash report that members with t key shares of a set that handed over have signed; attempts at it follow. */
  z.strictObject({
    type: z.literal('serai.coordinator.sign-slash-report.v1'),
    data: z.strictObject({
      set: validatorSet,
      number: u32,
      report: z.array(slash).max(50),
      signatures: z.record(hexOf(32) as unknown as z.ZodString, hexOf(64)),
    }),
  }),
  z.strictObject({
    type: z.literal('serai.sign.attempt.v1'),
    /**
     * With the party where it is known; without it, preprocesses of all our shares are asked for, and any t shares may be chosen.
     * `start` is the height of the block that the attempt's window begins with.
     */
    data: z.strictObject({ id: signId, digest: hexOf(32), start: u32.optional(), party: z.array(participant).min(1).optional() }),
  }),
  /** The coordinator's state was rolled back, or ours: whatever begins at or below this Serai height is burnt (design §10). */
  z.strictObject({ type: z.literal('serai.epoch.burn.v1'), data: z.strictObject({ upTo: u32 }) }),
  z.strictObject({
    type: z.literal('serai.sign.preprocesses.v1'),
    data: z.strictObject({ id: signId, digest: hexOf(32), preprocesses: byParticipant }),
  }),
  z.strictObject({
    type: z.literal('serai.sign.shares.v1'),
    data: z.strictObject({ id: signId, digest: hexOf(32), shares: byParticipant }),
  }),
  z.strictObject({ type: z.literal('serai.sign.completed.v1'), data: completion }),
]);
export type Command = z.infer<typeof command>;

/** Messages of `<name>-<network>-replies`, from one processor to the crypto module. */
export const reply = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('serai.epoch.opened.v1'),
    data: epochOpened,
  }),
  /** What had been seen of the coordinator before the epoch it opened; in clear, as a rolled back one has lost its keys. */
  z.strictObject({ type: z.literal('serai.epoch.seen.v1'), data: epochSeen }),
  /** The processor's own state was rolled back: it signs nothing until it is told what is burnt. */
  z.strictObject({ type: z.literal('serai.epoch.rolled-back.v1'), data: z.strictObject({ epoch: u32, reason: z.string().max(1_000) }) }),
  z.strictObject({ type: z.literal('serai.key-gen.commitments.v1'), data: z.strictObject({ id: keyGenId, commitments: hex }) }),
  z.strictObject({ type: z.literal('serai.key-gen.shares.v1'), data: z.strictObject({ id: keyGenId, shares: byParticipant }) }),
  z.strictObject({ type: z.literal('serai.key-gen.generated-key-pair.v1'), data: z.strictObject({ id: keyGenId, keyPair }) }),
  z.strictObject({
    type: z.literal('serai.key-gen.blame.v1'),
    data: z.strictObject({
      id: keyGenId,
      participant,
      reason: z.string().max(200),
      /** Of shares for us: the secret they were encrypted to, with which anyone can see that they are wrong. */
      proof: hexOf(32).exactOptional(),
      /** The accusation between others that this is the answer to. */
      accusation: z.strictObject({ accuser: participant, accused: participant }).exactOptional(),
    }),
  }),
  /** The plans (outgoing transactions) that a Serai block made the processor plan; `message` is what gets signed. */
  z.strictObject({
    type: z.literal('serai.substrate.block-ack.v1'),
    data: z.strictObject({
      block: z.strictObject({ number: u32, hash: hexOf(32) }),
      plans: z.array(z.strictObject({ set: validatorSet, id: hexOf(32), message: hex })),
    }),
  }),
  z.strictObject({
    type: z.literal('serai.sign.preprocesses.v1'),
    data: z.strictObject({ id: signId, digest: hexOf(32), preprocesses: byParticipant }),
  }),
  z.strictObject({
    type: z.literal('serai.sign.shares.v1'),
    data: z.strictObject({ id: signId, digest: hexOf(32), map: hexOf(32), shares: byParticipant }),
  }),
  z.strictObject({ type: z.literal('serai.sign.completed.v1'), data: completion }),
  /** A share does not fit its preprocess: who sent it is to blame. */
  z.strictObject({ type: z.literal('serai.sign.invalid-share.v1'), data: z.strictObject({ id: signId, participant }) }),
  /** The processor will not take part in this attempt: it already did, under another life or another digest. */
  z.strictObject({ type: z.literal('serai.sign.abstain.v1'), data: z.strictObject({ id: signId, reason: z.string().max(200) }) }),
]);
export type Reply = z.infer<typeof reply>;

/**
 * A burn that was paid: the Serai block it is in, its place among the network's burns there from 0 on, and what of it went to the
 * network as a fee.
 */
const payment = z.strictObject({ block: u32, index: u32, fee: u64Text });

/** Messages of `<name>-serai`, from processors to everyone: what happened on an external chain. Public. */
export const externalObservation = z.discriminatedUnion('type', [
  /**
   * A batch of in-instructions the processor proposes; `session` is that of the set which signs it, `batch` is SCALE(Batch), the
   * message signed is `InInstructions-batch` ‖ batch.
   */
  z.strictObject({
    type: z.literal('serai.external.batch.v1'),
    data: z.strictObject({
      network: externalNetwork,
      session: u32,
      id: u32,
      block: hexOf(32),
      instructions: z.number().int().min(0),
      batch: hex,
    }),
  }),
  /** A signed outgoing transaction was seen on the external chain, and which burns it paid. */
  z.strictObject({
    type: z.literal('serai.external.output.v1'),
    data: z.strictObject({
      network: externalNetwork,
      plan: hexOf(32),
      outputHash: hexOf(32),
      block: hexOf(32),
      payments: z.array(payment),
      /** What the network took from the vault beside what was burnt, in its main coin's smallest unit. */
      vaultFee: u64Text,
    }),
  }),
  /** What each vault of the network holds after an external block that changed it; after everything else of that block. */
  z.strictObject({
    type: z.literal('serai.external.balances.v1'),
    data: z.strictObject({
      network: externalNetwork,
      block: hexOf(32),
      height: u32,
      vaults: z.array(z.strictObject({ session: u32, coin: z.string(), amount: u64Text })),
    }),
  }),
]);
export type ExternalObservation = z.infer<typeof externalObservation>;
