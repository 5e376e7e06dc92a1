import { CoordinatorError } from '../domain/errors.ts';

export type StoreErrorCode =
  | 'store.locked'
  | 'store.corrupt'
  | 'store.closed'
  | 'store.io'
  /** There is no room on the disk. */
  | 'store.full'
  /** The folder or disk cannot be written to. */
  | 'store.read-only'
  | 'store.wrong-key'
  | 'store.foreign'
  /** Of an older schema: to be migrated. */
  | 'store.outdated'
  /** Of a newer schema than this version knows. */
  | 'store.future'
  /** Others can read the folder. */
  | 'store.permissions'
  | 'store.driver';

/** A store that cannot be opened, read or written. */
export class StoreError extends CoordinatorError {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
