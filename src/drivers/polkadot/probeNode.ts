import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Failure, NodeFacts } from '../../domain/health/facts.ts';
import { type Hex, toHex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { openDecoder } from './decodeBlock.ts';
import { type BlockFetcher, openFetcher } from './fetchBlock.ts';
import { headerJson } from './header.ts';
import { finalizedHead, type Head } from './heads.ts';
import { type Link, openLink } from './link.ts';
import { openRuntimes, type RuntimeAt } from './runtimes.ts';

export interface ProbeNode {
  readonly endpoint: string;
  /** Milliseconds it has to answer, in all. */
  readonly deadline: number;
  /** The height that is to be read next; without it, nothing is said of it. */
  readonly next?: number;
  readonly backupBlocks?: number;
  readonly expectedGenesis?: Hex;
}

const health = z.object({ isSyncing: z.boolean() });

const CODE = toHex(new TextEncoder().encode(':code'));
const NOW = { pallet: 'Timestamp', item: 'Now' } as const;

const failureOf = (error: unknown): Failure =>
  error instanceof ChainError
    ? { code: error.code, text: error.message }
    : { code: 'chain.undecodable', text: `an answer makes no sense: ${error instanceof Error ? error.message : String(error)}` };

/** The lowest height whose state the node keeps, found by halving. */
const lowestState = async (link: Link, fetcher: BlockFetcher, finalized: number): Promise<number> => {
  const keeps = async (height: number): Promise<boolean> => {
    try {
      const hash = await fetcher.hashAt(height);
      return hash !== null && (await link.ask('state_getStorageHash', [CODE, hash])) !== null;
    } catch (error) {
      // Whatever the node says of a state it has thrown away: of its finalized head it said nothing like it.
      if (error instanceof ChainError && link.awaySince() === undefined) return false;
      throw error;
    }
  };
  let [low, high] = [0, finalized];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await keeps(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** The time of a block, by the chain; undefined for genesis. */
const timeAt = async (link: Link, runtimeAt: RuntimeAt, hash: Hex): Promise<number | undefined> => {
  const runtime = await runtimeAt(hash);
  const raw = z
    .string()
    .nullable()
    .parse(await link.ask('state_getStorage', [runtime.storageKey(NOW), hash]));
  return raw === null ? undefined : Number(runtime.storageValue(NOW, raw as Hex));
};

/** Reads the finalized block wholly, as the observation module would: what runtime it is of, or why that is not known. */
const readRuntime = async (fetcher: BlockFetcher, runtimeAt: RuntimeAt, { number, hash }: Head): Promise<string | Failure> => {
  try {
    const { version } = await runtimeAt(hash);
    if (number === 0) return version;
    const parent = await fetcher.hashAt(number - 1);
    if (parent === null) return version;
    const decoder = openDecoder({ fetcher, runtimeAt, first: await runtimeAt(parent), readBatches: undefined });
    await decoder.decode(await fetcher.block(number, number, decoder.keys()));
    return version;
  } catch (error) {
    return failureOf(error);
  }
};

const look = async (link: Link, { endpoint, next, backupBlocks, expectedGenesis }: ProbeNode): Promise<NodeFacts> => {
  await link.ready();
  const runtimeAt = openRuntimes(link);
  const fetcher = openFetcher(link);
  const { isSyncing: syncing } = health.parse(await link.ask('system_health', []));
  const chainType = z.string().parse(await link.ask('system_chainType', []));
  const head = await finalizedHead(link);
  const best = headerJson.parse(await link.ask('chain_getHeader', []));
  const bestNumber = Number(best.number);
  const bestHash = bestNumber === head.number ? head.hash : ((await link.ask('chain_getBlockHash', [bestNumber])) as Hex);
  const finalizedTime = await timeAt(link, runtimeAt, head.hash);
  return {
    endpoint,
    syncing,
    chainType,
    best: { number: bestNumber, time: await timeAt(link, runtimeAt, bestHash) },
    finalized: { number: head.number, time: finalizedTime },
    genesisHash: link.genesisHash(),
    runtime: await readRuntime(fetcher, runtimeAt, head),
    stateFrom: await lowestState(link, fetcher, head.number),
    ...(expectedGenesis === undefined ? {} : { expectedGenesis }),
    ...(next === undefined ? {} : { next }),
    ...(backupBlocks === undefined ? {} : { backupBlocks }),
  };
};

/** Looks at one Serai node from outside; what it does not answer in time is told as a failure, never thrown. */
export const probeNode = async (options: ProbeNode): Promise<NodeFacts> => {
  const { endpoint, deadline } = options;
  const quiet = { info: () => undefined, warn: () => undefined };
  const link = openLink({ endpoints: [endpoint], log: quiet, requestTimeout: deadline });
  const over = new AbortController();
  const late = async (): Promise<never> => {
    await sleep(deadline, undefined, { signal: over.signal });
    const why = link.lastFailure() ?? 'no answer';
    throw new ChainError('chain.unreachable', `no Serai node answers at ${endpoint} within ${String(deadline / 1_000)} s (${why})`);
  };
  try {
    return await Promise.race([look(link, options), late()]);
  } catch (error) {
    return { endpoint, failure: failureOf(error) };
  } finally {
    over.abort();
    link.close();
  }
};
