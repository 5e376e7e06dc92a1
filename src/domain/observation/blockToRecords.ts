import { ChainError } from './chainError.ts';
import type { ObservedBlock, ObservedEvent } from './observedBlock.ts';
import { type ChainRecord, chainMessage } from './schemas.ts';
import { tellEvent } from './tellEvent.ts';
import { type Interest, tellInInterest, tellOutInterest } from './tellInterest.ts';
import type { Told } from './told.ts';
import { isInitial, type ToldState, tellState } from './watchedState.ts';

/** The values of the watched state that were published last: JSON by type and subject, as {@link stateKey} joins them. */
export type Published = ReadonlyMap<string, string>;

/** What a watched value is published under. */
const stateKey = ({ type, subject }: Told): string => `${type}/${subject}`;

/** The records of a block, and the watched values they publish. */
export interface BlockRecords {
  readonly records: readonly ChainRecord[];
  readonly published: Published;
}

const changedOf = (block: ObservedBlock, published: Published): readonly ToldState[] =>
  tellState(block.state).filter((told) => {
    const before = published.get(stateKey(told));
    return before === undefined ? !isInitial(told) : before !== told.json;
  });

/**
 * What `<name>-chain` says about a finalized block, in order: the watched values that differ from those published last, every event with the
 * instructions that touch what is of interest, and last the block itself. Pure: the same blocks give the same records, live or late. Throws
 * ChainError `chain.unknown-event`, or `chain.undecodable` where a field is not what it should be: a runtime we do not understand.
 */
export const blockToRecords = (block: ObservedBlock, published: Published = new Map(), interest: Interest = []): BlockRecords => {
  const { number, hash, parentHash, stateRoot, extrinsicsRoot } = block;
  const time = new Date(block.time).toISOString();
  const at = { number, hash };

  const record = ({ type, subject, data }: Told, id: string): ChainRecord => ({ ...chainMessage.parse({ type, data }), id, subject, time });

  const understand = <T>(what: string, tell: () => T): T => {
    try {
      return tell();
    } catch (cause) {
      if (cause instanceof ChainError) throw cause;
      throw new ChainError('chain.undecodable', `${what} of block ${String(number)} is not as we know it: the runtime has changed`, {
        cause,
      });
    }
  };

  const ofEvent = (event: ObservedEvent): ChainRecord[] => {
    const place = { block: at, event: { index: event.index, extrinsic: typeof event.phase === 'number' ? event.phase : null } };
    const where = `${String(number)}/${String(event.index)}`;
    const told = [
      [tellEvent(event, number), ''] as const,
      ...tellOutInterest(event, number, interest).map((one) => [one, `/${one.subject}`] as const),
      ...tellInInterest(event, block, interest).map((one) => [one, `/${String(one.data['index'])}/${one.subject}`] as const),
    ];
    return told.map(([one, more]) => record({ ...one, data: { ...place, ...one.data } }, `${one.type}/${where}${more}`));
  };

  const changed = understand('the watched state', () => changedOf(block, published));
  const records = [
    ...understand('the watched state', () =>
      changed.map((told) => record({ ...told, data: { block: at, ...told.data } }, `${told.type}/${String(number)}/${told.subject}`)),
    ),
    ...block.events.flatMap((event) => understand(`${event.pallet}.${event.name} (event ${String(event.index)})`, () => ofEvent(event))),
    record(
      {
        type: 'serai.chain.block.v1',
        subject: String(number),
        data: { ...at, parentHash, stateRoot, extrinsicsRoot, time: block.time },
      },
      `serai.chain.block.v1/${String(number)}`,
    ),
  ];
  return { records, published: new Map(changed.map((told) => [stateKey(told), told.json])) };
};
