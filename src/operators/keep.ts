import { filter, type OperatorFunction } from 'rxjs';
import type { Envelope } from '../envelope/envelope.ts';

/** Keeps envelopes whose payload passes; the others are acked here, so none is left open. */
export const keep =
  <P>(passes: (payload: P) => boolean): OperatorFunction<Envelope<P>, Envelope<P>> =>
  (envelope$) =>
    envelope$.pipe(
      filter((envelope) => {
        const kept = passes(envelope.payload);
        if (!kept) envelope.ack();
        return kept;
      }),
    );
