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

/** What is read of every block while runtime and sessions stay the same. */
interface Plan {
  readonly keys: readonly Hex[];
  readonly watched: readonly { readonly key: Hex; readonly item: StorageItem; readonly watched: Watched }[];
}

const planFor = (runtime: Runtime, sessions: Sessions): Plan => {
  const watched = watchedState(sessions).map((one) => {
    const item = itemOf(one);
    return { key: runtime.storageKey(item), item, watched: one };
  });
  return { keys: [...[events, upgraded, now].map(runtime.storageKey), ...watched.map(({ key }) => key)], watched };
};

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

  /** Readings made before, by storage key: most of what is watched stays as it was from block to block. */
  const made = new Map<Hex, { readonly raw: Hex | null; readonly reading: Reading }>();
  let plan = planFor(runtime, sessions);

  /** The block's values for all of these keys: those that were not fetched along are asked for. */
  const complete = async ({ hash, values }: FetchedBlock, keys: readonly Hex[]): Promise<ReadonlyMap<Hex, Hex | null>> => {
    const missing = keys.filter((key) => !values.has(key));
    return missing.length === 0 ? values : new Map([...values, ...(await fetcher.values(hash, missing))]);
  };

  const findRuntime = async ({ number, hash, header, values }: FetchedBlock): Promise<void> => {
    const upgrade = values.get(runtime.storageKey(upgraded));
    if (lastUpgrade === undefined || isNewCode || upgrade !== lastUpgrade) {
      runtime = await runtimeAt(number === 0 ? hash : header.parentHash);
      plan = planFor(runtime, sessions);
      made.clear();
    }
    lastUpgrade = upgrade;
    isNewCode = changesRuntime(header);
  };

  const read = (values: ReadonlyMap<Hex, Hex | null>): Reading[] =>
    plan.watched.map(({ key, watched, item }) => {
      const raw = values.get(key) ?? null;
      const before = made.get(key);
      if (before?.raw === raw) return before.reading;
      const reading = { ...watched, value: runtime.storageValue(item, raw) };
      made.set(key, { raw, reading });
      return reading;
    });

  const readState = async (block: FetchedBlock): Promise<{ readonly state: Reading[]; readonly values: ReadonlyMap<Hex, Hex | null> }> => {
    const values = await complete(block, plan.keys);
    const state = read(values);
    const found = sessionsOf(state);
    if (Object.entries(found).every(([network, session]) => sessions[network as keyof Sessions] === session)) return { state, values };
    sessions = found;
    plan = planFor(runtime, sessions);
    const more = await complete({ ...block, values }, plan.keys);
    return { state: read(more), values: more };
  };

  const batchesOf = async (block: FetchedBlock, happened: readonly ObservedEvent[]): Promise<readonly ExecutedBatch[]> =>
    readBatches !== undefined && happened.some(isBatch) ? readBatches(runtime, block.hash) : [];

  return {
    keys: () => plan.keys,
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
