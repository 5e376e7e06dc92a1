import { z } from 'zod';
import { externalNetwork, hex, hexOf, u32, u64Text, validatorSet } from '../processor/ids.ts';

const anySet = z.object({ session: u32, network: z.enum(['Serai', 'Bitcoin', 'Ethereum', 'Monero']) });
const hash = hexOf(32);

/** Fields of the events we act on, as the chain's metadata names them (serai.md §b.13). */
export const seraiEvents = {
  newSet: z.object({ set: anySet }),
  participantRemoved: z.object({ set: anySet, removed: hash }),
  keyGen: z.object({ set: validatorSet, key_pair: z.object({ 0: hash, 1: hex }) }),
  acceptedHandover: z.object({ set: anySet }),
  setRetired: z.object({ set: anySet }),
  batch: z.object({ network: externalNetwork, id: u32, block: hash, instructions_hash: hash }),
  instructionFailure: z.object({ network: externalNetwork, id: u32, index: u32 }),
  halt: z.object({ network: externalNetwork }),
  burnWithInstruction: z.object({
    from: hash,
    instruction: z.object({
      instruction: z.object({ address: hex, data: hex.nullable() }),
      balance: z.object({ coin: z.enum(['Bitcoin', 'Ether', 'Dai', 'Monero']), amount: u64Text }),
    }),
  }),
} as const;
