import { z } from 'zod';
import { externalNetwork, hex, hexOf, u32, u64Text, validatorSet } from '../processor/ids.ts';

const hash = hexOf(32);
const height = z.number().int().min(0);
const anyNetwork = z.enum(['Serai', 'Bitcoin', 'Ethereum', 'Monero']);
const anySet = z.strictObject({ network: anyNetwork, session: u32 });
const externalCoin = z.enum(['Bitcoin', 'Ether', 'Dai', 'Monero']);

/** A finalized block, by height and hash. */
export const blockRef = z.strictObject({ number: height, hash });
export type BlockRef = z.infer<typeof blockRef>;

/** An account of Serai: SS58 address with prefix 42, and the same as a public key. */
export const account = z.strictObject({ address: z.string().min(1), publicKey: hash });
export type Account = z.infer<typeof account>;

/** A member of a validator set, and the key shares it holds. */
export const setParticipant = z.strictObject({ ...account.shape, weight: z.number().int().min(1) });
export type SetParticipant = z.infer<typeof setParticipant>;

/** Where the record comes from: index of the event in its block, and of the extrinsic that caused it (`null`: the block itself did). */
const place = { block: blockRef, event: z.strictObject({ index: u32, extrinsic: u32.nullable() }) };

const record = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), data: z.strictObject(shape) });

/** The last record of every block: whoever has read it has read the whole block. `time` in milliseconds since 1970, 0 for genesis. */
export const block = record('serai.chain.block.v1', {
  number: height,
  hash,
  parentHash: hash,
  stateRoot: hash,
  extrinsicsRoot: hash,
  time: z.number().int().min(0),
});

/** Who makes up a new set of an external network, in list order. */
export const participants = record('serai.validator-sets.participants.v1', {
  ...place,
  set: validatorSet,
  participants: z.array(setParticipant).readonly(),
});

/** A set was decided on. */
export const newSet = record('serai.validator-sets.new-set.v1', { ...place, set: anySet });

/** A validator was left out of its set, with the keys that were generated without it. */
export const participantRemoved = record('serai.validator-sets.participant-removed.v1', { ...place, set: anySet, removed: account });

/** A set's keys are on the chain: for Serai (Ristretto) and for the external network. */
export const keyGen = record('serai.validator-sets.key-gen.v1', {
  ...place,
  set: validatorSet,
  keyPair: z.strictObject({ substrate: hash, network: hex }),
});

/** The new set has taken over. */
export const acceptedHandover = record('serai.validator-sets.accepted-handover.v1', { ...place, set: anySet });

/** The old set is done. */
export const setRetired = record('serai.validator-sets.set-retired.v1', { ...place, set: anySet });

/** A batch of in-instructions was executed. */
export const batch = record('serai.in-instructions.batch.v1', {
  ...place,
  network: externalNetwork,
  id: u32,
  externalBlock: hash,
  instructionsHash: hash,
});

/** An instruction of a batch failed on chain. */
export const instructionFailure = record('serai.in-instructions.instruction-failure.v1', {
  ...place,
  network: externalNetwork,
  id: u32,
  index: u32,
});

/** No more batches of a network are executed. */
export const halt = record('serai.in-instructions.halt.v1', { ...place, network: externalNetwork });

/** Coins were burnt to be paid out on their network. */
export const burnWithInstruction = record('serai.coins.burn-with-instruction.v1', {
  ...place,
  from: account,
  network: externalNetwork,
  coin: externalCoin,
  amount: u64Text,
  address: hex,
  data: hex.nullable(),
});

/** An event names an account or external address of interest (configured list). */
export const touched = record('serai.account.touched.v1', {
  ...place,
  account: hex,
  pallet: z.string(),
  name: z.string(),
  fields: z.record(z.string(), z.json()),
});

/** What stands on `<name>-chain`: type and data of each record. Strict, so that a consumer refuses what it does not know. */
export const chainMessage = z.discriminatedUnion('type', [
  block,
  participants,
  newSet,
  participantRemoved,
  keyGen,
  acceptedHandover,
  setRetired,
  batch,
  instructionFailure,
  halt,
  burnWithInstruction,
  touched,
]);
export type ChainMessage = z.infer<typeof chainMessage>;

/** A message with the attributes its record gets: id from its meaning, time of its block (ISO 8601). */
export type ChainRecord = ChainMessage & { readonly id: string; readonly subject: string; readonly time: string };
