import { z } from 'zod';
import { hexOf, u32 } from '../processor/ids.ts';

/** 32 bytes that name something, in hex. */
export const hash = hexOf(32);

/** A block's height. */
export const height = z.number().int().min(0);

/** A network by Serai's name, Serai itself included. */
export const network = z.enum(['Serai', 'Bitcoin', 'Ethereum', 'Monero']);
export type NetworkName = z.infer<typeof network>;

/** The validators of any network for one session. */
export const set = z.strictObject({ network, session: u32 });
export type AnySet = z.infer<typeof set>;

/** A coin by Serai's name. */
export const coin = z.enum(['Serai', 'Bitcoin', 'Ether', 'Dai', 'Monero']);

/** A coin of an external network. */
export const externalCoin = z.enum(['Bitcoin', 'Ether', 'Dai', 'Monero']);

/** A finalized block, by height and hash. */
export const blockRef = z.strictObject({ number: height, hash });
export type BlockRef = z.infer<typeof blockRef>;

/** An account of Serai: SS58 address with prefix 42, and the same as a public key. */
export const account = z.strictObject({ address: z.string().min(1), publicKey: hash });
export type Account = z.infer<typeof account>;

/** A set in a word, for subjects and people: `Bitcoin/0`. */
export const nameOfSet = ({ network: of, session }: AnySet): string => `${of}/${String(session)}`;
