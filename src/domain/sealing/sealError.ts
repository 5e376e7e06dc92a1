import { CoordinatorError } from '../errors.ts';

export type SealErrorCode = 'seal.failed' | 'seal.weak-key' | 'seal.wrong-passphrase';

/** Sealed bytes that cannot be opened: wrong key, or changed on the way. Never says more. */
export class SealError extends CoordinatorError {
  readonly code: SealErrorCode;

  constructor(code: SealErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SealError';
    this.code = code;
  }
}
