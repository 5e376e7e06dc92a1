import { CoordinatorError } from '../errors.ts';

/** What can go wrong in threshold mathematics: bad parameters, or what another participant sent. */
export type ThresholdCode =
  | 'threshold.bad-parameters'
  | 'threshold.invalid-commitments'
  | 'threshold.invalid-share'
  | 'threshold.invalid-input';

/** A failure of key generation or signing; `culprits` are the participants whose data is at fault, where that is known. */
export class ThresholdError extends CoordinatorError {
  override readonly name = 'ThresholdError';
  readonly code: ThresholdCode;
  readonly culprits: readonly number[];

  constructor(code: ThresholdCode, message: string, culprits: readonly number[] = [], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.culprits = culprits;
  }
}
