import { CoordinatorError } from '../domain/errors.ts';

export type StoreErrorCode = 'store.locked' | 'store.corrupt' | 'store.closed' | 'store.io' | 'store.wrong-key' | 'store.foreign';

/** A store that cannot be opened, read or written. */
export class StoreError extends CoordinatorError {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
