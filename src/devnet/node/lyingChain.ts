import { type Hex, toHex } from '../../domain/hex.ts';
import { type Block, type Header, headerHash } from '../../domain/serai/header.ts';
import type { ChainView } from './chainView.ts';

/** Another chain from a height on: each header as the true one but for its state root, on top of the one before, so that it holds together. */
export const lyingChain = (chain: ChainView, from: number): ChainView => {
  const headers: Header[] = [];
  const heights = new Map<Hex, number>();

  const headerAt = async (number: number): Promise<Header | undefined> => {
    for (let height = from + headers.length; height <= number; height += 1) {
      const block = await chain.block(height);
      if (block === undefined) return undefined;
      const parent = headers.at(-1);
      const parentHash = parent === undefined ? block.header.parentHash : headerHash(parent);
      const header = { ...block.header, parentHash, stateRoot: block.header.stateRoot.map((byte) => byte ^ 0xff) };
      heights.set(toHex(headerHash(header)), height);
      headers.push(header);
    }
    return headers[number - from];
  };

  const block = async (number: number): Promise<Block | undefined> => {
    const found = await chain.block(number);
    if (found === undefined || number < from) return found;
    const header = await headerAt(number);
    return header === undefined ? undefined : { ...found, header };
  };

  return {
    get best() {
      return chain.best;
    },
    get finalized() {
      return chain.finalized;
    },
    get pending() {
      return chain.pending;
    },
    submit: (bytes) => chain.submit(bytes),
    block,
    hashAt: async (number) => {
      const found = await block(number);
      return found === undefined ? undefined : toHex(headerHash(found.header));
    },
    heightOf: async (hash) => {
      const known = heights.get(toHex(hash));
      if (known !== undefined) return known;
      const height = await chain.heightOf(hash);
      return height === undefined || height < from ? height : undefined;
    },
    storageAt: (key, height) => chain.storageAt(key, height),
    keysAt: (prefix, height, count, after) => chain.keysAt(prefix, height, count, after),
  };
};
