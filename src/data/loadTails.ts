import type { Hex } from '../domain/hex.ts';
import type { Tail } from '../domain/record.ts';
import { BUCKETS } from './buckets.ts';
import type { Store } from './store.ts';

/** Where this store's records end on each topic. */
export const loadTails = async (store: Pick<Store, 'scan'>): Promise<(readonly [topic: string, tail: Tail])[]> => {
  const text = new TextDecoder();
  const tails: (readonly [string, Tail])[] = [];
  for await (const [topic, value] of store.scan(BUCKETS.tails)) {
    const { sequence, digest } = JSON.parse(text.decode(value)) as { sequence: string; digest: Hex };
    tails.push([text.decode(topic), { sequence: BigInt(sequence), digest }]);
  }
  return tails;
};
