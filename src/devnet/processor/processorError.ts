import { CoordinatorError } from '../../domain/errors.ts';

/** What a processor stops at, because its own coordinator, or its store, contradicts what it knows. */
export type ProcessorCode =
  | 'processor.foreign-network'
  | 'processor.out-of-order'
  | 'processor.foreign-key'
  | 'processor.foreign-report'
  | 'processor.message-conflict'
  | 'processor.block-gap'
  | 'processor.block-conflict';

/** A command or block that this processor must not go on from. What others may cause is answered with blame or abstention instead. */
export class ProcessorError extends CoordinatorError {
  override readonly name = 'ProcessorError';
  readonly code: ProcessorCode;

  constructor(code: ProcessorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
