import { setTimeout as pause } from 'node:timers/promises';
import type { Hex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { coded } from '../../domain/runbook.ts';
import { headerJson, hexAnswer } from './header.ts';
import { type ChainLog, type Link, openLink } from './link.ts';

export interface CompareEndpointsOptions {
  readonly endpoints: readonly string[];
  readonly genesisHash: Hex;
  readonly log: ChainLog;
  /** Milliseconds between two comparisons. */
  readonly interval: number;
  readonly requestTimeout: number;
  /** The highest block we were given, and the hashes of those before it, as far as remembered. */
  readonly height: () => number | undefined;
  readonly hashOf: (height: number) => Hex | undefined;
  readonly fail: (error: unknown) => void;
}

/** The highest block that both we and the node have final, and the node's hash of it. */
const commonBlock = async (link: Link, height: number): Promise<{ readonly number: number; readonly hash: Hex | null }> => {
  const head = hexAnswer.parse(await link.ask('chain_getFinalizedHead', []));
  const header = headerJson.nullable().parse(await link.ask('chain_getHeader', [head]));
  const number = Math.min(height, Number(header?.number ?? 0));
  return { number, hash: hexAnswer.nullable().parse(await link.ask('chain_getBlockHash', [number])) };
};

const compare = async (endpoint: string, link: Link, { height, hashOf }: CompareEndpointsOptions): Promise<void> => {
  const ours = height();
  if (ours === undefined) return;
  const { number, hash } = await commonBlock(link, ours);
  const known = hashOf(number);
  if (known === undefined || hash === null || hash === known) return;
  throw new ChainError(
    'chain.disagreement',
    `nodes disagree on finalized block ${String(number)}: we were given ${known}, ${endpoint} has ${hash}; one of them lies or left the chain: find out which before starting again`,
    { at: { number, hash: known } },
  );
};

/**
 * Asks every endpoint now and then for the hash of a block we were given: one that has another hash for it means that nothing may be acted on
 * any more (`chain.disagreement`, design §6). An endpoint that is away is passed over until it is back. Returns what ends it.
 */
export const compareEndpoints = (options: CompareEndpointsOptions): (() => void) => {
  const { endpoints, genesisHash, log, interval, requestTimeout, fail } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const links = endpoints.map((endpoint) => ({
    endpoint,
    link: openLink({
      endpoints: [endpoint],
      log: { info: () => undefined, warn: () => undefined },
      expectedGenesis: genesisHash,
      requestTimeout,
    }),
  }));

  const watch = async (endpoint: string, link: Link): Promise<void> => {
    let isAway = false;
    while (!signal.aborted) {
      try {
        await link.ready();
        await compare(endpoint, link, options);
        isAway = false;
      } catch (error) {
        if (error instanceof ChainError && error.code !== 'chain.retry') throw error;
        if (!isAway) log.warn({ ...coded('chain.not-compared'), err: error, endpoint }, 'chain endpoint cannot be compared');
        isAway = true;
      }
      await pause(interval, undefined, { signal });
    }
  };

  for (const { endpoint, link } of links)
    watch(endpoint, link).catch((error: unknown) => {
      if (!signal.aborted) fail(error);
    });

  return () => {
    stopping.abort();
    for (const { link } of links) link.close();
  };
};
