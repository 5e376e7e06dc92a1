import { CoordinatorError } from '../../domain/errors.ts';

export type KafkaErrorCode =
  | 'kafka.unreachable'
  | 'kafka.tls'
  | 'kafka.auth'
  | 'kafka.refused'
  | 'kafka.fenced'
  | 'kafka.transactions'
  | 'kafka.stalled'
  | 'kafka.too-large'
  | 'kafka.topics';

/** A broker that cannot be reached, refuses, is set up otherwise than needed, or has let a newer instance take our place. */
export class KafkaError extends CoordinatorError {
  readonly code: KafkaErrorCode;

  constructor(code: KafkaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KafkaError';
    this.code = code;
  }
}
