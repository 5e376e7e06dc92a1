import { CoordinatorError } from '../errors.ts';

export type RecordErrorCode =
  | 'record.malformed'
  | 'record.unknown-source'
  | 'record.gap'
  | 'record.duplicate'
  | 'record.chain-broken'
  | 'record.run-broken'
  | 'record.forged';

/** A record that is not what its source wrote, or not a record of ours at all. */
export class RecordError extends CoordinatorError {
  readonly code: RecordErrorCode;

  constructor(code: RecordErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RecordError';
    this.code = code;
  }
}
