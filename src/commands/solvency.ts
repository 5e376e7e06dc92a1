import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { enabledNetworks } from '../core/enabledNetworks.ts';
import { CoordinatorError } from '../domain/errors.ts';
import { chainMessage } from '../domain/observation/schemas.ts';
import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import { externalObservation } from '../domain/processor/messages.ts';
import { bookChain, bookExternal, closeBatches } from '../domain/solvency/book.ts';
import { balancesOf, Journal, type Posting } from '../domain/solvency/journal.ts';
import { isBreach } from '../domain/solvency/judge.ts';
import { integrityReport, type SolvencyVerdict } from '../domain/solvency/reports.ts';
import { type Line, linesOf, type NotYet, type Sum, sumOf } from '../domain/solvency/sum.ts';
import { Draft } from '../domain/tables.ts';
import { sourcesOf, topicsOf } from '../domain/topics.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';
import { columns } from './columns.ts';
import { printable } from './printable.ts';
import { jsonOf, readTopics } from './readReports.ts';
import { writeAsOperator } from './writeAsOperator.ts';

/** A verdict that is not there, or that the topics do not come to. */
export class SolvencyError extends CoordinatorError {
  readonly code: 'solvency.unknown' | 'solvency.differs';

  constructor(code: SolvencyError['code'], message: string) {
    super(message);
    this.name = 'SolvencyError';
    this.code = code;
  }
}

export interface ShowSolvency {
  readonly json: boolean;
}

export interface ReplaySolvency extends ShowSolvency {
  /** The Serai block at which to sum up; without it, where the last verdict did. */
  readonly at?: number;
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** The last verdict of each coin, up to a Serai block. */
const verdictsOf = async (config: Config, at: number | undefined): Promise<SolvencyVerdict[]> => {
  const last = new Map<string, SolvencyVerdict>();
  const take = (record: StoredRecord): void => {
    const told = integrityReport.safeParse({ type: record.headers['ce_type'], data: jsonOf(record) });
    if (told.success && told.data.type === 'serai.report.solvency.v1' && (at === undefined || told.data.data.serai.number <= at))
      last.set(told.data.data.coin, told.data.data);
  };
  await readTopics(config, [[topicsOf(config.general.name).reports, take]]);
  if (last.size === 0)
    throw new SolvencyError(
      'solvency.unknown',
      `no verdict stands on ${topicsOf(config.general.name).reports}${at === undefined ? '' : ` up to Serai block ${String(at)}`} yet`,
    );
  return [...last.values()];
};

const FIGURES = ['booked', 'pendingIn', 'failed', 'pendingOut', 'fees', 'required', 'vault', 'difference'] as const;

const table = (verdicts: readonly SolvencyVerdict[]): string =>
  columns([
    [
      'coin',
      'state',
      ...FIGURES.map((figure) => figure.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)),
      'Serai block',
      'external block',
    ],
    ...verdicts.map((verdict) => [
      verdict.coin,
      verdict.state,
      ...FIGURES.map((figure) => verdict[figure]),
      String(verdict.serai.number),
      String(verdict.external.height),
    ]),
  ]);

/** Prints how each coin stands, with the whole sum. */
export const showSolvency = async (config: Config, { json }: ShowSolvency): Promise<void> => {
  const verdicts = await verdictsOf(config, undefined);
  print(json ? JSON.stringify({ verdicts }) : table(verdicts).trimEnd());
};

/** What the topics come to of a network: its book, and the journal behind it. */
interface Derived {
  readonly book: Draft;
  readonly journal: Journal;
}

