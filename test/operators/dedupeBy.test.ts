import { describe, expect, it } from 'vitest';
import { dedupeBy } from '../../src/operators/dedupeBy.ts';
import { rehearse } from '../support/rehearse.ts';

const itself = (value: string): string => value;

describe('dedupeBy', () => {
  it('keeps the first of each key and acks repeats', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const [a, b, c] = [envelope('a', 'x'), envelope('b', 'x'), envelope('c', 'y')];
      const source$ = hot('-a-b-c-|', { a, b, c });
      const expected = '   -a---c-|';
      expectObservable(source$.pipe(dedupeBy(itself, 10))).toBe(expected, { a, c });
      flush();
      expect([...fates.values()]).toEqual([[], [{ ok: true }], []]);
    });
  });

  it('remembers no more keys than it says', () => {
    rehearse(({ hot, envelope, expectObservable }) => {
      const [a, b, c] = [envelope('a', 'x'), envelope('b', 'y'), envelope('c', 'x')];
      expectObservable(hot('-a-b-c-|', { a, b, c }).pipe(dedupeBy(itself, 1))).toBe('-a-b-c-|', { a, b, c });
    });
  });

  it('has a memory of its own for each subscription', () => {
    rehearse(({ cold, envelope, expectObservable }) => {
      const a = envelope('a', 'x');
      const once$ = cold('a|', { a }).pipe(dedupeBy(itself, 10));
      expectObservable(once$).toBe('a|', { a });
      expectObservable(once$).toBe('a|', { a });
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, expectObservable }) => {
      expectObservable(cold<never>(marbles).pipe(dedupeBy(itself, 1))).toBe(expected);
    });
  });

  it('fails when the key function throws, and stops when unsubscribed', () => {
    rehearse(({ hot, envelope, expectObservable, expectSubscriptions }) => {
      const broken = (): string => {
        throw new Error('broken');
      };
      const source$ = hot('-a-|', { a: envelope('a', 'x') });
      expectObservable(source$.pipe(dedupeBy(broken, 1))).toBe('-#', undefined, new Error('broken'));
      const other$ = hot('-a-|', { a: envelope('b', 'x') });
      expectObservable(other$.pipe(dedupeBy(itself, 1)), '^!').toBe('--');
      expectSubscriptions(other$.subscriptions).toBe('^!');
    });
  });
});
