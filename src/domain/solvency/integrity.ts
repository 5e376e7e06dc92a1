import type { Order } from '../control/orders.ts';
import { chainMessage } from '../observation/schemas.ts';
import { mustSpeakFor } from '../processor/foreignNetwork.ts';
import { type ExternalNetworkName, externalNetwork } from '../processor/ids.ts';
import { externalObservation } from '../processor/messages.ts';
import type { TopicRecord } from '../record.ts';
import { type Draft, type Json, table } from '../tables.ts';
import { bookChain, bookExternal, booked, COINS, closeBatches, type DoublePayment, standingOf, vaults } from './book.ts';
import { acknowledge, type Judged, judge, type Rules, SOLVENT } from './judge.ts';
import type { IntegrityReport, SolvencyVerdict } from './reports.ts';
import { type Sum, sumOf } from './sum.ts';

/** What the integrity module goes by. */
export interface IntegrityContext {
  readonly networks: readonly ExternalNetworkName[];
  readonly topics: { readonly reports: string; readonly control: string };
  /** The source of a network's processor. */
  readonly processor: (network: ExternalNetworkName) => string;
  readonly rulesOf: (coin: string) => Rules;
  /** Serai blocks for which nothing may be said of a network before that is told. */
  readonly staleBlocks: number;
}

/** How each coin stands. */
export const judged = table<Judged>('solvencyJudged');
/** What was published last of each coin, without the block. */
export const published = table<string>('solvencyPublished');
/** The Serai block since which nothing can be said of a network, and whether that was told. */
export const waiting = table<{ readonly since: number; readonly told: boolean }>('solvencyWaiting');

/** What is to be done about a record, once its data is understood. */
type Understood = (draft: Draft) => void;

/** A record of `<name>-chain`. */
export const bookChainRecord =
  (context: IntegrityContext) =>
  ({ attributes: { type } }: TopicRecord, data: Json): Understood => {
    const message = chainMessage.parse({ type, data });
    return (draft) => {
      if (!bookChain(draft, message)) return;
      closeBatches(draft);
      for (const network of context.networks) check(draft, context, network);
    };
  };

/** A record of `<name>-serai`. */
export const bookExternalRecord =
  (context: IntegrityContext) =>
  ({ attributes: { type, source } }: TopicRecord, data: Json): Understood => {
    const message = externalObservation.parse({ type, data });
    mustSpeakFor(source, context.processor, message.data.network);
    return (draft) => {
      for (const double of bookExternal(draft, message)) accuse(draft, context, double);
      if (message.type !== 'serai.external.balances.v1') return;
      closeBatches(draft);
      check(draft, context, message.data.network);
    };
  };

/** An order on `<name>-control`: the operator's word counts for what is halted. */
export const heedOrder = (draft: Draft, context: IntegrityContext, { type, data }: Order): void => {
  if (type !== 'serai.control.acknowledged.v1') return;
  for (const coin of COINS[data.network]) {
    const before = judged.get(draft, coin);
    if (before === undefined) continue;
    const after = acknowledge(before, context.rulesOf(coin), data.atOnce);
    const sum = sumOf(draft, data.network, coin);
    if (after.state !== before.state && !('waitsFor' in sum)) publish(draft, context, sum, after);
    settle(draft, context, { network: data.network, coin, before, after });
  }
};

const say = (draft: Draft, context: IntegrityContext, intent: string, { type, data }: IntegrityReport): void => {
  const { time } = standingOf(draft);
  draft.send({ topic: context.topics.reports, type, id: `${type}/${intent}`, time, subject: intent, data: data });
};

/** A burn that is named by two outputs, or that never was, took coins which nobody burnt. */
const accuse = (draft: Draft, context: IntegrityContext, double: DoublePayment): void => {
  const { network, block, index, plan } = double;
  const intent = `solvency.unknown-burn/${network}/${String(block)}/${String(index)}/${plan}`;
  say(draft, context, intent, { type: 'serai.report.evidence.v1', data: { code: 'solvency.unknown-burn', evidence: { ...double } } });
};