/** What the topics come to at the states of both chains that verdicts are of. */
const derive = async (config: Config, verdicts: readonly SolvencyVerdict[]): Promise<(network: ExternalNetworkName) => Derived> => {
  const topics = topicsOf(config.general.name);
  const cuts = new Map(verdicts.map(({ network, serai, external }) => [network, { serai: serai.number, height: external.height }]));
  const begin = (network: ExternalNetworkName): Derived => ({
    book: new Draft({ get: () => undefined, rows: () => [] }),
    journal: new Journal(network),
  });
  const books = new Map([...cuts.keys()].map((network) => [network, begin(network)]));
  const { processor } = sourcesOf(config.general.name);
  const done = new Set<string>();
  await readTopics(config, [
    [
      topics.chain,
      (record) => {
        const message = chainMessage.safeParse({ type: record.headers['ce_type'], data: jsonOf(record) });
        if (!message.success) return;
        const { data } = message.data;
        const number = 'block' in data ? data.block.number : data.number;
        for (const [network, { book, journal }] of books) {
          if (number > (cuts.get(network)?.serai ?? -1)) continue;
          bookChain(book, message.data);
          journal.hearChain(message.data);
        }
      },
    ],
    [
      topics.serai,
      (record) => {
        const message = externalObservation.safeParse({ type: record.headers['ce_type'], data: jsonOf(record) });
        if (!message.success) return;
        const { network } = message.data.data;
        const derived = books.get(network);
        if (derived === undefined || done.has(network) || record.headers['ce_source'] !== processor(network)) return;
        bookExternal(derived.book, message.data);
        derived.journal.hearExternal(message.data);
        if (message.data.type === 'serai.external.balances.v1' && message.data.data.height >= (cuts.get(network)?.height ?? 0))
          done.add(network);
      },
    ],
  ]);
  for (const { book } of books.values()) closeBatches(book);
  return (network) => books.get(network) ?? begin(network);
};

const coinNamed = (verdicts: readonly SolvencyVerdict[], coin: string | undefined): readonly SolvencyVerdict[] => {
  if (coin === undefined) return verdicts;
  const named = verdicts.filter((verdict) => verdict.coin.toLowerCase() === coin.toLowerCase());
  if (named.length === 0)
    throw new SolvencyError('solvency.unknown', `no verdict on ${coin}; there are ${verdicts.map((verdict) => verdict.coin).join(', ')}`);
  return named;
};

/** The lines of a sum, of what was summed up before each on its own. */
const allLines = ({ book }: Derived, { network, coin }: SolvencyVerdict, postings: readonly Posting[]): Line[] => [
  ...linesOf(book, network, coin).filter(({ account }) => account !== 'failed' && account !== 'fees'),
  ...postings.flatMap(({ debit, credit, amount, from }): Line[] => {
    const account = credit === 'failed' ? credit : debit === 'fees' ? debit : undefined;
    return account === undefined ? [] : [{ account, amount: amount.toString(), from }];
  }),
];

/** What is told of supply and vault against what the journal adds up to: which side a difference comes from. */
const sidesOf = ({ booked, vault }: SolvencyVerdict, postings: readonly Posting[]) => {
  const balances = balancesOf(postings);
  const side = (told: string, added: bigint) => ({ told, journal: added.toString(), difference: (BigInt(told) - added).toString() });
  return { booked: side(booked, balances.booked), vault: side(vault, balances.vault) };
};

export interface ExplainSolvency extends ShowSolvency {
  readonly coin?: string;
  /** Whether every line of the journal is shown. */
  readonly journal: boolean;
}

