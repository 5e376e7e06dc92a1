import { map, type Observable } from 'rxjs';
import type { Lane, LaneRow } from '../data/lanes.ts';
import { type Envelope, type Origin, refill } from '../envelope/envelope.ts';
import { fromReading, park } from './fromReading.ts';

export interface FromOutbox {
  readonly lane: Lane;
  readonly name: string;
  /** Rows that are sent together at most. */
  readonly most: number;
  /** How many such groups are on their way at most; one where not given. */
  readonly credits?: number;
}

/** The unsent rows of one lane of the outbox, in order, those that wait together; an ack marks them as sent. What cannot be sent parks the lane. */
export const fromOutbox = ({ lane, name, most, credits = 1 }: FromOutbox): Observable<Envelope<readonly Uint8Array[]>> => {
  const originOf = (rows: readonly LaneRow[]): Origin => ({ source: `outbox:${name}`, lane: name, position: BigInt(rows[0]?.number ?? 0) });
  const acked = (rows: readonly LaneRow[]): void => {
    for (const { number } of rows) lane.sent(number);
  };
  return fromReading((deliver, fail) => lane.read(most, deliver, fail), { originOf, credits, acked, refused: park(originOf) }).pipe(
    map((envelope) =>
      refill(
        envelope,
        envelope.payload.map(({ value }) => value),
      ),
    ),
  );
};
