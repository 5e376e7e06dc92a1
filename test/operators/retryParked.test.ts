import { EMPTY, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { retryParked } from '../../src/operators/retryParked.ts';
import { rehearse } from '../support/rehearse.ts';

class Parking extends Error {}
const parks = (error: unknown): error is Parking => error instanceof Parking;

describe('retryParked', () => {
  it('keeps what parked it, waits, and subscribes to its source again', () => {
    rehearse(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('-a-#', undefined, new Parking());
      const keep$ = cold('           --|');
      const parked$ = source$.pipe(retryParked({ parks, keep: () => keep$, pause: 5, stop$: NEVER }));
      expectObservable(parked$, '^---------------!').toBe('-a---------a----');
      expectSubscriptions(keep$.subscriptions).toBe(['---^-!', '-------------^-!']);
      expectSubscriptions(source$.subscriptions).toBe(['^--!', '----------^--!']);
    });
  });

  it('ends with any other failure, and with one that cannot be kept', () => {
    rehearse(({ cold, expectObservable }) => {
      const fatal = new Error('fatal');
      const never = () => cold<never>('|');
      expectObservable(cold('-#', undefined, fatal).pipe(retryParked({ parks, keep: never, pause: 5, stop$: NEVER }))).toBe(
        '-#',
        undefined,
        fatal,
      );
      const keep = () => cold<never>('-#', undefined, fatal);
      expectObservable(cold('-#', undefined, new Parking()).pipe(retryParked({ parks, keep, pause: 5, stop$: NEVER }))).toBe(
        '--#',
        undefined,
        fatal,
      );
    });
  });

  it('completes when it is stopped while parked', () => {
    rehearse(({ cold, hot, expectObservable }) => {
      const stop$ = hot('----s');
      const parked$ = cold('-#', undefined, new Parking()).pipe(retryParked({ parks, keep: () => EMPTY, pause: 50, stop$ }));
      expectObservable(parked$).toBe('----|');
    });
  });

  it('tells what it keeps', () => {
    rehearse(({ cold, expectObservable, flush }) => {
      const kept: unknown[] = [];
      const error = new Parking('at block 3');
      const keep = (what: Parking) => {
        kept.push(what);
        return EMPTY;
      };
      expectObservable(cold('-#', undefined, error).pipe(retryParked({ parks, keep, pause: 5, stop$: NEVER })), '^---!').toBe('-----');
      flush();
      expect(kept).toEqual([error]);
    });
  });
});
