import { describe, expect, it } from 'vitest';
import { settle } from '../../src/operators/settle.ts';
import { rehearse } from '../support/rehearse.ts';

describe('settle', () => {
  it('acks what arrives and emits nothing', () => {
    rehearse(({ hot, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const source$ = hot(' -a-b-|', { a: envelope('a', 1), b: envelope('b', 2) });
      const subscription = '^----!';
      const expected = '    -----|';
      expectObservable(source$.pipe(settle())).toBe(expected);
      expectSubscriptions(source$.subscriptions).toBe(subscription);
      flush();
      expect([...fates]).toEqual([
        ['a', [{ ok: true }]],
        ['b', [{ ok: true }]],
      ]);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, expectObservable }) => {
      expectObservable(cold<never>(marbles).pipe(settle())).toBe(expected);
    });
  });

  it('leaves open what comes after the subscription has ended', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const source$ = hot('-a-b-|', { a: envelope('a', 1), b: envelope('b', 2) });
      expectObservable(source$.pipe(settle()), '^-!').toBe('---');
      flush();
      expect(fates.get('b')).toEqual([]);
    });
  });
});
