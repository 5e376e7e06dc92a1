import type { Observable } from 'rxjs';
import type { ObservedBlock } from '../../domain/observation/observedBlock.ts';
import type { Envelope } from '../../envelope/envelope.ts';
import { settle } from '../../operators/settle.ts';
import { type ThroughOptions, through } from '../../operators/through.ts';
import { type Timing, traced } from '../../operators/traced.ts';
import type { Sink } from '../../sinks/sink.ts';

export interface BlocksToLedger {
  readonly envelopes$: Observable<Envelope<ObservedBlock>>;
  readonly commit: Sink<ObservedBlock>;
  readonly delivery: ThroughOptions;
  readonly timing?: Timing<ObservedBlock> | undefined;
}

/** Finalized blocks are committed, each with its records and the cursor in one write; then the next may come (design §6). */
export const blocksToLedger = ({ envelopes$, commit, delivery, timing }: BlocksToLedger): Observable<never> =>
  envelopes$.pipe(traced(timing), through(commit, delivery), settle());
