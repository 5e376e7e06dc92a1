import { CoordinatorError } from '../domain/errors.ts';

/** The cycles asked for were not done in time. */
export class DevnetTimeout extends CoordinatorError {
  readonly code = 'devnet.timeout';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DevnetTimeout';
  }
}
