import type { Hex } from '../hex.ts';
import { ChainError } from './chainError.ts';
import type { BlockRef } from './fields.ts';

/** A block as far as its place in the chain goes. */
export interface Successor {
  readonly number: number;
  readonly parentHash: Hex;
}

/** The error for a finalized height whose hash is not what it was (`chain.contradiction`): nothing may be acted on any more. */
export const contradiction = (height: number, known: Hex, other: Hex): ChainError =>
  new ChainError(
    'chain.contradiction',
    `finalized block ${String(height)} was ${known} and is now ${other}: the node left the finalized chain; stop, and compare with other nodes`,
  );

/** Throws `chain.contradiction` unless `block` comes right after the last one recorded (any block, if there is none). */
export const checkSuccession = (last: BlockRef | undefined, { number, parentHash }: Successor): void => {
  if (last === undefined) return;
  if (number !== last.number + 1) {
    throw new ChainError(
      'chain.contradiction',
      `block ${String(number)} was given after block ${String(last.number)}: a finalized block is missing`,
    );
  }
  if (parentHash !== last.hash) throw contradiction(last.number, last.hash, parentHash);
};
