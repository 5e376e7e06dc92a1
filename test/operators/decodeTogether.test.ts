import { map, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Decoded, decodeTogether } from '../../src/operators/decodeTogether.ts';
import { refused, rehearse } from '../support/rehearse.ts';

/** Takes three milliseconds a call; odd numbers fail. */
const halves = (calls: (readonly number[])[]) => (values: readonly number[]) => {
  calls.push(values);
  const half = (value: number): Decoded<string> =>
    value % 2 === 0
      ? { ok: true, value: String(value / 2) }
      : { ok: false, cause: Object.assign(new Error('odd'), { code: 'number.odd' }) };
  return timer(3).pipe(map(() => values.map(half)));
};

const payload = (value: string) => expect.objectContaining({ payload: value }) as unknown;

describe('decodeTogether', () => {
  it('hands on together what arrives while a call is under way, and keeps the order', () => {
    rehearse(({ hot, envelope, expectObservable, flush }) => {
      const calls: (readonly number[])[] = [];
      const source$ = hot('-abc--------|', { a: envelope('a', 2), b: envelope('b', 4), c: envelope('c', 6) });
      const expected = '   ----A--(BC)-|';
      expectObservable(source$.pipe(decodeTogether(halves(calls), 'other'))).toBe(expected.trim(), {
        A: payload('1'),
        B: payload('2'),
        C: payload('3'),
      });
      flush();
      expect(calls).toEqual([[2], [4, 6]]);
    });
  });

  it('nacks what cannot be decoded, and goes on', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const source$ = hot('-abc--------|', { a: envelope('a', 2), b: envelope('b', 3), c: envelope('c', 6) });
      const expected = '   ----A--C----|';
      expectObservable(source$.pipe(decodeTogether(halves([]), 'other'))).toBe(expected.trim(), { A: payload('1'), C: payload('3') });
      flush();
      expect([...fates.values()]).toEqual([[], [refused('poison', 'number.odd')], []]);
    });
  });

  it('waits for the call under way before it completes', () => {
    rehearse(({ hot, envelope, expectObservable }) => {
      const source$ = hot('-a|', { a: envelope('a', 2) });
      expectObservable(source$.pipe(decodeTogether(halves([]), 'other'))).toBe('----(A|)', { A: payload('1') });
    });
  });

  it('fails with a call that fails, and nacks nothing', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, flush }) => {
      const source$ = hot('-a-|', { a: envelope('a', 2) });
      expectObservable(source$.pipe(decodeTogether(() => cold<never>('-#'), 'other'))).toBe('--#');
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, expectObservable }) => {
      expectObservable(cold<never>(marbles).pipe(decodeTogether(halves([]), 'other'))).toBe(expected);
    });
  });

  it('stops when unsubscribed, and nacks nothing', () => {
    rehearse(({ hot, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const source$ = hot('-a-|', { a: envelope('a', 3) });
      expectObservable(source$.pipe(decodeTogether(halves([]), 'other')), '^-!').toBe('---');
      expectSubscriptions(source$.subscriptions).toBe('^-!');
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });
});
