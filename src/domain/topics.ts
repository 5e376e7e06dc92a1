import type { ExternalNetworkName } from './processor/ids.ts';

/** The topics of a deployment (specification, General Architecture; design §3). */
export interface Topics {
  readonly chain: string;
  readonly serai: string;
  readonly commands: (network: ExternalNetworkName) => string;
  readonly replies: (network: ExternalNetworkName) => string;
  readonly outbound: string;
  readonly inbound: string;
  readonly reports: string;
  readonly control: string;
  readonly deadLetter: string;
}

/** Names the topics of the deployment `name`. */
export const topicsOf = (name: string): Topics => ({
  chain: `${name}-chain`,
  serai: `${name}-serai`,
  commands: (network) => `${name}-${network.toLowerCase()}-commands`,
  replies: (network) => `${name}-${network.toLowerCase()}-replies`,
  outbound: `${name}-outbound`,
  inbound: `${name}-inbound`,
  reports: `${name}-reports`,
  control: `${name}-control`,
  deadLetter: `${name}-dead-letter`,
});

/** All topics of a deployment with these networks. */
export const allTopics = (topics: Topics, networks: readonly ExternalNetworkName[]): string[] => [
  topics.chain,
  topics.serai,
  ...networks.flatMap((network) => [topics.commands(network), topics.replies(network)]),
  topics.outbound,
  topics.inbound,
  topics.reports,
  topics.control,
  topics.deadLetter,
];

/** The full name of a deployment's topic, asked for by that or by its short name (`chain`); undefined where there is none. */
export const topicNamed = (name: string, networks: readonly ExternalNetworkName[], asked: string): string | undefined =>
  allTopics(topicsOf(name), networks).find((topic) => topic === asked || topic === `${name}-${asked}`);

/** Who writes: the `ce_source` of each module and processor of a deployment. */
export interface Sources {
  readonly observation: string;
  readonly crypto: string;
  readonly connection: string;
  readonly integrity: string;
  /** The person who runs the deployment, by the command line. */
  readonly operator: string;
  /** Who signs backups. */
  readonly backup: string;
  readonly processor: (network: ExternalNetworkName) => string;
}

/** Names the sources of the deployment `name`. */
export const sourcesOf = (name: string): Sources => ({
  observation: `/${name}/observation`,
  crypto: `/${name}/crypto`,
  connection: `/${name}/connection`,
  integrity: `/${name}/integrity`,
  operator: `/${name}/operator`,
  backup: `/${name}/backup`,
  processor: (network) => `/${name}/processor/${network.toLowerCase()}`,
});

/** Who writes a topic, asked for by its full name (design §3): what another source writes there is foreign, whoever it is. */
export type Writers = (topic: string) => readonly string[];

/** Names who writes each topic of the deployment `name`. */
export const writersOf = (name: string, networks: readonly ExternalNetworkName[]): Writers => {
  const topics = topicsOf(name);
  const { observation, crypto, connection, integrity, operator, processor } = sourcesOf(name);
  const processors = networks.map(processor);
  const writers = new Map([
    [topics.chain, [observation]],
    [topics.serai, processors],
    ...networks.flatMap((network): [string, string[]][] => [
      [topics.commands(network), [crypto]],
      [topics.replies(network), [processor(network)]],
    ]),
    [topics.outbound, [crypto]],
    [topics.inbound, [connection]],
    [topics.reports, [crypto, integrity]],
    [topics.control, [integrity, operator]],
    [topics.deadLetter, [observation, crypto, connection, integrity, ...processors]],
  ]);
  return (topic) => writers.get(topic) ?? [];
};

/** The public keys, of those that are pinned, by which a topic's records are proven. */
export const keysOn = (topic: string, writers: Writers, pins: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> =>
  Object.fromEntries(Object.entries(pins).filter(([source]) => writers(topic).includes(source)));
