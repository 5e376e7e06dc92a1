import { z } from 'zod';
import { hexOf } from '../processor/ids.ts';

/** A request of the crypto module for links to these validators. */
export const connect = z.strictObject({ validators: z.array(hexOf(32)).max(1024) });
