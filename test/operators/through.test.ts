import { defer, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/envelope/envelope.ts';
import { type ThroughOptions, through } from '../../src/operators/through.ts';
import { refused, rehearse } from '../support/rehearse.ts';

/** Faults in these tests are named by their errors' messages. */
const classify = (cause: unknown): Fault => {
  const kind = (cause as Error).message as Fault['kind'];
  return { kind, code: `was.${kind}`, cause };
};

const options: ThroughOptions = { concurrency: 1, classify, backoff: { attempts: 2, first: 4, most: 100, jitter: () => 1 } };

describe('through', () => {
  it('passes on what its sink has taken, in order, still open', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const [a, b] = [envelope('a', 1), envelope('b', 2)];
      const source$ = hot(' -ab------|', { a, b });
      const sink$ = cold('   ---|');
      const taken = ['       -^--!', '       ----^--!'];
      const expected = '    ----a--b-|';
      expectObservable(source$.pipe(through(() => sink$, options))).toBe(expected, { a, b });
      expectSubscriptions(sink$.subscriptions).toBe(taken.map((marbles) => marbles.trim()));
      flush();
      expect([...fates.values()]).toEqual([[], []]);
    });
  });

  it('tries again what failed in passing, later each time', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      let tries = 0;
      const sink = () =>
        defer(() => {
          tries += 1;
          return tries < 3 ? throwError(() => new Error('transient')) : of('done');
        });
      const a = envelope('a', 1);
      // Waits of 4 and 8 frames.
      expectObservable(hot('-a-|', { a }).pipe(through(sink, options))).toBe('13ms (a|)', { a });
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });

  it('nacks what still fails after the last try', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const failing = () => throwError(() => new Error('transient'));
      expectObservable(hot('-a-|', { a: envelope('a', 1) }).pipe(through(failing, options))).toBe('13ms |');
      flush();
      expect(fates.get('a')).toEqual([refused('transient', 'was.transient')]);
    });
  });

  it('nacks poison at once and goes on with the next', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const b = envelope('b', 2);
      const source$ = hot('-a-b-|', { a: envelope('a', 1), b });
      const sink = (payload: number) => (payload === 1 ? throwError(() => new Error('poison')) : of(null));
      expectObservable(source$.pipe(through(sink, options))).toBe('---b-|', { b });
      flush();
      expect(fates.get('a')).toEqual([refused('poison', 'was.poison')]);
    });
  });

  it('ends the route on a fatal failure, and leaves the envelope open', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const failing = () => throwError(() => new Error('fatal'));
      expectObservable(hot('-a-|', { a: envelope('a', 1) }).pipe(through(failing, options))).toBe('-#', undefined, new Error('fatal'));
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });

  it('takes a sink that throws for one that fails', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const broken = (): never => {
        throw new Error('poison');
      };
      expectObservable(hot('-a-|', { a: envelope('a', 1) }).pipe(through(broken, options))).toBe('---|');
      flush();
      expect(fates.get('a')).toEqual([refused('poison', 'was.poison')]);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, expectObservable }) => {
      expectObservable(cold<never>(marbles).pipe(through(() => of(1), options))).toBe(expected);
    });
  });

  it('cuts off its sink when unsubscribed, and leaves the envelope open', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const sink$ = cold('---|');
      expectObservable(hot('-a-|', { a: envelope('a', 1) }).pipe(through(() => sink$, options)), '^--!').toBe('----');
      expectSubscriptions(sink$.subscriptions).toBe('-^-!');
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });
});
