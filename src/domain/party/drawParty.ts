import { chaChaRng } from './chaChaRng.ts';

/** What a draw starts from: the seed block's hash (32 bytes) and the generator's stream. */
export interface Draw {
  readonly blockHash: Uint8Array;
  readonly participants: number;
  readonly threshold: number;
  readonly stream?: bigint;
}

/**
 * Draws the party: `next_u64() % n + 1`, again and again, until `threshold` distinct participants stand; they are returned in
 * the order drawn (specification, Party Formation; design §8). Throws RangeError on values that have no draw.
 */
export const drawParty = ({ blockHash, participants, threshold, stream = 0n }: Draw): number[] => {
  if (blockHash.length !== 32) throw new RangeError(`a block hash has 32 bytes, this one ${String(blockHash.length)}`);
  if (!Number.isSafeInteger(participants) || participants < 1 || participants > 0xffff)
    throw new RangeError(`the number of participants must be 1 to 65535, not ${String(participants)}`);
  if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > participants)
    throw new RangeError(`the threshold must be 1 to ${String(participants)}, not ${String(threshold)}`);
  if (stream < 0n || stream > 0xffff_ffff_ffff_ffffn) throw new RangeError('the stream is an unsigned 64-bit number');
  const next = chaChaRng(blockHash, stream);
  const party = new Set<number>();
  while (party.size < threshold) party.add(Number(next() % BigInt(participants)) + 1);
  return [...party];
};
