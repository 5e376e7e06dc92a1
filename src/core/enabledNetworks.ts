import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import type { Config } from './configSchema.ts';

/** The external networks a configuration turns on. */
export const enabledNetworks = ({ chains }: Config): ExternalNetworkName[] => [
  ...(chains.bitcoin ? (['Bitcoin'] as const) : []),
  ...(chains.ethereum ? (['Ethereum'] as const) : []),
  ...(chains.monero ? (['Monero'] as const) : []),
];
