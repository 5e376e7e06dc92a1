import type { Observable } from 'rxjs';
import type { Envelope } from '../../envelope/envelope.ts';
import { settle } from '../../operators/settle.ts';
import { type ThroughOptions, through } from '../../operators/through.ts';
import type { Sink } from '../../sinks/sink.ts';
import type { ChainBlock } from '../../streams/fromChain.ts';

export interface BlocksToLedger {
  readonly envelopes$: Observable<Envelope<ChainBlock>>;
  readonly commit: Sink<ChainBlock>;
  readonly delivery: ThroughOptions;
}

/** Finalized blocks are committed, each with its records and the cursor in one write; then the next may come (design §6). */
export const blocksToLedger = ({ envelopes$, commit, delivery }: BlocksToLedger): Observable<never> =>
  envelopes$.pipe(through(commit, delivery), settle());
