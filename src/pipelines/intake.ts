import type { Observable, ObservableInput } from 'rxjs';
import type { PlacedRecord, VerifiedRun } from '../data/topicStep.ts';
import type { Envelope } from '../envelope/envelope.ts';
import { type Decoded, decodeTogether } from '../operators/decodeTogether.ts';
import { decodeWith } from '../operators/decodeWith.ts';
import { gatherRuns } from '../operators/gatherRuns.ts';
import { settle } from '../operators/settle.ts';
import { type ThroughOptions, through } from '../operators/through.ts';
import { type Timing, traced } from '../operators/traced.ts';
import type { Sink } from '../sinks/sink.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';

export interface Intake {
  readonly envelopes$: Observable<Envelope<StoredRecord>>;
  readonly decode: (record: StoredRecord) => PlacedRecord;
  /** Comes to those of the runs of which it is proven whose they are. */
  readonly prove: (runs: readonly (readonly PlacedRecord[])[]) => ObservableInput<readonly Decoded<readonly PlacedRecord[]>[]>;
  /** Checks that the run is the next of its source. */
  readonly verify: (run: readonly PlacedRecord[]) => VerifiedRun;
  /** Decides on the run and commits it; complete means durable. */
  readonly commit: Sink<VerifiedRun>;
  readonly runLimit: number;
  readonly delivery: ThroughOptions;
  readonly timing?: Timing<PlacedRecord> | undefined;
}

const sourceOf = ({ attributes }: PlacedRecord): string => attributes.source;

const isSigned = ({ attributes }: PlacedRecord): boolean => attributes.signature !== undefined;

/** Records of a topic are decoded, gathered into signed runs, proven, verified, decided on and committed; then their source goes on (design §4). */
export const intake = ({ envelopes$, decode, prove, verify, commit, runLimit, delivery, timing }: Intake): Observable<never> =>
  envelopes$.pipe(
    decodeWith(decode, 'record.malformed'),
    traced(timing),
    gatherRuns({ sourceOf, ends: isSigned, max: runLimit }),
    decodeTogether(prove, 'record.unproven'),
    decodeWith(verify, 'record.unproven'),
    through(commit, delivery),
    settle(),
  );
