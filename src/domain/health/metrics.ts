import type { SigningStatus, Status } from './status.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** A metric that is told from the status: a gauge, for a start begins anew. */
export interface StatusMetric {
  /** Without `serai_coordinator_`. */
  readonly name: string;
  readonly help: string;
  readonly samples: (status: Status) => readonly Sample[];
}

const yes = (value: boolean): number => (value ? 1 : 0);
const secondsFrom = (milliseconds: number, { time }: Status): number => Math.max(0, (Date.parse(time) - milliseconds) / 1_000);

/** A value where there is one. */
const known = (value: number | null | undefined): readonly Sample[] => (value === null || value === undefined ? [] : [[{}, value]]);

/** How many there are of each kind. */
const counted = <T>(all: readonly T[], labelsOf: (one: T) => Labels): readonly Sample[] => {
  const kinds = new Map<string, [Labels, number]>();
  for (const one of all) {
    const labels = labelsOf(one);
    const kind = JSON.stringify(labels);
    kinds.set(kind, [labels, (kinds.get(kind)?.[1] ?? 0) + 1]);
  }
  return [...kinds.values()];
};

/** Of each set that is not retired and that we are in, where links are known of. */
const ofLiveSets =
  (value: (set: SigningStatus['sets'][number], linked: ReadonlySet<string>) => number): StatusMetric['samples'] =>
  ({ signing, peers }) => {
    if (signing === null || peers === null) return [];
    const linked = new Set<string>(peers.peers.flatMap(({ validator, state }) => (state === 'connected' ? [validator] : [])));
    return signing.sets
      .filter(({ ours, weights }) => ours.length > 0 && Object.keys(weights).length > 0)
      .map((set): Sample => [{ network: set.network, session: String(set.session) }, value(set, linked)]);
  };

const ofCoins =
  (value: (coin: NonNullable<Status['solvency']>[number]) => string | number | undefined): StatusMetric['samples'] =>
  ({ solvency }) =>
    (solvency ?? []).flatMap((coin): Sample[] => {
      const amount = value(coin);
      return amount === undefined ? [] : [[{ network: coin.network, coin: coin.coin }, Number(amount)]];
    });

