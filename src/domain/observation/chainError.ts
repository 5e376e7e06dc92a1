import { CoordinatorError } from '../errors.ts';
import type { BlockRef } from './fields.ts';

/**
 * Why the chain cannot be read or written to. `chain.retry` and `chain.wrong-answer` pass by themselves or with another node; `chain.undecodable`,
 * `chain.unknown-event` and `chain.pruned` park the lane (design §6); the rest ends the process.
 */
export type ChainErrorCode =
  | 'chain.unreachable'
  | 'chain.wrong-genesis'
  | 'chain.wrong-profile'
  | 'chain.contradiction'
  | 'chain.disagreement'
  | 'chain.undecodable'
  | 'chain.unknown-event'
  | 'chain.pruned'
  | 'chain.retry'
  | 'chain.wrong-answer'
  | 'chain.rejected'
  | 'chain.closed';

interface Details {
  readonly cause?: unknown;
  /** The bytes that could not be decoded. */
  readonly raw?: string;
  /** The block it is about. */
  readonly at?: BlockRef;
  /** The runtime it was read with. */
  readonly runtime?: string;
}

/** What went wrong between us and a Serai node, with the bytes, the block and the runtime it is about, as far as there are any. */
export class ChainError extends CoordinatorError {
  override readonly name = 'ChainError';
  readonly code: ChainErrorCode;
  readonly raw: string | undefined;
  readonly at: BlockRef | undefined;
  readonly runtime: string | undefined;

  constructor(code: ChainErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.raw = details.raw;
    this.at = details.at;
    this.runtime = details.runtime;
  }

  /** The same, of a certain block and runtime. */
  of(at: BlockRef, runtime: string): ChainError {
    const raw = this.raw === undefined ? {} : { raw: this.raw };
    return new ChainError(this.code, `block ${String(at.number)}: ${this.message}`, { cause: this, ...raw, at, runtime });
  }
}
