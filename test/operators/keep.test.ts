import { describe, expect, it } from 'vitest';
import { keep } from '../../src/operators/keep.ts';
import { rehearse } from '../support/rehearse.ts';

const isEven = (value: number): boolean => value % 2 === 0;

describe('keep', () => {
  it('lets pass what passes, still open, and acks the rest', () => {
    rehearse(({ hot, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const [a, b, c] = [envelope('a', 2), envelope('b', 3), envelope('c', 4)];
      const source$ = hot(' -a-b-c-|', { a, b, c });
      const subscription = '^------!';
      const expected = '    -a---c-|';
      expectObservable(source$.pipe(keep(isEven))).toBe(expected, { a, c });
      expectSubscriptions(source$.subscriptions).toBe(subscription);
      flush();
      expect([...fates.values()]).toEqual([[], [{ ok: true }], []]);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, expectObservable }) => {
      expectObservable(cold<never>(marbles).pipe(keep(isEven))).toBe(expected);
    });
  });

  it('fails when the predicate throws', () => {
    rehearse(({ hot, envelope, expectObservable }) => {
      const source$ = hot('-a-|', { a: envelope('a', 1) });
      const broken = (): boolean => {
        throw new Error('broken');
      };
      expectObservable(source$.pipe(keep(broken))).toBe('-#', undefined, new Error('broken'));
    });
  });

  it('stops when unsubscribed', () => {
    rehearse(({ hot, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const source$ = hot('-a-b-|', { a: envelope('a', 1), b: envelope('b', 3) });
      expectObservable(source$.pipe(keep(isEven)), '^-!').toBe('---');
      expectSubscriptions(source$.subscriptions).toBe('^-!');
      flush();
      expect(fates.get('b')).toEqual([]);
    });
  });
});
