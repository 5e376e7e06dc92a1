import { type CoinStatus, cut } from '../health/status.ts';
import type { ExternalNetworkName } from '../processor/ids.ts';
import { Draft, type View } from '../tables.ts';
import { COINS } from './book.ts';
import { type IntegrityContext, judged, published, waiting } from './integrity.ts';
import { SOLVENT } from './judge.ts';
import { type Sum, sumOf } from './sum.ts';

/** How each coin stands, by the last verdict (docs/status.md). */
export const solvencyStatus = (view: View, { networks, rulesOf }: Pick<IntegrityContext, 'networks' | 'rulesOf'>): CoinStatus[] => {
  const draft = new Draft(view);
  return networks.flatMap((network) =>
    COINS[network].map((coin): CoinStatus => {
      const verdict = judged.get(draft, coin);
      const { state, breaches, goods } = verdict ?? SOLVENT;
      return {
        ...{ network, coin, state: verdict === undefined ? null : state, breaches, goods },
        tolerance: rulesOf(coin).tolerance.toString(),
        sum: lastSum(draft, coin),
        waitsFor: waitsFor(draft, network, coin, verdict === undefined),
      };
    }),
  );
};

/** The figures that were published last. */
const lastSum = (draft: Draft, coin: string): CoinStatus['sum'] => {
  const text = published.get(draft, coin);
  if (text === undefined) return null;
  const { booked, pendingIn, failed, pendingOut, fees, required, vault, difference } = JSON.parse(text) as Sum;
  return { booked, pendingIn, failed, pendingOut, fees, required, vault, difference };
};

const waitsFor = (draft: Draft, network: ExternalNetworkName, coin: string, isFirst: boolean): string | null => {
  if (!isFirst && waiting.get(draft, network) === undefined) return null;
  const sum = sumOf(draft, network, coin);
  return 'waitsFor' in sum ? cut(sum.waitsFor) : null;
};
