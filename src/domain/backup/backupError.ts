import { CoordinatorError } from '../errors.ts';

export type BackupErrorCode =
  /** There is no such backup. */
  | 'backup.not-found'
  /** Something of it is missing, or does not open, or is not what its manifest says. */
  | 'backup.damaged'
  /** Its manifest is not signed by this deployment. */
  | 'backup.forged'
  /** There is something already where it would be restored to. */
  | 'backup.in-the-way'
  /** The place backups are kept in cannot be used. */
  | 'backup.target';

/** A backup that cannot be made, read or restored. */
export class BackupError extends CoordinatorError {
  readonly code: BackupErrorCode;

  constructor(code: BackupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupError';
    this.code = code;
  }
}