const check = (draft: Draft, context: IntegrityContext, network: ExternalNetworkName): void => {
  const { head, whole } = standingOf(draft);
  const sums = COINS[network].map((coin) => sumOf(draft, network, coin));
  const [first] = sums;
  if (first !== undefined && 'waitsFor' in first) {
    if (whole) noteWaiting(draft, context, network, head.number, first.waitsFor);
    return;
  }
  waiting.delete(draft, network);
  for (const sum of sums) if (!('waitsFor' in sum)) judgeCoin(draft, context, sum);
};

/** The first balances may be long in coming: before there is anything of a network on Serai, there is nothing to be said. */
const noteWaiting = (draft: Draft, context: IntegrityContext, network: ExternalNetworkName, block: number, waitsFor: string): void => {
  if (vaults.get(draft, network) === undefined && !isBooked(draft, network)) return;
  const { since, told } = waiting.get(draft, network) ?? { since: block, told: false };
  const stale = block - since >= context.staleBlocks;
  waiting.put(draft, network, { since, told: told || stale });
  if (stale && !told)
    say(draft, context, `${network}/${String(since)}`, {
      type: 'serai.report.solvency-stale.v1',
      data: { network, since, block, waitsFor },
    });
};

const isBooked = (draft: Draft, network: ExternalNetworkName): boolean =>
  COINS[network].some((coin) => BigInt(booked.get(draft, coin)?.amount ?? '0') > 0n);

const judgeCoin = (draft: Draft, context: IntegrityContext, sum: Sum): void => {
  const { network, coin } = sum;
  const before = judged.get(draft, coin) ?? SOLVENT;
  const after = judge(before, sum, context.rulesOf(coin));
  publish(draft, context, sum, after);
  settle(draft, context, { network, coin, before, after });
};

/** Publishes a verdict with its sum, where a figure or the state is another than in the last one. */
const publish = (draft: Draft, context: IntegrityContext, sum: Sum, { state, breaches, goods }: Judged): void => {
  const { network, coin, serai, external, ...figures } = sum;
  const now = JSON.stringify({ ...figures, state });
  if (published.get(draft, coin) === now) return;
  published.put(draft, coin, now);
  const tolerance = context.rulesOf(coin).tolerance.toString();
  const verdict: SolvencyVerdict = { network, coin, serai, external, ...figures, tolerance, state, breaches, goods };
  say(draft, context, `${coin}/${momentOf(draft, network)}/${state}`, { type: 'serai.report.solvency.v1', data: verdict });
};

/** Where both chains stand: no coin is checked twice at one moment. */
const momentOf = (draft: Draft, network: ExternalNetworkName): string =>
  `${String(standingOf(draft).head.number)}/${String(vaults.get(draft, network)?.height ?? 0)}`;

interface Transition {
  readonly network: ExternalNetworkName;
  readonly coin: string;
  readonly before: Judged;
  readonly after: Judged;
}

/** Keeps how a coin stands; all modules hear of it when its network is halted by it, and when no coin halts it any more. */
const settle = (draft: Draft, context: IntegrityContext, { network, coin, before, after }: Transition): void => {
  judged.put(draft, coin, after);
  const [was, is] = [before.state === 'halted', after.state === 'halted'];
  if (was === is) return;
  // Another coin of the network may be short as well.
  if (!is && COINS[network].some((other) => judged.get(draft, other)?.state === 'halted')) return;
  const order: Order = is
    ? { type: 'serai.control.halted.v1', data: { network, code: 'solvency.breach', reason: `${coin} is short of what it should be` } }
    : { type: 'serai.control.cleared.v1', data: { network, code: 'solvency.breach', reason: `${coin} is what it should be again` } };
  const intent = `${network}/solvency.breach/${coin}/${momentOf(draft, network)}`;
  const { time } = standingOf(draft);
  draft.send({ topic: context.topics.control, type: order.type, id: `${order.type}/${intent}`, time, subject: intent, data: order.data });
};

/** What stands still: networks of which nothing can be said for too long. */
export const staleNetworks = (
  view: Parameters<typeof waiting.rows>[0],
): { readonly network: ExternalNetworkName; readonly since: number }[] =>
  [...waiting.rows(view)].flatMap(([name, { since, told }]) => {
    const network = externalNetwork.safeParse(name);
    return told && network.success ? [{ network: network.data, since }] : [];
  });
