import type { IntegrityContext } from '../domain/solvency/integrity.ts';
import type { Rules } from '../domain/solvency/judge.ts';
import type { Config } from './configSchema.ts';

/** What solvency is judged by, as the configuration says: for a coin of its own, or for all. */
export const solvencyRules = ({ solvency }: Config): Pick<IntegrityContext, 'rulesOf' | 'staleBlocks'> => {
  const { coins, stale_blocks: staleBlocks, ...all } = solvency;
  const own: Readonly<Record<string, Config['solvency']['coins']['Bitcoin']>> = coins;
  return {
    staleBlocks,
    rulesOf: (coin): Rules => {
      const { tolerance = 0n, breaches = all.breaches, clears = all.clears, acknowledge = all.acknowledge } = own[coin] ?? {};
      return { tolerance, breaches, clears, acknowledge };
    },
  };
};
