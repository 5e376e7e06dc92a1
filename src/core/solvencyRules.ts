import type { IntegrityContext } from '../domain/solvency/integrity.ts';
import type { Config } from './configSchema.ts';

/** What solvency is judged by, as the configuration says. */
export const solvencyRules = ({ solvency }: Config): Pick<IntegrityContext, 'rulesOf' | 'staleBlocks'> => {
  const { breaches, clears, acknowledge, stale_blocks: staleBlocks } = solvency;
  const tolerated: Readonly<Record<string, bigint | undefined>> = solvency.tolerance;
  return { staleBlocks, rulesOf: (coin) => ({ tolerance: tolerated[coin] ?? 0n, breaches, clears, acknowledge }) };
};
