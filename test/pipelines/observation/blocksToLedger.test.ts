import { describe, expect, it } from 'vitest';
import type { ObservedBlock } from '../../../src/domain/observation/observedBlock.ts';
import { blocksToLedger } from '../../../src/pipelines/observation/blocksToLedger.ts';
import { delivery } from '../../support/delivery.ts';
import { rehearse } from '../../support/rehearse.ts';

const block = (number: number): ObservedBlock => ({
  number,
  hash: '0x',
  parentHash: '0x',
  stateRoot: '0x',
  extrinsicsRoot: '0x',
  time: 0,
  events: [],
  state: [],
  batches: [],
});

describe('blocksToLedger', () => {
  it('commits blocks one by one and acks each after its commit', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const envelopes$ = hot(' -ab----|', { a: envelope('a', block(1)), b: envelope('b', block(2)) });
      const commit$ = cold('     --|');
      expectObservable(blocksToLedger({ envelopes$, commit: () => commit$, delivery })).toBe('-------|');
      expectSubscriptions(commit$.subscriptions).toBe(['-^-!', '---^-!']);
      flush();
      expect([...fates.values()]).toEqual([[{ ok: true }], [{ ok: true }]]);
    });
  });

  it('never skips a block: what cannot be committed ends the route', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, flush }) => {
      const envelopes$ = hot('-ab-|', { a: envelope('a', block(1)), b: envelope('b', block(2)) });
      const commit = () => cold<never>('-#', undefined, new Error('fatal'));
      expectObservable(blocksToLedger({ envelopes$, commit, delivery })).toBe('--#', undefined, new Error('fatal'));
      flush();
      expect([...fates.values()]).toEqual([[], []]);
    });
  });
});
