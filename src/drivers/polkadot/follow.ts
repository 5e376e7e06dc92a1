import { setTimeout as pause } from 'node:timers/promises';
import type { Hex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { checkSuccession, contradiction } from '../../domain/observation/checkSuccession.ts';
import type { ObservedBlock } from '../../domain/observation/observedBlock.ts';
import type { Start } from '../../streams/fromChain.ts';
import type { BlockDecoder } from './decodeBlock.ts';
import type { BlockFetcher, FetchedBlock } from './fetchBlock.ts';
import type { Head } from './heads.ts';

/** Hashes of delivered blocks kept to hold later answers against. */
const remembered = 1024;

const longestRetryDelay = 5_000;

export interface FollowOptions {
  readonly start: Start;
  readonly fetcher: BlockFetcher;
  readonly openDecoder: (start: Start) => Promise<BlockDecoder>;
  readonly deliver: (block: ObservedBlock) => Promise<void>;
  readonly fail: (error: unknown) => void;
  readonly onRetry: (error: ChainError, height: number, tries: number) => void;
  /** Blocks fetched ahead of the one being delivered. */
  readonly lookAhead: number;
  /** Milliseconds before a height is asked for again; doubles up to five seconds. */
  readonly retryDelay: number;
}

/** Delivers every height up to the heads it is told of, in order, and stops for good at a contradiction. */
export interface Follower {
  readonly onHead: (head: Head) => Promise<void>;
  /** The hash of a block delivered not long ago. */
  readonly delivered: (height: number) => Hex | undefined;
  /** The height delivered last. */
  readonly height: () => number | undefined;
  readonly stop: () => Promise<void>;
}

const passes = (error: unknown): error is ChainError =>
  error instanceof ChainError && (error.code === 'chain.retry' || error.code === 'chain.wrong-answer');

/** Follows the finalized chain from a height on: fetches ahead, decodes and delivers one at a time, fills in what heads skip, drops what they repeat. */
export const followFinalized = (options: FollowOptions): Follower => {
  const { start, fetcher, openDecoder, deliver, fail, onRetry, lookAhead, retryDelay } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const delivered = new Map<number, Hex>();
  const ahead: Promise<FetchedBlock>[] = [];
  let last: Head | undefined = start.after;
  let delivering = Promise.resolve();
  let fetched = start.height;
  let tip = start.height - 1;
  let wake = Promise.withResolvers<undefined>();

  if (start.after !== undefined) delivered.set(start.after.number, start.after.hash);

  const untilThere = async <T>(height: number, read: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof ChainError))
          throw new ChainError('chain.undecodable', `block ${String(height)}: an answer of the node makes no sense`, { cause: error });
        if (!passes(error)) throw error;
        onRetry(error, height, tries);
        const delay = Math.min(longestRetryDelay, retryDelay * 2 ** Math.min(tries - 1, 10));
        await pause(delay * (0.5 + Math.random() / 2), undefined, { signal });
      }
    }
  };

  const fetchAhead = (decoder: BlockDecoder): void => {
    while (ahead.length < lookAhead && fetched <= tip) {
      const height = fetched;
      const block = untilThere(height, () => fetcher.block(height, tip, decoder.keys()));
      block.catch(() => undefined);
      ahead.push(block);
      fetched += 1;
    }
  };

  const run = async (): Promise<void> => {
    const decoder = await untilThere(start.height, () => openDecoder(start));
    for (;;) {
      signal.throwIfAborted();
      fetchAhead(decoder);
      const first = ahead.shift();
      if (first === undefined) {
        await wake.promise;
        continue;
      }
      const raw = await first;
      checkSuccession(last, { number: raw.number, parentHash: raw.header.parentHash });
      const block = await untilThere(raw.number, () => decoder.decode(raw));
      signal.throwIfAborted();
      delivering = deliver(block);
      await delivering;
      last = { number: block.number, hash: block.hash };
      delivered.set(block.number, block.hash);
      delivered.delete(block.number - remembered);
    }
  };

  const failOnce = (error: unknown): void => {
    if (signal.aborted) return;
    stopping.abort();
    wake.resolve(undefined);
    fail(error);
  };
  run().catch(failOnce);

  const checkLast = async (): Promise<void> => {
    if (last === undefined) return;
    const { number, hash } = last;
    const now = await fetcher.hashAt(number);
    if (now === null || now === hash) return;
    // Only if it stands by it: a wrong answer is not another chain.
    await fetcher.header(number, now);
    throw contradiction(number, hash, now);
  };

  return {
    delivered: (height) => delivered.get(height),
    height: () => last?.number,
    onHead: async (head) => {
      if (signal.aborted) return;
      const { number, hash } = head;
      const known = delivered.get(number);
      if (known !== undefined && known !== hash) {
        failOnce(contradiction(number, known, hash));
        return;
      }
      if (number > tip) {
        fetcher.learn(head);
        tip = number;
        wake.resolve(undefined);
        wake = Promise.withResolvers<undefined>();
      }
      try {
        await checkLast();
      } catch (error) {
        if (error instanceof ChainError && error.code === 'chain.contradiction') failOnce(error);
        else throw error;
      }
    },
    stop: async () => {
      stopping.abort();
      wake.resolve(undefined);
      // A block still being fetched is not waited for: its node may be gone.
      await delivering.catch(() => undefined);
    },
  };
};
