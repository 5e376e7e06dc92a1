import { ChainError } from '../../domain/observation/chainError.ts';

/** What a node's JSON-RPC error says; @polkadot/api keeps the number as `code` and puts it before the message. */
export interface NodeFault {
  readonly code: number;
  readonly message: string;
}

/** The node's own fault, or undefined where it did not answer at all (gone, timed out). */
export const faultOf = (error: unknown): NodeFault | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' ? { code: error.code, message: error.message } : undefined;

/** An error of a read as a {@link ChainError}: what passes by itself is `chain.retry`, state thrown away is `chain.pruned`. */
export const nodeError = (error: unknown, where: string): ChainError => {
  if (error instanceof ChainError) return error;
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  if (message.includes('State already discarded')) {
    const cure = 'run the node with --state-pruning archive, or begin at a later block';
    return new ChainError('chain.pruned', `${where}: the node no longer keeps this block's state; ${cure}`, { cause: error });
  }
  return new ChainError('chain.retry', `${where}: ${message}`, { cause: error });
};
