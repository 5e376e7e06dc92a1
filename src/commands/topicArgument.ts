import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { enabledNetworks } from '../core/enabledNetworks.ts';
import { allTopics, topicNamed, topicsOf } from '../domain/topics.ts';

/** The topic an argument names, in full or in short. */
export const topicArgument = (config: Config, asked: string): string => {
  const { name } = config.general;
  const networks = enabledNetworks(config);
  const topic = topicNamed(name, networks, asked);
  if (topic !== undefined) return topic;
  const known = allTopics(topicsOf(name), networks).map((full) => full.slice(name.length + 1));
  throw new ConfigError('config.invalid', `${name} has no topic ${asked}; known: ${known.join(', ')}`);
};
