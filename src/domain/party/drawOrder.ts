import { fromHex, type Hex } from '../hex.ts';
import type { SignId } from '../processor/ids.ts';
import { attemptStream } from './attemptStream.ts';
import { drawParty } from './drawParty.ts';
import { attemptOf, windowOf } from './window.ts';

/** The generator's stream for all rounds of an attempt's window: that of its round 0 (design §8). */
export const windowStream = (id: SignId): bigint => attemptStream({ ...id, attempt: attemptOf(windowOf(id.attempt)) });

/** All n participants in the order in which the window's seed block draws them: who is first convenes it where it is odd (design §8). */
export const drawOrder = (n: number, id: SignId, seedHash: Hex): number[] =>
  drawParty({ blockHash: fromHex(seedHash), participants: n, threshold: n, stream: windowStream(id) });
