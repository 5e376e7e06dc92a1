import { describe, expect, it } from 'vitest';
import type { Order } from '../../../src/domain/control/orders.ts';
import { isPaused, isSigningStopped, obeyOrder } from '../../../src/domain/crypto/stops.ts';
import { Draft } from '../../../src/domain/tables.ts';
import { SigningNetwork } from '../../support/signingNetwork.ts';

const pause = (scope: 'node' | 'signing' | 'Bitcoin'): Order => ({ type: 'serai.control.paused.v1', data: { scope, reason: 'look' } });
const resume = (scope: 'node' | 'signing' | 'Bitcoin'): Order => ({ type: 'serai.control.resumed.v1', data: { scope, reason: 'fine' } });
const halt: Order = { type: 'serai.control.halted.v1', data: { network: 'Bitcoin', code: 'solvency.breach', reason: 'short' } };
const clear: Order = { type: 'serai.control.cleared.v1', data: { network: 'Bitcoin', code: 'solvency.breach', reason: 'even' } };

const after = (...orders: readonly Order[]): Draft => {
  const draft = new Draft({ get: () => undefined, rows: () => [] });
  for (const order of orders) obeyOrder(draft, order);
  return draft;
};

/** What is stopped: signing for Bitcoin, signing for Monero, key generation for Bitcoin, for Monero. */
const stopped = (draft: Draft): boolean[] => [
  isSigningStopped(draft, 'Bitcoin'),
  isSigningStopped(draft, 'Monero'),
  isPaused(draft, 'Bitcoin'),
  isPaused(draft, 'Monero'),
];

describe('orders', () => {
  it.each<readonly [string, readonly Order[], readonly boolean[]]>([
    ['a pause of the node stops all', [pause('node')], [true, true, true, true]],
    ['one of signing leaves key generation', [pause('signing')], [true, true, false, false]],
    ['one of a network leaves the others', [pause('Bitcoin')], [true, false, true, false]],
    ['a halt stops signing for its network only', [halt], [true, false, false, false]],
    ['a resume ends its own pause only', [pause('node'), pause('Bitcoin'), resume('node')], [true, false, true, false]],
    ['a resume does not end a halt', [halt, resume('Bitcoin'), resume('node')], [true, false, false, false]],
    ['a halt that is over does not end a pause', [halt, pause('signing'), clear], [true, true, false, false]],
    ['with everything taken back nothing is stopped', [halt, pause('node'), clear, resume('node')], [false, false, false, false]],
  ])('%s', (_, orders, expected) => {
    expect(stopped(after(...orders))).toEqual(expected);
  });

  it('stop signatures while they stand, of members that begun before as well', () => {
    const network = new SigningNetwork({ seed: 1, weights: [1, 1, 1, 1] });
    network.order(halt);
    network.sign('0');
    network.until(() => network.height > 40, 60);
    expect(network.signedBy('0')).toBe(0);
    network.order(clear);
    network.until(() => network.signedBy('0') === 4, 120);
  });
});