/** Prints every line of the last sums, each with the block or transaction it comes from, and which side a difference comes from. */
export const explainSolvency = async (config: Config, { json, coin, journal }: ExplainSolvency): Promise<void> => {
  const verdicts = coinNamed(await verdictsOf(config, undefined), coin);
  const derivedOf = await derive(config, verdicts);
  const explained = verdicts.map((verdict) => {
    const derived = derivedOf(verdict.network);
    const postings = [...derived.journal.postings()].filter((posting) => posting.coin === verdict.coin);
    return { coin: verdict.coin, lines: allLines(derived, verdict, postings), sides: sidesOf(verdict, postings), postings, verdict };
  });
  if (json) {
    const plain = explained.map(({ postings, ...rest }) => ({
      ...rest,
      ...(journal ? { journal: postings.map((posting) => ({ ...posting, amount: posting.amount.toString() })) } : {}),
    }));
    print(JSON.stringify({ explained: plain }));
    return;
  }
  for (const { coin: of, lines, sides, postings, verdict } of explained) {
    print(`${of}, Serai block ${String(verdict.serai.number)}, external block ${String(verdict.external.height)}: ${verdict.state}`);
    print(columns(lines.map(({ account, amount, from }) => [`  ${account}`, amount, printable(from)])).trimEnd());
    print(`  required ${verdict.required}, vault ${verdict.vault}, difference ${verdict.difference}, tolerance ${verdict.tolerance}`);
    for (const [side, { told, journal: added, difference }] of Object.entries(sides))
      print(`  ${side}: told ${told}, by the journal ${added}${difference === '0' ? '' : `: ${difference} beyond what is accounted for`}`);
    if (journal)
      print(
        columns([
          ['  debit', 'credit', 'amount', 'from'],
          ...postings.map(({ debit, credit, amount, from }) => [`  ${debit}`, credit, amount.toString(), printable(from)]),
        ]).trimEnd(),
      );
  }
};

/** What of a verdict is not as the topics, or its own figures, have it. */
const differencesOf = (published: SolvencyVerdict, sum: Sum | NotYet): string[] => {
  if ('waitsFor' in sum) return [...FIGURES];
  const figures: string[] = FIGURES.filter((figure) => sum[figure] !== published[figure]);
  const breach = isBreach(sum, { tolerance: BigInt(published.tolerance) });
  const isOdd = published.state === (breach ? 'solvent' : 'doubtful');
  return isOdd ? [...figures, 'state'] : figures;
};

/** Sums up again from the topics alone, and holds it against what was published. */
export const replaySolvency = async (config: Config, { json, at }: ReplaySolvency): Promise<void> => {
  const verdicts = await verdictsOf(config, at);
  const derivedOf = await derive(config, verdicts);
  const replayed = verdicts.map((published) => {
    const sum = sumOf(derivedOf(published.network).book, published.network, published.coin);
    return { published, sum, differs: differencesOf(published, sum) };
  });
  if (json) print(JSON.stringify({ replayed }));
  else
    for (const { published, differs } of replayed)
      print(
        `${published.coin} at Serai block ${String(published.serai.number)}, external block ${String(published.external.height)}: ${differs.length === 0 ? 'as published' : `differs in ${differs.join(', ')}`}`,
      );
  const wrong = replayed.filter(({ differs }) => differs.length > 0);
  if (wrong.length > 0)
    throw new SolvencyError(
      'solvency.differs',
      `the topics do not come to what was published of ${wrong.map(({ published }) => published.coin).join(', ')}; look with verify chain, serai and reports`,
    );
};

/** Gives the operator's word that a halted network is good; `atOnce`, its halt ends with it. */
export const acknowledgeSolvency = async (
  config: Config,
  network: ExternalNetworkName,
  { reason, atOnce }: { readonly reason: string; readonly atOnce: boolean },
): Promise<void> => {
  if (!enabledNetworks(config).includes(network)) throw new ConfigError('config.invalid', `${network} is not enabled under [chains]`);
  const type = 'serai.control.acknowledged.v1';
  const time = new Date().toISOString();
  const data = { network, reason, atOnce };
  await writeAsOperator(config, {
    topic: topicsOf(config.general.name).control,
    type,
    id: `${type}/${network}/${time}`,
    time,
    subject: network,
    data,
  });
  print(
    atOnce
      ? `acknowledged ${network}: its halt is over; where it is still short it is halted again, so raise its tolerance first where that is to be`
      : `acknowledged ${network}: its halt ends with enough good checks in a row`,
  );
};
