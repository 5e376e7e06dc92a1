import { z } from 'zod';
import type { Hex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { type HeaderJson, hashOfHeader, headerJson, hexAnswer } from './header.ts';
import type { Head } from './heads.ts';
import type { Link } from './link.ts';

/** A finalized block's header and storage values, as the node gave them. */
export interface FetchedBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly header: HeaderJson;
  /** By storage key; `null` where nothing is stored. */
  readonly values: ReadonlyMap<Hex, Hex | null>;
}

/** Heights whose hashes are asked for at once. */
const hashesAtOnce = 64;

/** Hashes kept until their blocks are fetched. */
const keptHashes = 512;

const storageAnswer = z.array(z.object({ block: hexAnswer, changes: z.array(z.tuple([hexAnswer, hexAnswer.nullable()])) }));

/** Fetches what the node has of finalized blocks, without understanding it. */
export interface BlockFetcher {
  /** The block of a height with the values of these storage keys; `tip` is the highest finalized height known. */
  readonly block: (height: number, tip: number, keys: readonly Hex[]) => Promise<FetchedBlock>;
  readonly values: (hash: Hex, keys: readonly Hex[]) => Promise<ReadonlyMap<Hex, Hex | null>>;
  /** The hash of a height, asked for at once; `null` where the node does not have it. */
  readonly hashAt: (height: number) => Promise<Hex | null>;
  /** The header of a block; rejects unless it has this hash and is of this height. */
  readonly header: (height: number, hash: Hex) => Promise<HeaderJson>;
  /** Remembers the hash of a finalized head that was notified. */
  readonly learn: (head: Head) => void;
}

const wrongAnswer = (link: Link, what: string): ChainError =>
  new ChainError('chain.wrong-answer', `the node at ${link.endpoint()} ${what}`);

/** Opens a fetcher over `link`: hashes come many at a time; header and storage of a block are asked for together. */
export const openFetcher = (link: Link): BlockFetcher => {
  const hashes = new Map<number, Promise<Hex | null>>();

  const remember = (height: number, hash: Promise<Hex | null>): void => {
    const [oldest] = hashes.keys();
    if (hashes.size >= keptHashes && oldest !== undefined) hashes.delete(oldest);
    hashes.set(height, hash);
  };

  const askHashes = (from: number, to: number): void => {
    const heights = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const answer = link
      .ask('chain_getBlockHash', [heights])
      .then((list) => z.array(hexAnswer.nullable()).length(heights.length).parse(list));
    heights.forEach((height, index) => {
      const hash = answer.then((list) => list[index] ?? null);
      hash.catch(() => undefined);
      remember(height, hash);
    });
  };

  const hashOf = async (height: number, tip: number): Promise<Hex> => {
    if (!hashes.has(height)) askHashes(height, Math.max(height, Math.min(tip, height + hashesAtOnce - 1)));
    const known = hashes.get(height);
    try {
      const hash = await known;
      if (hash != null) return hash;
    } catch (error) {
      hashes.delete(height);
      throw error;
    }
    hashes.delete(height);
    throw new ChainError('chain.retry', `the node at ${link.endpoint()} does not have block ${String(height)} yet`);
  };

  const values = async (hash: Hex, keys: readonly Hex[]): Promise<ReadonlyMap<Hex, Hex | null>> => {
    if (keys.length === 0) return new Map();
    const [answer] = storageAnswer.parse(await link.ask('state_queryStorageAt', [keys, hash]));
    const found = new Map(answer?.changes);
    if (answer?.block !== hash || keys.some((key) => !found.has(key)))
      throw wrongAnswer(link, `was asked for the state of block ${hash} and answered with that of ${answer?.block ?? 'none'}`);
    return found;
  };

  const headerOf = async (height: number, hash: Hex): Promise<HeaderJson> => {
    const answer = await link.ask('chain_getHeader', [hash]);
    if (answer === null) throw new ChainError('chain.retry', `the node at ${link.endpoint()} does not have header ${hash}`);
    const header = headerJson.parse(answer);
    if (hashOfHeader(header) === hash && Number(header.number) === height) return header;
    throw wrongAnswer(link, `was asked for block ${String(height)}, ${hash}, and answered with the header of another one`);
  };

  return {
    values,
    header: headerOf,
    hashAt: async (height) => hexAnswer.nullable().parse(await link.ask('chain_getBlockHash', [height])),
    learn: ({ number, hash }) => {
      remember(number, Promise.resolve(hash));
    },
    block: async (height, tip, keys) => {
      const hash = await hashOf(height, tip);
      try {
        const [header, found] = await Promise.all([headerOf(height, hash), values(hash, keys)]);
        return { number: height, hash, header, values: found };
      } catch (error) {
        // Whatever was wrong, the hash may have been too.
        hashes.delete(height);
        throw error;
      }
    },
  };
};
