import { Observable } from 'rxjs';
import { type Envelope, type Fault, type Origin, seal } from '../envelope/envelope.ts';

/** Something that is read item by item: waits for `deliver`'s promise before the next, tells `fail` once if it cannot go on. */
export type Reading<T> = (deliver: (item: T) => Promise<void>, fail: (error: unknown) => void) => () => unknown;

/** What a source does with what settles. */
export interface Settling<T> {
  readonly originOf: (item: T) => Origin;
  /** Open envelopes at most. */
  readonly credits: number;
  readonly acked: (item: T) => void;
  /** What a refused item comes to; an error it throws ends the source. */
  readonly refused: (item: T, fault: Fault) => void;
}

/** A route cannot go on past an item it may neither handle nor drop. */
export class ParkedError extends Error {
  readonly code = 'route.parked';

  constructor(origin: Origin, fault: Fault) {
    super(`${origin.source} is parked at ${String(origin.position)} of ${origin.lane}: ${fault.code}: ${String(fault.cause)}`, {
      cause: fault.cause,
    });
    this.name = 'ParkedError';
  }
}

/** The policy of lanes where order bears meaning: a refused item stops the route. */
export const park =
  <T>(originOf: (item: T) => Origin) =>
  (item: T, fault: Fault): never => {
    throw new ParkedError(originOf(item), fault);
  };

/**
 * Cold; one subscription reads once. At most `credits` envelopes are open; the reading goes on when one settles.
 * `new Observable`, because back-pressure must reach the reading as a promise.
 */
export const fromReading = <T>(reading: Reading<T>, { originOf, credits, acked, refused }: Settling<T>): Observable<Envelope<T>> =>
  new Observable((subscriber) => {
    let open = 0;
    let proceed: (() => void) | undefined;
    const settled = (): void => {
      open -= 1;
      proceed?.();
      proceed = undefined;
    };
    const deliver = (item: T): Promise<void> => {
      open += 1;
      const envelope = seal(item, originOf(item), (settlement) => {
        try {
          if (settlement.ok) acked(item);
          else refused(item, settlement.fault);
        } catch (error) {
          subscriber.error(error);
        }
        settled();
      });
      subscriber.next(envelope);
      if (open < credits) return Promise.resolve();
      return new Promise((resolve) => {
        proceed = resolve;
      });
    };
    const stop = reading(deliver, (error) => {
      subscriber.error(error);
    });
    return () => {
      stop();
      proceed?.();
    };
  });
