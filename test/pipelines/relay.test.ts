import { describe, expect, it } from 'vitest';
import { relay } from '../../src/pipelines/relay.ts';
import { delivery } from '../support/delivery.ts';
import { refused, rehearse } from '../support/rehearse.ts';

const first = ([row]: readonly Uint8Array[]): number => {
  const [value] = row ?? [];
  if (value === undefined) throw new Error('empty');
  return value;
};

describe('relay', () => {
  it('sends rows in order, and acks each when it has arrived', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const envelopes$ = hot(' -ab------|', { a: envelope('a', [Uint8Array.of(1)]), b: envelope('b', [Uint8Array.of(2)]) });
      const sent$ = cold('       ---|');
      const sent: number[] = [];
      const send = (payload: number) => {
        sent.push(payload);
        return sent$;
      };
      expectObservable(relay({ envelopes$, read: first, send, delivery })).toBe('---------|');
      expectSubscriptions(sent$.subscriptions).toBe(['-^--!', '----^--!']);
      flush();
      expect(sent).toEqual([1, 2]);
      expect([...fates.values()]).toEqual([[{ ok: true }], [{ ok: true }]]);
    });
  });

  it('leaves a row open that was under way when it was cut off', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, flush }) => {
      const envelopes$ = hot('-a-|', { a: envelope('a', [Uint8Array.of(1)]) });
      expectObservable(relay({ envelopes$, read: first, send: () => cold('-----|'), delivery }), '^--!').toBe('----');
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });

  it('nacks a row that says nothing', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, flush }) => {
      const envelopes$ = hot('-a-|', { a: envelope('a', [new Uint8Array()]) });
      expectObservable(relay({ envelopes$, read: first, send: () => cold('|'), delivery })).toBe('---|');
      flush();
      expect(fates.get('a')).toEqual([refused('poison', 'outbox.undecodable')]);
    });
  });
});
