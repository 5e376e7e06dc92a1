import { describe, it } from 'vitest';
import { closeOn } from '../../src/operators/closeOn.ts';
import { rehearse } from '../support/rehearse.ts';

describe('closeOn', () => {
  it('takes no more after the word to stop', () => {
    rehearse(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot(' -a-b-c-');
      const stop$ = hot('   ----s---');
      const subscription = '^---!';
      const expected = '    -a-b|';
      expectObservable(source$.pipe(closeOn(stop$))).toBe(expected);
      expectSubscriptions(source$.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, hot, expectObservable }) => {
      expectObservable(cold(marbles).pipe(closeOn(hot('-')))).toBe(expected);
    });
  });

  it('stops when unsubscribed', () => {
    rehearse(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-a-b-|');
      expectObservable(source$.pipe(closeOn(hot('-'))), '^-!').toBe('-a-');
      expectSubscriptions(source$.subscriptions).toBe('^-!');
    });
  });
});
