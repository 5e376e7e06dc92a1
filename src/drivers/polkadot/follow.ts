import { setTimeout as pause } from 'node:timers/promises';
import type { Hex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { checkSuccession, contradiction } from '../../domain/observation/checkSuccession.ts';
import type { ChainBlock } from '../../streams/fromChain.ts';
import type { Head } from './heads.ts';
import type { ReadBlock } from './readBlock.ts';

/** Hashes of delivered blocks kept to hold later answers against. */
const remembered = 1024;

export interface FollowOptions {
  readonly from: number;
  readonly read: ReadBlock;
  /** The finalized hash of a height as the node sees it now; null where it has none. */
  readonly hashAt: (height: number) => Promise<Hex | null>;
  readonly deliver: (block: ChainBlock) => Promise<void>;
  readonly fail: (error: unknown) => void;
  readonly onRetry: (error: ChainError, height: number) => void;
  /** Blocks fetched ahead of the one being delivered. */
  readonly lookAhead: number;
  /** Milliseconds before a height is asked for again. */
  readonly retryDelay: number;
}

/** Delivers every height up to the heads it is told of, in order, and stops for good at a contradiction. */
export interface Follower {
  readonly onHead: (head: Head) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Follows the finalized chain from a height on: fetches ahead, delivers one at a time, fills in what heads skip, drops what they repeat. */
export const followFinalized = (options: FollowOptions): Follower => {
  const { from, read, hashAt, deliver, fail, onRetry, lookAhead, retryDelay } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const delivered = new Map<number, Hex>();
  const ahead: Promise<ChainBlock>[] = [];
  let last: Head | undefined;
  let delivering = Promise.resolve();
  let fetched = from;
  let tip = from - 1;
  let wake = Promise.withResolvers<undefined>();

  const readUntilThere = async (height: number): Promise<ChainBlock> => {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await read(height);
      } catch (error) {
        if (!(error instanceof ChainError))
          throw new ChainError('chain.undecodable', `block ${String(height)}: an answer of the node makes no sense`, { cause: error });
        if (error.code !== 'chain.retry') throw error;
        onRetry(error, height);
        await pause(retryDelay, undefined, { signal });
      }
    }
  };

  const fetchAhead = (): void => {
    while (ahead.length < lookAhead && fetched <= tip) {
      const block = readUntilThere(fetched);
      block.catch(() => undefined);
      ahead.push(block);
      fetched += 1;
    }
  };

  const run = async (): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      fetchAhead();
      const first = ahead.shift();
      if (first === undefined) {
        await wake.promise;
        continue;
      }
      const block = await first;
      checkSuccession(last, block);
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
    const now = await hashAt(number);
    if (now !== null && now !== hash) throw contradiction(number, hash, now);
  };

  return {
    onHead: async ({ number, hash }) => {
      if (signal.aborted) return;
      const known = delivered.get(number);
      if (known !== undefined && known !== hash) {
        failOnce(contradiction(number, known, hash));
        return;
      }
      if (number > tip) {
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
