import type { Observable } from 'rxjs';
import type { Received } from '../../domain/connection/links.ts';
import type { Envelope } from '../../envelope/envelope.ts';
import { decodeWith } from '../../operators/decodeWith.ts';
import { settle } from '../../operators/settle.ts';
import { type ThroughOptions, through } from '../../operators/through.ts';
import { type Timing, traced } from '../../operators/traced.ts';
import type { Sink } from '../../sinks/sink.ts';
import type { PeerFrame } from '../../streams/fromPeers.ts';

export interface FramesToLedger {
  readonly envelopes$: Observable<Envelope<PeerFrame>>;
  /** Parses a frame and checks whose it is and where it stands; throws on one that may not be acknowledged. */
  readonly decode: (frame: PeerFrame) => Received;
  readonly commit: Sink<Received>;
  readonly delivery: ThroughOptions;
  readonly timing?: Timing<Received> | undefined;
}

/** Peers' frames are decoded, committed with what goes to `<name>-inbound`, and only then acknowledged to their sender (design §9). */
export const framesToLedger = ({ envelopes$, decode, commit, delivery, timing }: FramesToLedger): Observable<never> =>
  envelopes$.pipe(decodeWith(decode, 'peer.undecodable'), traced(timing), through(commit, delivery), settle());
