import { describe, expect, it } from 'vitest';
import { decodeWith } from '../../src/operators/decodeWith.ts';
import { fail, refused, rehearse } from '../support/rehearse.ts';

const half = (value: number): string => {
  if (value % 2 === 1) throw new RangeError('odd');
  return String(value / 2);
};

describe('decodeWith', () => {
  it('changes the contents and nacks what it cannot decode', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const source$ = hot('-a-b-c-|', { a: envelope('a', 2), b: envelope('b', 3), c: envelope('c', 4) });
      const expected = '   -A---C-|';
      const payload = (value: string) => expect.objectContaining({ payload: value }) as unknown;
      expectObservable(source$.pipe(decodeWith(half, 'number.odd'))).toBe(expected, { A: payload('1'), C: payload('2') });
      flush();
      expect([...fates.values()]).toEqual([[], [refused('poison', 'number.odd')], []]);
    });
  });

  it('keeps the code of an error that has one', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const coded = (): never => {
        throw Object.assign(new Error('x'), { code: 'own.code' });
      };
      expectObservable(hot('-a-|', { a: envelope('a', 1) }).pipe(decodeWith(coded, 'other'))).toBe('---|');
      flush();
      expect(fates.get('a')).toEqual([refused('poison', 'own.code')]);
    });
  });

  it('hands the settlement on', () => {
    rehearse(({ hot, envelope, fates, flush, expectObservable }) => {
      const decoded$ = hot('-a-|', { a: envelope('a', 2) }).pipe(decodeWith(half, 'number.odd'));
      decoded$.subscribe({
        next: (decoded) => {
          decoded.ack();
        },
        error: fail,
      });
      expectObservable(decoded$).toBe('-A-|', { A: expect.anything() as unknown });
      flush();
      expect(fates.get('a')).toEqual([{ ok: true }]);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, expectObservable }) => {
      expectObservable(cold<never>(marbles).pipe(decodeWith(half, 'number.odd'))).toBe(expected);
    });
  });

  it('stops when unsubscribed', () => {
    rehearse(({ hot, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const source$ = hot('-a-|', { a: envelope('a', 3) });
      expectObservable(source$.pipe(decodeWith(half, 'number.odd')), '^!').toBe('--');
      expectSubscriptions(source$.subscriptions).toBe('^!');
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });
});
