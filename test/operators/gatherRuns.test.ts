import { describe, expect, it } from 'vitest';
import { gatherRuns } from '../../src/operators/gatherRuns.ts';
import { fail, refused, rehearse } from '../support/rehearse.ts';

interface Part {
  readonly source: string;
  readonly last: boolean;
}

const gathering = gatherRuns<Part>({ sourceOf: ({ source }) => source, ends: ({ last }) => last, max: 3 });
const part = (source: string, last = false): Part => ({ source, last });
const runOf = (...payload: Part[]) => expect.objectContaining({ payload }) as unknown;

describe('gatherRuns', () => {
  it('holds a run until its end, then emits it whole and open', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const source$ = hot('-a-b-c-|', {
        a: envelope('a', part('x')),
        b: envelope('b', part('x', true)),
        c: envelope('c', part('x', true)),
      });
      const expected = '   ---R-S-|';
      expectObservable(source$.pipe(gathering)).toBe(expected, { R: runOf(part('x'), part('x', true)), S: runOf(part('x', true)) });
      flush();
      expect([...fates.values()]).toEqual([[], [], []]);
    });
  });

  it('settles every member with the run', () => {
    rehearse(({ hot, envelope, fates, flush, expectObservable }) => {
      const gathered$ = hot('-ab|', { a: envelope('a', part('x')), b: envelope('b', part('x', true)) }).pipe(gathering);
      gathered$.subscribe({
        next: (run) => {
          run.ack();
        },
        error: fail,
      });
      expectObservable(gathered$).toBe('--R|', { R: expect.anything() as unknown });
      flush();
      expect([...fates.values()]).toEqual([[{ ok: true }], [{ ok: true }]]);
    });
  });

  it('refuses a run that another source cuts off', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const source$ = hot('-ab|', { a: envelope('a', part('x')), b: envelope('b', part('y', true)) });
      expectObservable(source$.pipe(gathering)).toBe('--R|', { R: runOf(part('y', true)) });
      flush();
      expect([...fates.values()]).toEqual([[refused('poison', 'run.broken')], []]);
    });
  });

  it('holds no more than it says', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const source$ = hot('-abc|', { a: envelope('a', part('x')), b: envelope('b', part('x')), c: envelope('c', part('x')) });
      expectObservable(source$.pipe(gathering)).toBe('----|');
      flush();
      const tooLong = [refused('poison', 'run.too-long')];
      expect([...fates.values()]).toEqual([tooLong, tooLong, tooLong]);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '--#', '--#'],
  ])('mirrors %s', (_name, marbles, expected) => {
    rehearse(({ cold, expectObservable }) => {
      expectObservable(cold<never>(marbles).pipe(gathering)).toBe(expected);
    });
  });

  it('leaves open what it held when unsubscribed', () => {
    rehearse(({ hot, envelope, fates, expectObservable, flush }) => {
      const source$ = hot('-a-b-|', { a: envelope('a', part('x')), b: envelope('b', part('x', true)) });
      expectObservable(source$.pipe(gathering), '^-!').toBe('---');
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });
});