/** What Prometheus is told of how the coordinator stands (docs/metrics.md). What a module has not told has no value. */
export const STATUS_METRICS: readonly StatusMetric[] = [
  {
    name: 'build_info',
    help: 'Always 1; its label is the version of the software.',
    samples: ({ version }) => [[{ version }, 1]],
  },
  {
    name: 'ready',
    help: 'Whether nothing keeps the coordinator from its duty (1) or something does (0), as /health/ready answers.',
    samples: ({ ready }) => [[{}, yes(ready)]],
  },
  {
    name: 'finding',
    help: 'Something that is not as it should be, by the check of doctor that found it, and its verdict, warn or fail: 1.',
    samples: ({ findings }) => findings.map(({ check, subject, verdict }) => [{ check, subject, verdict }, 1]),
  },
  {
    name: 'stage_waiting',
    help: 'What waits in a stage of work.',
    samples: ({ stages }) => stages.map(({ name, waiting }) => [{ stage: name }, waiting]),
  },
  {
    name: 'stage_idle_seconds',
    help: 'Seconds since a stage of work last moved.',
    samples: (status) => status.stages.map(({ name, movedAt }) => [{ stage: name }, secondsFrom(movedAt, status)]),
  },
  {
    name: 'stage_stuck',
    help: 'A stage that has work and that nothing has left for ten seconds, or for its own patience: 1.',
    samples: ({ stuck }) => stuck.map(({ stage }) => [{ stage }, 1]),
  },
  {
    name: 'observed_height',
    help: 'The finalized block that was observed and recorded last.',
    samples: ({ chain }) => known(chain?.finalized?.number),
  },
  {
    name: 'chain_parked',
    help: 'Whether a block cannot be read (1) or not (0); nothing of it is passed over.',
    samples: ({ chain }) => (chain === null ? [] : [[{}, yes(chain.parked !== null)]]),
  },
  {
    name: 'decided_height',
    help: 'The finalized block that was decided on last.',
    samples: ({ signing }) => known(signing?.head?.number),
  },
  {
    name: 'decided_age_seconds',
    help: "Seconds since the time, by the chain, of the block that was decided on last: the chain's own delay and ours.",
    samples: (status) => known(status.signing?.head && secondsFrom(Date.parse(status.signing.head.time), status)),
  },
  {
    name: 'sets',
    help: 'Sets we are a member of, by external network and state.',
    samples: ({ signing }) => counted(signing?.sets ?? [], ({ network, state }) => ({ network, state })),
  },
  {
    name: 'set_shares_needed',
    help: 'Key shares that sign for a set that is not retired: its threshold.',
    samples: ofLiveSets(({ t }) => t),
  },
  {
    name: 'set_shares_linked',
    help: 'Key shares of a set that is not retired which are ours or of validators we have a link to.',
    samples: ofLiveSets(({ ours, weights }, linked) =>
      Object.entries(weights).reduce((sum, [validator, shares]) => (linked.has(validator) ? sum + (shares ?? 0) : sum), ours.length),
    ),
  },
  {
    name: 'key_generation_attempt',
    help: 'The attempt at which key generation of a set is, while it lasts.',
    samples: ({ signing }) =>
      (signing?.sets ?? []).flatMap(({ network, session, keyGen }): Sample[] =>
        keyGen === null ? [] : [[{ network, session: String(session) }, keyGen.attempt]],
      ),
  },
  {
    name: 'signables_open',
    help: 'Batches, plans and slash reports that are not signed yet.',
    samples: ({ signing }) => known(signing?.open),
  },
  {
    name: 'signable_window_max',
    help: 'The highest window that something not signed yet has come to, counted from its anchor; windows are ten blocks.',
    samples: ({ signing }) => (signing === null ? [] : [[{}, Math.max(0, ...signing.attempts.map(({ window }) => window))]]),
  },
  {
    name: 'next_batch',
    help: 'The next batch of an external network that the chain takes.',
    samples: ({ signing }) => (signing?.networks ?? []).map(({ network, nextBatch }) => [{ network }, nextBatch]),
  },
  {
    name: 'network_stopped',
    help: 'Whether nothing new is signed for an external network (1) or not (0).',
    samples: ({ signing }) => (signing?.networks ?? []).map(({ network, stopped }) => [{ network }, yes(stopped)]),
  },
  {
    name: 'stops',
    help: 'Pauses and halts that are in force, by scope and code.',
    samples: ({ signing }) => counted(signing?.stops ?? [], ({ scope, code }) => ({ scope, code })),
  },
  {
    name: 'quarantine',
    help: 'Whether nothing is begun because the store was rolled back (1) or not (0).',
    samples: ({ signing }) => (signing === null ? [] : [[{}, yes(signing.quarantine !== null)]]),
  },
  {
    name: 'solvency_state',
    help: 'The verdict on a coin: 1 for the state it is in.',
    samples: ({ solvency }) =>
      (solvency ?? []).flatMap(({ network, coin, state }): Sample[] => (state === null ? [] : [[{ network, coin, state }, 1]])),
  },
  {
    name: 'solvency_vault',
    help: "What vaults hold, in the coin's smallest unit.",
    samples: ofCoins(({ sum }) => sum?.vault),
  },
  {
    name: 'solvency_required',
    help: "What vaults must hold, in the coin's smallest unit.",
    samples: ofCoins(({ sum }) => sum?.required),
  },
  {
    name: 'solvency_difference',
    help: "What vaults hold beyond what they must, in the coin's smallest unit; below zero it is missing.",
    samples: ofCoins(({ sum }) => sum?.difference),
  },
  {
    name: 'solvency_breaches',
    help: 'Breaches in a row.',
    samples: ofCoins(({ breaches }) => breaches),
  },
  {
    name: 'dead_letters_open',
    help: 'Dead letters that nothing was done about.',
    samples: ({ deadLetters }) => known(deadLetters?.open),
  },
  {
    name: 'backup_last_verified_seconds',
    help: "Seconds since a module's latest backup was opened and found whole.",
    samples: (status) =>
      (status.backups ?? []).flatMap(({ module, verified }): Sample[] =>
        verified === null ? [] : [[{ module }, secondsFrom(Date.parse(verified), status)]],
      ),
  },
  {
    name: 'backup_failing',
    help: "Whether the last try to back up a module's store failed, or none was made yet (1), or not (0).",
    samples: ({ backups }) =>
      (backups ?? []).map(({ module, failing, verified }) => [{ module }, yes(failing !== null || verified === null)]),
  },
];

const quoted = (text: string): string => `"${text.replaceAll(/[\\"\n]/g, (letter) => (letter === '\n' ? '\\n' : `\\${letter}`))}"`;

const labelled = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${quoted(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

/** How the coordinator stands as Prometheus reads it (text format 0.0.4). */
export const metricsText = (status: Status): string =>
  STATUS_METRICS.map(({ name, help, samples }) => {
    const full = `serai_coordinator_${name}`;
    const lines = samples(status).map(([labels, value]) => `${full}${labelled(labels)} ${String(value)}\n`);
    return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${lines.join('')}`;
  }).join('');
