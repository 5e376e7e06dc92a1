import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { coded } from '../../domain/runbook.ts';
import { bytes, vec } from '../../domain/scale.ts';
import { type Network, network as networkCodec } from '../../domain/serai/networks.ts';
import type { ChainSubmitter } from '../../sinks/toChain.ts';
import type { ChainReader, Start } from '../../streams/fromChain.ts';
import { askNodeAddresses } from './askNodeAddresses.ts';
import { compareEndpoints } from './compareEndpoints.ts';
import { openDecoder } from './decodeBlock.ts';
import { type BlockFetcher, openFetcher } from './fetchBlock.ts';
import { followFinalized } from './follow.ts';
import { finalizedHead, type HeardHeads, watchHeads } from './heads.ts';
import { type ChainLog, type Link, openLink } from './link.ts';
import { openReadBatches } from './readBatches.ts';
import type { Runtime } from './runtime.ts';
import { openRuntimes, type RuntimeAt } from './runtimes.ts';
import { openSubmitter } from './submitCall.ts';

export interface SeraiClientOptions {
  /** `ws://` or `wss://` addresses of Serai nodes; the first is tried first, the others when it fails or falls silent. */
  readonly endpoints: readonly string[];
  readonly log: ChainLog;
  /** The chain we must be on; without it, the chain found at the start. */
  readonly expectedGenesis?: Hex;
  /** Milliseconds between two polls of the finalized head. */
  readonly pollInterval?: number;
  /** Milliseconds a node has to answer at the start. */
  readonly connectDeadline?: number;
  /** Milliseconds without a higher finalized head before another connection is tried. */
  readonly silence?: number;
  /** Milliseconds a request may take. */
  readonly requestTimeout?: number;
  /** Blocks fetched ahead of the one being delivered. */
  readonly lookAhead?: number;
  /** Whether batches are read out of extrinsics: only where an address is of interest. */
  readonly withBatches?: boolean;
}

/** A connection to the Serai chain: read side, write side, and what others need to know. */
export interface SeraiClient extends ChainReader, ChainSubmitter {
  /** Public keys of a network's validators, by the runtime's own count, at the best block. */
  validators(network: Network): Promise<Hex[]>;
  /** Addresses of validators' nodes that our node knows of, as multiaddrs (`p2p_validators`). */
  nodeAddresses(): Promise<string[]>;
  /** The height of the finalized head, as the node has it now. */
  finalizedHeight(): Promise<number>;
  close(): Promise<void>;
}

const defaults = { pollInterval: 3_000, connectDeadline: 20_000, silence: 60_000, requestTimeout: 30_000, lookAhead: 32 } as const;

/** Wrong answers about one block, one after the other, after which the node is left for the next one. */
const patience = 5;

/** Milliseconds before a block is asked for again the first time. */
const firstRetryDelay = 200;

const publicKeys = vec(bytes(32));

/** The runtime at genesis, asked for again while connections come and go. */
const firstRuntime = async (link: Link, runtimeAt: RuntimeAt): Promise<Runtime> => {
  for (;;) {
    await link.ready();
    try {
      return await runtimeAt(link.genesisHash());
    } catch (error) {
      if (!(error instanceof ChainError && error.code === 'chain.retry')) throw error;
      await pause(firstRetryDelay);
    }
  }
};

