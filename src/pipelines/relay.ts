import type { Observable } from 'rxjs';
import type { Envelope } from '../envelope/envelope.ts';
import { decodeWith } from '../operators/decodeWith.ts';
import { settle } from '../operators/settle.ts';
import { type ThroughOptions, through } from '../operators/through.ts';
import { type Timing, traced } from '../operators/traced.ts';
import type { Sink } from '../sinks/sink.ts';

export interface Relay<P> {
  readonly envelopes$: Observable<Envelope<readonly Uint8Array[]>>;
  readonly read: (rows: readonly Uint8Array[]) => P;
  /** Sends what the rows say; complete means it has arrived, and sending it again does no harm. */
  readonly send: Sink<P>;
  readonly delivery: ThroughOptions;
  readonly timing?: Timing<P> | undefined;
}

/** Rows of the outbox are sent in order and then marked as sent (design §4). */
export const relay = <P>({ envelopes$, read, send, delivery, timing }: Relay<P>): Observable<never> =>
  envelopes$.pipe(decodeWith(read, 'outbox.undecodable'), traced(timing), through(send, delivery), settle());
