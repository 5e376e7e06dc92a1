import { z } from 'zod';
import { externalNetwork, hex, u32, u64Text, validatorSet } from '../processor/ids.ts';
import { account, blockRef, coin, hash, network, set } from './fields.ts';

/** A member of a validator set, and the key shares it holds. */
export const setParticipant = z.strictObject({ ...account.shape, weight: z.number().int().min(1) });
export type SetParticipant = z.infer<typeof setParticipant>;

const state = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), data: z.strictObject({ block: blockRef, ...shape }) });

/**
 * The chain's state that is watched, as it stands on `<name>-chain`: each value after the block in which it changed (design §6). What was
 * never published is as if there were none: no session, participants, keys, stake or batch, not halted, a supply of 0.
 */
export const stateSchemas = {
  currentSession: state('serai.validator-sets.current-session.v1', { network, session: u32.nullable() }),
  /** Who makes up a set, in list order. */
  participants: state('serai.validator-sets.participants.v1', { set, participants: z.array(setParticipant).readonly() }),
  keys: state('serai.validator-sets.keys.v1', {
    set: validatorSet,
    keyPair: z.strictObject({ substrate: hash, network: hex }).nullable(),
  }),
  totalAllocatedStake: state('serai.validator-sets.total-allocated-stake.v1', { network, amount: u64Text.nullable() }),
  lastBatch: state('serai.in-instructions.last-batch.v1', { network: externalNetwork, id: u32.nullable() }),
  halted: state('serai.in-instructions.halted.v1', { network: externalNetwork, halted: z.boolean() }),
  supply: state('serai.coins.supply.v1', { coin, amount: u64Text }),
} as const;
