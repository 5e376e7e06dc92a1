import { blockToRecords } from '../../src/domain/observation/blockToRecords.ts';
import type { ObservedBlock } from '../../src/domain/observation/observedBlock.ts';
import type { ChainRecord } from '../../src/domain/observation/schemas.ts';
import type { Interest } from '../../src/domain/observation/tellInterest.ts';

/** The records of blocks that are observed one after the other. */
export const recordsOf = (blocks: readonly ObservedBlock[], interest: Interest = []): ChainRecord[] => {
  const published = new Map<string, string>();
  return blocks.flatMap((block) => {
    const told = blockToRecords(block, published, interest);
    for (const [key, value] of told.published) published.set(key, value);
    return [...told.records];
  });
};
