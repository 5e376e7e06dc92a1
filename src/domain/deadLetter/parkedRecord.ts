import { CoordinatorError } from '../errors.ts';
import type { Refusal } from './letter.ts';

/** A topic cannot be read on from a record that may be neither handled nor passed over. */
export class ParkedRecord extends CoordinatorError {
  readonly code = 'record.parked';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`${refusal.topic} is parked at offset ${refusal.offset}: ${refusal.code}: ${refusal.reason}`);
    this.name = 'ParkedRecord';
    this.refusal = refusal;
  }
}
