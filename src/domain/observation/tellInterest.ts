import type { Hex } from '../hex.ts';
import type { ExecutedBatch, ObservedBlock, ObservedEvent } from './observedBlock.ts';
import { tellEvent } from './tellEvent.ts';
import type { Told } from './told.ts';

/** What an operator wants to hear of: public keys of Serai accounts and addresses of external networks, in hex. */
export type Interest = readonly Hex[];

const names = (value: unknown, wanted: Hex): boolean =>
  value === wanted || (typeof value === 'object' && value !== null && Object.values(value).some((inner) => names(inner, wanted)));

/** Out-instructions of an event that are from, or to, what is of interest. */
export const tellOutInterest = (event: ObservedEvent, height: number, interest: Interest): Told[] => {
  if (event.pallet !== 'Coins' || event.name !== 'BurnWithInstruction') return [];
  return interest
    .filter((wanted) => names(event.fields, wanted))
    .map((wanted) => ({
      type: 'serai.interest.out-instruction.v1',
      subject: wanted,
      data: { ...tellEvent(event, height).data, interest: wanted },
    }));
};

const batchOf = ({ pallet, name, phase, fields }: ObservedEvent, batches: readonly ExecutedBatch[]): ExecutedBatch | undefined =>
  pallet === 'InInstructions' && name === 'Batch'
    ? batches.find(({ extrinsic, network, id }) => extrinsic === phase && network === fields['network'] && id === fields['id'])
    : undefined;

const hasFailed = (block: ObservedBlock, { network, id }: ExecutedBatch, index: number): boolean =>
  block.events.some(
    ({ pallet, name, fields }) =>
      pallet === 'InInstructions' &&
      name === 'InstructionFailure' &&
      fields['network'] === network &&
      fields['id'] === id &&
      fields['index'] === index,
  );

/** In-instructions of the batch an event tells of that name what is of interest. */
export const tellInInterest = (event: ObservedEvent, block: ObservedBlock, interest: Interest): Told[] => {
  const batch = batchOf(event, block.batches);
  if (batch === undefined) return [];
  return batch.instructions.flatMap(({ instruction, balance }, index) =>
    interest
      .filter((wanted) => names(instruction, wanted))
      .map((wanted) => ({
        type: 'serai.interest.in-instruction.v1',
        subject: wanted,
        data: {
          interest: wanted,
          network: batch.network,
          batch: batch.id,
          index,
          instruction,
          ...balance,
          failed: hasFailed(block, batch, index),
        },
      })),
  );
};
