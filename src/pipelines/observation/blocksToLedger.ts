import type { Observable } from 'rxjs';
import type { ObservedBlock } from '../../domain/observation/observedBlock.ts';
import type { Envelope } from '../../envelope/envelope.ts';
import { settle } from '../../operators/settle.ts';
import { type ThroughOptions, through } from '../../operators/through.ts';
import type { Sink } from '../../sinks/sink.ts';

export interface BlocksToLedger {
  readonly envelopes$: Observable<Envelope<ObservedBlock>>;
  readonly commit: Sink<ObservedBlock>;
  readonly delivery: ThroughOptions;
}

/** Finalized blocks are committed, each with its records and the cursor in one write; then the next may come (design §6). */
export const blocksToLedger = ({ envelopes$, commit, delivery }: BlocksToLedger): Observable<never> =>
  envelopes$.pipe(through(commit, delivery), settle());
