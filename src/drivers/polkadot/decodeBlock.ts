import { z } from 'zod';
import type { Hex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import type { ExecutedBatch, ObservedBlock, ObservedEvent } from '../../domain/observation/observedBlock.ts';
import { type Reading, type Sessions, sessionsOf, type Watched, watchedState } from '../../domain/observation/watchedState.ts';
import type { BlockFetcher, FetchedBlock } from './fetchBlock.ts';
import { changesRuntime } from './header.ts';
import type { ReadBatches } from './readBatches.ts';
import type { Runtime, StorageItem } from './runtime.ts';
import type { RuntimeAt } from './runtimes.ts';

const events: StorageItem = { pallet: 'System', item: 'Events' };
const upgraded: StorageItem = { pallet: 'System', item: 'LastRuntimeUpgrade' };
const now: StorageItem = { pallet: 'Timestamp', item: 'Now' };

const itemOf = ({ pallet, item, key }: Watched): StorageItem => ({ pallet, item, args: [key] });

/** Makes sense of fetched blocks, one after the other in the chain's order. */
export interface BlockDecoder {
  /** The storage keys the next block will most likely be read by. */
  readonly keys: () => readonly Hex[];
  readonly decode: (block: FetchedBlock) => Promise<ObservedBlock>;
}

export interface BlockDecoderOptions {
  readonly fetcher: BlockFetcher;
  readonly runtimeAt: RuntimeAt;
  /** The runtime in force where reading begins. */
  readonly first: Runtime;
  /** Reads the batches of a block's extrinsics; undefined where nobody wants them. */
  readonly readBatches: ReadBatches | undefined;
}

const isBatch = ({ pallet, name }: ObservedEvent): boolean => pallet === 'InInstructions' && name === 'Batch';

/**
 * Decodes each block with the runtime that executed it: its parent's (design §6). That one is looked up anew where the block before put new
 * code in place (a log of its header), or where `System.LastRuntimeUpgrade` differs from the block before.
 */
export const openDecoder = ({ fetcher, runtimeAt, first, readBatches }: BlockDecoderOptions): BlockDecoder => {
  let runtime = first;
  let sessions: Sessions = {};
  let lastUpgrade: Hex | null | undefined;
  let isNewCode = false;

  const keysOf = (watched: readonly Watched[]): Hex[] => [events, upgraded, now, ...watched.map(itemOf)].map(runtime.storageKey);

  /** The block's values for all of these keys: those that were not fetched along are asked for. */
  const complete = async ({ hash, values }: FetchedBlock, keys: readonly Hex[]): Promise<ReadonlyMap<Hex, Hex | null>> => {
    const missing = keys.filter((key) => !values.has(key));
    return missing.length === 0 ? values : new Map([...values, ...(await fetcher.values(hash, missing))]);
  };

  const findRuntime = async ({ number, hash, header, values }: FetchedBlock): Promise<void> => {
    const upgrade = values.get(runtime.storageKey(upgraded));
    if (lastUpgrade === undefined || isNewCode || upgrade !== lastUpgrade)
      runtime = await runtimeAt(number === 0 ? hash : header.parentHash);
    lastUpgrade = upgrade;
    isNewCode = changesRuntime(header);
  };

  const readState = async (block: FetchedBlock): Promise<{ readonly state: Reading[]; readonly values: ReadonlyMap<Hex, Hex | null> }> => {
    let watched = watchedState(sessions);
    let values = await complete(block, keysOf(watched));
    const read = (): Reading[] =>
      watched.map((one) => ({ ...one, value: runtime.storageValue(itemOf(one), values.get(runtime.storageKey(itemOf(one))) ?? null) }));
    const state = read();
    const found = sessionsOf(state);
    if (JSON.stringify(found) === JSON.stringify(sessions)) return { state, values };
    sessions = found;
    watched = watchedState(found);
    values = await complete({ ...block, values }, keysOf(watched));
    return { state: read(), values };
  };

  const batchesOf = async (block: FetchedBlock, happened: readonly ObservedEvent[]): Promise<readonly ExecutedBatch[]> =>
    readBatches !== undefined && happened.some(isBatch) ? readBatches(runtime, block.hash) : [];

  return {
    keys: () => keysOf(watchedState(sessions)),
    decode: async (block) => {
      const { number, hash, header } = block;
      try {
        await findRuntime(block);
        const { state, values } = await readState(block);
        const valueOf = (item: StorageItem): Hex | null => values.get(runtime.storageKey(item)) ?? null;
        const happened = runtime.events(valueOf(events));
        const time = z
          .string()
          .nullable()
          .parse(runtime.storageValue(now, valueOf(now)));
        const { parentHash, stateRoot, extrinsicsRoot } = header;
        const batches = await batchesOf(block, happened);
        return { number, hash, parentHash, stateRoot, extrinsicsRoot, time: Number(time ?? 0), events: happened, state, batches };
      } catch (error) {
        if (error instanceof ChainError && error.at === undefined) throw error.of({ number, hash }, runtime.version);
        throw error;
      }
    },
  };
};
