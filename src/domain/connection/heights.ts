import { block } from '../observation/schemas.ts';
import type { TopicRecord } from '../record.ts';
import { type Draft, type Json, table, type View } from '../tables.ts';

const heights = table<number>('height');

/** The height of the last finalized block that was heard of; -1 before the first. */
export const heightHeard = (view: View): number => heights.get(view, '') ?? -1;

/** A record of `<name>-chain`: of all it says, the height of the block is kept, by which certificates are valid. */
export const understandHeight = ({ attributes: { type } }: TopicRecord, data: Json): ((draft: Draft) => void) => {
  if (type !== block.shape.type.value) return () => undefined;
  const { number } = block.shape.data.parse(data);
  return (draft) => {
    heights.put(draft, '', number);
  };
};
