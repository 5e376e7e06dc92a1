import { CoordinatorError } from '../errors.ts';

/** Why the chain cannot be read or written to. `chain.retry` passes by itself, the others do not. */
export type ChainErrorCode =
  | 'chain.unreachable'
  | 'chain.wrong-genesis'
  | 'chain.contradiction'
  | 'chain.undecodable'
  | 'chain.pruned'
  | 'chain.retry'
  | 'chain.rejected'
  | 'chain.closed';

/** What went wrong between us and a Serai node; `raw` holds the bytes that could not be decoded (`chain.undecodable`). */
export class ChainError extends CoordinatorError {
  override readonly name = 'ChainError';
  readonly code: ChainErrorCode;
  readonly raw: string | undefined;

  constructor(code: ChainErrorCode, message: string, options: { readonly cause?: unknown; readonly raw?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.raw = options.raw;
  }
}
