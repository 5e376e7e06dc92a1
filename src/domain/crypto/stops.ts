import type { Order, Scope } from '../control/orders.ts';
import type { ExternalNetworkName } from '../processor/ids.ts';
import { type Draft, table, type View } from '../tables.ts';

/** What nothing new is begun for, by its cause. */
const stops = table<{ readonly scope: Scope; readonly reason: string }>('stops');

/** Carries out an order of the operator or the integrity module (design §11). */
export const obeyOrder = (draft: Draft, { type, data }: Order): void => {
  switch (type) {
    case 'serai.control.halted.v1':
      stops.put(draft, `${data.code}/${data.network}`, { scope: data.network, reason: data.reason });
      return;
    case 'serai.control.cleared.v1':
      stops.delete(draft, `${data.code}/${data.network}`);
      return;
    case 'serai.control.paused.v1':
      stops.put(draft, `pause/${data.scope}`, { scope: data.scope, reason: data.reason });
      return;
    case 'serai.control.resumed.v1':
      stops.delete(draft, `pause/${data.scope}`);
      return;
    default:
      return;
  }
};

/** What is stopped, with its cause: `pause`, or the code of what was found. */
export const stopsOf = (view: View): { readonly scope: Scope; readonly code: string; readonly reason: string }[] =>
  [...stops.rows(view)].map(([cause, { scope, reason }]) => ({ scope, code: cause.slice(0, cause.lastIndexOf('/')), reason }));

/** Whether nothing new is to be signed for a network. */
export const isSigningStopped = (view: View, network: ExternalNetworkName): boolean =>
  [...stops.rows(view)].some(([, { scope }]) => scope === 'node' || scope === 'signing' || scope === network);

/** Whether the operator has paused everything of a network, key generation included; a halt for solvency leaves that as it is. */
export const isPaused = (view: View, network: ExternalNetworkName): boolean =>
  [...stops.rows(view)].some(([cause]) => cause === 'pause/node' || cause === `pause/${network}`);
