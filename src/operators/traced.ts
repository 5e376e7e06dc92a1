import { type MonoTypeOperatorFunction, map } from 'rxjs';
import { type Envelope, seal } from '../envelope/envelope.ts';

/** Who wants to know how long envelopes are open. */
export interface Timing<P> {
  /** Milliseconds since 1970, with fractions. */
  readonly now: () => number;
  /** An envelope that came at `from` has settled at `to`; `fault` is the code of why it was refused. */
  readonly settled: (payload: P, from: number, to: number, fault: string | undefined) => void;
}

/** Tells `timing` of each envelope when it settles, and passes everything on; without `timing` it is the source itself. */
export const traced =
  <P>(timing: Timing<P> | undefined): MonoTypeOperatorFunction<Envelope<P>> =>
  (envelope$) =>
    timing === undefined ? envelope$ : envelope$.pipe(map((envelope) => timed(envelope, timing)));

const timed = <P>(envelope: Envelope<P>, { now, settled }: Timing<P>): Envelope<P> => {
  const from = now();
  return seal(envelope.payload, envelope.origin, (settlement) => {
    settled(envelope.payload, from, now(), settlement.ok ? undefined : settlement.fault.code);
    if (settlement.ok) envelope.ack();
    else envelope.nack(settlement.fault);
  });
};
