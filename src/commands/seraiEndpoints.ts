import type { Config } from '../core/configSchema.ts';

/** The nodes of a configuration: the validator's own, then the others. */
export const seraiEndpoints = ({ observation }: Config): string[] => [
  `ws://${observation.rpc_host}:${String(observation.rpc_port)}`,
  ...observation.endpoints,
];
