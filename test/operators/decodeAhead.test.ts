import { map, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { decodeAhead } from '../../src/operators/decodeAhead.ts';
import { refused, rehearse } from '../support/rehearse.ts';

/** Takes as many milliseconds as the payload says; odd ones fail then. */
const slowly = (value: number) =>
  timer(value).pipe(
    map(() => {
      if (value % 2 === 1) throw Object.assign(new Error('odd'), { code: 'number.odd' });
      return String(value);
    }),
  );

const payload = (value: string) => expect.objectContaining({ payload: value }) as unknown;

describe('decodeAhead', () => {
  it('decodes several at once and keeps their order', () => {
    rehearse(({ hot, envelope, expectObservable }) => {
      const source$ = hot('-ab-------|', { a: envelope('a', 4), b: envelope('b', 2) });
      const expected = '   -----(AB)-|';
      expectObservable(source$.pipe(decodeAhead(slowly, 'other'))).toBe(expected.trim(), { A: payload('4'), B: payload('2') });
    });
  });

  it('nacks what it cannot decode in its turn, and goes on', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const source$ = hot('-abc------|', { a: envelope('a', 4), b: envelope('b', 1), c: envelope('c', 2) });
      const expected = '   -----(AC)-|';
      expectObservable(source$.pipe(decodeAhead(slowly, 'other'))).toBe(expected.trim(), { A: payload('4'), C: payload('2') });
      flush();
      expect([...fates.values()]).toEqual([[], [refused('poison', 'number.odd')], []]);
    });
  });

  it('names what fails without a code of its own, also at once', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const fails = (): never => {
        throw new Error('x');
      };
      expectObservable(hot('-a-|', { a: envelope('a', 1) }).pipe(decodeAhead(fails, 'other'))).toBe('---|');
      flush();
      expect(fates.get('a')).toEqual([refused('poison', 'other')]);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, expectObservable }) => {
      expectObservable(cold<never>(marbles).pipe(decodeAhead(slowly, 'other'))).toBe(expected);
    });
  });

  it('stops when unsubscribed, and nacks nothing', () => {
    rehearse(({ hot, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const source$ = hot('-a-|', { a: envelope('a', 3) });
      expectObservable(source$.pipe(decodeAhead(slowly, 'other')), '^-!').toBe('---');
      expectSubscriptions(source$.subscriptions).toBe('^-!');
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });
});
