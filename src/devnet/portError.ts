import { CoordinatorError } from '../domain/errors.ts';

/** A port that another program has. */
export class PortError extends CoordinatorError {
  readonly code = 'node.port-in-use';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PortError';
  }
}
