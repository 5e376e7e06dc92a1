import { z } from 'zod';
import { hexOf, u32 } from '../processor/ids.ts';

/** A module announces the key to seal for it, X25519, in its new epoch: in clear, signed, first of what it writes to a sealed topic. */
export const epochOpened = z.strictObject({ epoch: u32, instance: hexOf(16), publicKey: hexOf(32) });
