import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../domain/canonicalJson.ts';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import type { ExternalNetworkName } from '../../domain/processor/ids.ts';

/** A payment to the vault, with what it asks of Serai. */
export interface ExternalDeposit {
  readonly id: string;
  /** In the smallest unit, decimal. */
  readonly amount: string;
  /** SCALE(InInstruction). */
  readonly instruction: Hex;
}

/** A payment out of the vault as the chain accepted it: the first one of its plan. */
export interface ExternalTransaction {
  readonly plan: Hex;
  readonly message: Hex;
  readonly signature: Hex;
  /** BLAKE2b-256(message ‖ signature). */
  readonly outputHash: Hex;
}

/** A block of the simulated external chain; heights count from 1. */
export interface ExternalBlock {
  readonly height: number;
  readonly parent: Hex;
  readonly hash: Hex;
  readonly deposits: readonly ExternalDeposit[];
  readonly transactions: readonly ExternalTransaction[];
  /** What was taken out of the vault without a plan, in the smallest unit: what must not happen. */
  readonly thefts: readonly string[];
}

/** The hash of a block: BLAKE2b-256 of a label, the network and the block's canonical JSON without the hash. */
export const externalBlockHash = (network: ExternalNetworkName, block: Omit<ExternalBlock, 'hash'>): Hex =>
  toHex(blake2b(utf8ToBytes(`serai-coordinator/devnet/external-block${canonicalJson({ network, block })}`), { dkLen: 32 }));

/** What a transaction is known by on the external chain: BLAKE2b-256(message ‖ signature). */
export const outputHashOf = (message: Hex, signature: Hex): Hex =>
  toHex(blake2b(concatBytes(fromHex(message), fromHex(signature)), { dkLen: 32 }));
