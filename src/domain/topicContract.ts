/** What differs from deployment to deployment. */
export interface ContractOptions {
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
}

/** A topic with its settings, as it should be or as it is. */
export interface TopicShape {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** What a deviation comes to: `wrong` keeps the coordinator from running. */
type Weight = 'wrong' | 'warning';

/** Something about a topic that is not as it should be. */
export interface Deviation {
  readonly topic: string;
  readonly setting: string;
  readonly wanted: string;
  readonly found: string;
  readonly weight: Weight;
  readonly why: string;
}

/** What was found out about one topic. */
export interface TopicVerdict {
  readonly wanted: TopicShape;
  readonly found: TopicShape | undefined;
  readonly verdict: 'right' | 'missing' | Weight;
  readonly deviations: readonly Deviation[];
}

interface Setting {
  readonly name: string;
  readonly wanted: (options: ContractOptions) => string;
  readonly fits: (found: string, wanted: string) => boolean;
  readonly weight: Weight;
  readonly why: string;
}

const same = (found: string, wanted: string): boolean => found === wanted;

const atLeast = (found: string, wanted: string): boolean => Number(found) >= Number(wanted);

/** 1 MiB and what Kafka puts around a batch: the largest record we may have to write. */
const LARGEST = 1_048_588;

/** The settings the contract asks of every topic: records are kept, whole, in order. */
const SETTINGS: readonly Setting[] = [
  { name: 'cleanup.policy', wanted: () => 'delete', fits: same, weight: 'wrong', why: 'compaction takes records out of the middle' },
  { name: 'retention.ms', wanted: () => '-1', fits: same, weight: 'warning', why: 'records expire, and verify finds a gap' },
  { name: 'retention.bytes', wanted: () => '-1', fits: same, weight: 'warning', why: 'records expire, and verify finds a gap' },
  {
    name: 'min.insync.replicas',
    wanted: ({ minInsyncReplicas }) => String(minInsyncReplicas),
    fits: atLeast,
    weight: 'wrong',
    why: 'a record could be lost with fewer brokers than configured',
  },
  { name: 'max.message.bytes', wanted: () => String(LARGEST), fits: atLeast, weight: 'wrong', why: 'large records could not be written' },
  {
    name: 'unclean.leader.election.enable',
    wanted: () => 'false',
    fits: same,
    weight: 'wrong',
    why: 'a broker that lags behind could take over and lose records',
  },
];

/** The names of the settings that are looked at. */
export const CONTRACT_SETTINGS: readonly string[] = SETTINGS.map(({ name }) => name);

/** Topics as the contract wants them: one partition, because order is part of it (design §3). */
export const wantedTopics = (topics: readonly string[], options: ContractOptions): TopicShape[] => {
  const settings = Object.fromEntries(SETTINGS.map(({ name, wanted }) => [name, wanted(options)]));
  return topics.map((topic) => ({ topic, partitions: 1, replicationFactor: options.replicationFactor, settings }));
};

const deviationsOf = (wanted: TopicShape, found: TopicShape): Deviation[] => {
  const { topic } = wanted;
  const deviations: Deviation[] = [];
  const note = (setting: string, want: string, have: string, weight: Weight, why: string): void => {
    deviations.push({ topic, setting, wanted: want, found: have, weight, why });
  };
  if (found.partitions !== wanted.partitions)
    note('partitions', String(wanted.partitions), String(found.partitions), 'wrong', 'order holds within one partition only');
  if (found.replicationFactor < wanted.replicationFactor)
    note(
      'replication.factor',
      String(wanted.replicationFactor),
      String(found.replicationFactor),
      'wrong',
      'records stand on fewer brokers than configured',
    );
  for (const { name, fits, weight, why } of SETTINGS) {
    const want = wanted.settings[name] ?? '';
    const have = found.settings[name] ?? 'unknown';
    if (!fits(have, want)) note(name, want, have, weight, why);
    else if (name === 'min.insync.replicas' && Number(have) > found.replicationFactor)
      note(name, `at most ${String(found.replicationFactor)}`, have, 'wrong', 'nothing can be written with fewer replicas than that');
  }
  return deviations;
};

/** Holds a topic against the contract; `found` is undefined where it is not there. */
export const judgeTopic = (wanted: TopicShape, found: TopicShape | undefined): TopicVerdict => {
  if (found === undefined) return { wanted, found, verdict: 'missing', deviations: [] };
  const deviations = deviationsOf(wanted, found);
  const [first] = deviations;
  const verdict = first === undefined ? 'right' : deviations.some(({ weight }) => weight === 'wrong') ? 'wrong' : 'warning';
  return { wanted, found, verdict, deviations };
};

/** The command that puts a deviation right. */
export const fixOf = ({ topic, setting, wanted }: Deviation, brokers: readonly string[]): string => {
  const at = `--bootstrap-server ${brokers.join(',')}`;
  switch (setting) {
    case 'partitions':
      return `kafka-topics ${at} --delete --topic ${topic} (only while nothing on it is needed: partitions cannot be taken away; or choose another general.name)`;
    case 'replication.factor':
      return `kafka-reassign-partitions ${at} --reassignment-json-file FILE --execute (FILE names ${wanted} replicas for ${topic}; or set kafka.replication_factor)`;
    default:
      return `kafka-configs ${at} --alter --entity-type topics --entity-name ${topic} --add-config ${setting}=${wanted.replace('at most ', '')}`;
  }
};

/** A topic's deviations with their fixes, a line or two each. */
export const describeDeviations = (verdicts: readonly TopicVerdict[], brokers: readonly string[]): string[] =>
  verdicts
    .flatMap(({ deviations }) => deviations)
    .flatMap((deviation) => [
      `  ${deviation.topic}: ${deviation.setting} is ${deviation.found}, wanted ${deviation.wanted}: ${deviation.why}`,
      `    ${fixOf(deviation, brokers)}`,
    ]);