/** Waits for what needs a node; rejects with `chain.unreachable` after the deadline. */
const within = async <T>(deadline: number, link: Link, endpoints: readonly string[], answer: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const why = link.lastFailure() ?? 'no answer';
    const message = `no Serai node answered at ${endpoints.join(', ')} within ${String(deadline / 1000)} s (${why}); start the node, or correct observation.rpc_host and observation.rpc_port`;
    late.reject(new ChainError('chain.unreachable', message));
  }, deadline);
  try {
    return await Promise.race([answer, late.promise]);
  } catch (error) {
    link.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

/** Connects to a Serai node; rejects with `chain.unreachable` or `chain.wrong-genesis`. */
export const openSeraiClient = async (options: SeraiClientOptions): Promise<SeraiClient> => {
  const { endpoints, log, expectedGenesis } = options;
  const settings = { ...defaults, ...options };
  const genesis = expectedGenesis === undefined ? {} : { expectedGenesis };
  const link = openLink({ endpoints, log, requestTimeout: settings.requestTimeout, ...genesis });
  const runtimeAt = openRuntimes(link);
  const { profile } = await within(settings.connectDeadline, link, endpoints, firstRuntime(link, runtimeAt));

  const decoderFrom =
    (fetcher: BlockFetcher) =>
    async ({ height, after }: Start) => {
      const before = after?.hash ?? (height === 0 ? link.genesisHash() : await fetcher.hashAt(height - 1));
      if (before === null)
        throw new ChainError('chain.retry', `the node at ${link.endpoint()} does not have block ${String(height - 1)} yet`);
      const readBatches = settings.withBatches === true ? openReadBatches(link) : undefined;
      return openDecoder({ fetcher, runtimeAt, first: await runtimeAt(before), readBatches });
    };

  const began = Date.now();
  let heard = (): HeardHeads => ({ highest: -1, risenAt: began, syncing: false });

  const follow: ChainReader['follow'] = (start, deliver, fail) => {
    const stops: (() => void)[] = [];
    let isOver = false;
    const end = (): void => {
      isOver = true;
      for (const stop of stops.splice(0)) stop();
    };
    const failed = (error: unknown): void => {
      if (isOver) return;
      end();
      // Another node may still keep the state this one has thrown away.
      if (error instanceof ChainError && error.code === 'chain.pruned') link.reconnect();
      fail(error);
    };
    const fetcher = openFetcher(link);
    const follower = followFinalized({
      start,
      fetcher,
      openDecoder: decoderFrom(fetcher),
      deliver,
      fail: failed,
      onRetry: (error, height, tries) => {
        log.warn({ ...coded('chain.retry'), err: error, height, tries }, 'chain block retried');
        if (error.code === 'chain.wrong-answer' && tries % patience === 0) link.reconnect();
      },
      lookAhead: settings.lookAhead,
      retryDelay: Math.min(firstRetryDelay, settings.pollInterval),
    });
    const { pollInterval, silence, requestTimeout } = settings;
    const watch = watchHeads({ link, log, pollInterval, silence, onHead: follower.onHead });
    heard = watch.heard;
    stops.push(watch.stop);
    if (endpoints.length > 1)
      stops.push(
        compareEndpoints({
          endpoints,
          genesisHash: link.genesisHash(),
          log,
          interval: pollInterval,
          requestTimeout,
          height: follower.height,
          hashOf: follower.delivered,
          fail: failed,
        }),
      );
    link.closed.catch(failed);
    return async () => {
      end();
      await follower.stop();
    };
  };

  return {
    genesisHash: link.genesisHash(),
    profile,
    silence: settings.silence,
    standing: () => {
      const { highest, risenAt, syncing } = heard();
      const awaySince = link.awaySince() ?? null;
      return {
        endpoint: link.endpoint(),
        awaySince,
        syncing,
        head: highest < 0 ? null : highest,
        risenAt,
        failure: awaySince === null ? null : (link.lastFailure() ?? null),
      };
    },
    follow,
    ...openSubmitter(link, runtimeAt),
    validators: async (network) => {
      const answer = await link.ask('state_call', ['SeraiRuntimeApi_validators', toHex(networkCodec.encode(network))]);
      return publicKeys.decode(fromHex(z.string().parse(answer))).map(toHex);
    },
    nodeAddresses: () => askNodeAddresses(endpoints, profile),
    finalizedHeight: async () => (await finalizedHead(link)).number,
    close: () => {
      link.close();
      return Promise.resolve();
    },
  };
};
