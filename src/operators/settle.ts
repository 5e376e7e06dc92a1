import { ignoreElements, type OperatorFunction, tap } from 'rxjs';
import type { Envelope } from '../envelope/envelope.ts';

/** The last word of every pipeline: acks what arrives and emits nothing. */
export const settle =
  <P>(): OperatorFunction<Envelope<P>, never> =>
  (envelope$) =>
    envelope$.pipe(
      tap((envelope) => {
        envelope.ack();
      }),
      ignoreElements(),
    );
