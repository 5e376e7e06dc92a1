/** The two processes of a validator whose state must survive them. */
export type Side = 'coordinator' | 'processor';

/** A process that dies once, and starts again on what it had written. */
export interface Crash {
  /** Whose: the place in the set. */
  readonly member: number;
  readonly side: Side;
  /** In which of its steps, from 1. */
  readonly step: number;
  /** Right before the step is written, or right after. */
  readonly when: 'before' | 'after';
}
