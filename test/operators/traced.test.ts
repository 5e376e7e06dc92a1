import { asyncScheduler, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { settle } from '../../src/operators/settle.ts';
import { through } from '../../src/operators/through.ts';
import { type Timing, traced } from '../../src/operators/traced.ts';
import { delivery as patient } from '../support/delivery.ts';
import { refused, rehearse } from '../support/rehearse.ts';

const delivery = { ...patient, classify: (cause: unknown) => ({ kind: 'poison', code: 'test.failed', cause }) as const };

type Told = readonly [payload: number, from: number, to: number, fault: string | undefined];

const timing = (now: () => number): Timing<number> & { readonly told: Told[] } => {
  const told: Told[] = [];
  return {
    told,
    now,
    settled: (...one) => {
      told.push(one);
    },
  };
};

describe('traced', () => {
  it('passes on, and tells when each envelope came, when it settled, and why it was refused', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      // Virtual time, within a rehearsal.
      const clock = timing(() => asyncScheduler.now());
      const source$ = hot(' -a--b---|', { a: envelope('a', 1), b: envelope('b', 2) });
      const subscription = '^-------!';
      const expected = '    --------|';
      const send = (payload: number): Observable<string> => cold(payload === 1 ? '--|' : '---#');
      expectObservable(source$.pipe(traced(clock), through(send, delivery), settle())).toBe(expected);
      expectSubscriptions(source$.subscriptions).toBe(subscription);
      flush();
      expect(clock.told).toEqual([
        [1, 1, 3, undefined],
        [2, 4, 7, 'test.failed'],
      ]);
      expect(fates.get('a')).toEqual([{ ok: true }]);
      expect(fates.get('b')).toEqual([refused('poison', 'test.failed')]);
    });
  });

  it('is the source itself where nobody wants to know', () => {
    rehearse(({ hot, envelope }) => {
      const source$ = hot('-a-|', { a: envelope('a', 1) });
      expect(traced(undefined)(source$)).toBe(source$);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, expectObservable }) => {
      expectObservable(cold<never>(marbles).pipe(traced(timing(() => 0)))).toBe(expected);
    });
  });

  it('fails when the clock throws', () => {
    rehearse(({ hot, envelope, expectObservable }) => {
      const broken = timing(() => {
        throw new Error('broken');
      });
      expectObservable(hot('-a-|', { a: envelope('a', 1) }).pipe(traced(broken))).toBe('-#', undefined, new Error('broken'));
    });
  });

  it('leaves open what comes after the subscription has ended', () => {
    rehearse(({ hot, envelope, fates, expectSubscriptions, flush, expectObservable }) => {
      const clock = timing(() => 0);
      const source$ = hot('-a-b-|', { a: envelope('a', 1), b: envelope('b', 2) });
      expectObservable(source$.pipe(traced(clock), settle()), '^-!').toBe('---');
      expectSubscriptions(source$.subscriptions).toBe('^-!');
      flush();
      expect([...fates.values()]).toEqual([[{ ok: true }], []]);
      expect(clock.told).toHaveLength(1);
    });
  });
});
