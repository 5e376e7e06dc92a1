import { z } from 'zod';
import type { Hex } from '../hex.ts';

const hexText = z.string().regex(/^0x([0-9a-f]{2})*$/, 'expected 0x and lower-case hex');

/** Bytes in JSON. */
export const hex = hexText as unknown as z.ZodType<Hex>;

/** A number of bytes in JSON. */
export const hexOf = (length: number): z.ZodType<Hex> =>
  hexText.length(2 + 2 * length, `expected ${String(length)} bytes of hex`) as unknown as z.ZodType<Hex>;

/** An unsigned 64-bit number in JSON: a decimal string. */
export const u64Text = z.string().regex(/^(0|[1-9][0-9]{0,19})$/, 'expected a decimal number');

/** An unsigned 32-bit number in JSON. */
export const u32 = z.number().int().min(0).max(0xffff_ffff);

/** A key share of a set: 1..n in list order (`Participant`, reference serai.md §b.4). */
export const participant = z.number().int().min(1).max(0xffff);

/** An external network by Serai's name. */
export const externalNetwork = z.enum(['Bitcoin', 'Ethereum', 'Monero']);
export type ExternalNetworkName = z.infer<typeof externalNetwork>;

/** The validators of one network for one session. */
export const validatorSet = z.strictObject({ network: externalNetwork, session: u32 });
export type SetId = z.infer<typeof validatorSet>;

/** One try to generate a set's keys. */
export const keyGenId = z.strictObject({ set: validatorSet, attempt: u32 });
export type KeyGenId = z.infer<typeof keyGenId>;

/**
 * One try to sign a signable by one party (design §2, §8). `id` is 0x hex of 32 bytes for a plan, a decimal number for a batch
 * and for a slash report: that of the report's proposal; `attempt` is 64·window + round.
 */
export const signId = z.strictObject({
  set: validatorSet,
  kind: z.enum(['plan', 'batch', 'slash-report']),
  id: z.string().regex(/^(0x[0-9a-f]{64}|0|[1-9][0-9]{0,9})$/),
  attempt: u32,
});
export type SignId = z.infer<typeof signId>;

/** Bytes by participant; JSON keys are decimal numbers. */
export const byParticipant = z.record(z.string().regex(/^[1-9][0-9]{0,4}$/), hex);
export type ByParticipant = z.infer<typeof byParticipant>;

/** A set as one word, for keys and people: `Bitcoin/0`. */
export const setName = (set: SetId): string => `${set.network}/${String(set.session)}`;

/** A signable as one word: `Bitcoin/0/batch/3`. */
export const signableName = (id: Omit<SignId, 'attempt'>): string => `${setName(id.set)}/${id.kind}/${id.id}`;

/** An attempt as one word: `Bitcoin/0/batch/3/128`. */
export const signIdName = (id: SignId): string => `${signableName(id)}/${String(id.attempt)}`;
