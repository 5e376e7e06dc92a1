import type { Hex } from '../../domain/hex.ts';
import type { Block } from '../../domain/serai/header.ts';

/** A block of the chain. */
export interface Imported {
  readonly number: number;
  readonly hash: Hex;
}

/** What JSON-RPC shows of a chain. */
export interface ChainView {
  readonly best: Imported;
  readonly finalized: number;
  readonly pending: readonly Uint8Array[];
  submit(bytes: Uint8Array): Hex;
  block(number: number): Promise<Block | undefined>;
  hashAt(number: number): Promise<Hex | undefined>;
  heightOf(hash: Uint8Array): Promise<number | undefined>;
  storageAt(key: Uint8Array, height: number): Promise<Uint8Array | undefined>;
  keysAt(prefix: Uint8Array, height: number, count: number, after: Uint8Array | undefined): Promise<Uint8Array[]>;
}
