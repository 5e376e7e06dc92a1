import { describe, expect, it } from 'vitest';
import type { Received } from '../../../src/domain/connection/links.ts';
import { framesToLedger } from '../../../src/pipelines/connection/framesToLedger.ts';
import type { PeerFrame } from '../../../src/streams/fromPeers.ts';
import { delivery } from '../../support/delivery.ts';
import { refused, rehearse } from '../../support/rehearse.ts';

const frame = (sequence: number): PeerFrame => ({ from: '0x', epoch: 1, sequence, body: new Uint8Array() });

const decode = ({ from, epoch, sequence }: PeerFrame): Received => {
  if (sequence === 9) throw new Error('garbage');
  const message = { kind: 'x', from, to: from, genesis: from, id: 'x', body: null, signature: from };
  return { from, epoch, sequence, message };
};

describe('framesToLedger', () => {
  it('acknowledges a frame only after its commit', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const envelopes$ = hot('-a------', { a: envelope('a', frame(1)) });
      const commit$ = cold('   ----|');
      expectObservable(framesToLedger({ envelopes$, decode, commit: () => commit$, delivery }), '^------!').toBe('--------');
      expectSubscriptions(commit$.subscriptions).toBe('-^---!');
      flush();
      expect(fates.get('a')).toEqual([{ ok: true }]);
    });
  });

  it('drops the link of a peer that sends garbage, and hears the others', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, flush }) => {
      const envelopes$ = hot('-ab-|', { a: envelope('a', frame(9)), b: envelope('b', frame(1)) });
      expectObservable(framesToLedger({ envelopes$, decode, commit: () => cold('|'), delivery })).toBe('----|');
      flush();
      expect([...fates.values()]).toEqual([[refused('poison', 'peer.undecodable')], [{ ok: true }]]);
    });
  });
});
