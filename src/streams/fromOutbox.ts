import { map, type Observable } from 'rxjs';
import type { Lane, LaneRow } from '../data/lanes.ts';
import { type Envelope, type Origin, refill } from '../envelope/envelope.ts';
import { fromReading, park } from './fromReading.ts';

/** The unsent rows of one lane of the outbox, in order; an ack marks the row as sent. A row that cannot be sent parks its lane. */
export const fromOutbox = (lane: Lane, name: string, credits: number): Observable<Envelope<Uint8Array>> => {
  const originOf = ({ number }: LaneRow): Origin => ({ source: `outbox:${name}`, lane: name, position: BigInt(number) });
  const acked = ({ number }: LaneRow): void => {
    lane.sent(number);
  };
  return fromReading((deliver, fail) => lane.read(deliver, fail), { originOf, credits, acked, refused: park(originOf) }).pipe(
    map((envelope) => refill(envelope, envelope.payload.value)),
  );
};
