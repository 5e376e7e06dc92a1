import type { Hex } from '../hex.ts';
import { attemptOf, seedHeight } from '../party/window.ts';
import { type ExternalNetworkName, setName, signableName } from '../processor/ids.ts';
import type { EpochSeen } from '../record/epochOpened.ts';
import type { Draft } from '../tables.ts';
import { forget } from './attempt.ts';
import { submitBatches } from './batches.ts';
import type { CryptoContext } from './context.ts';
import { greet } from './greet.ts';
import { keyGenStart } from './keyGenClock.ts';
import type { PeerBody } from './peerBodies.ts';
import type { Report } from './reports.ts';
import { attempts, convenings, head, networkRow, type SetRow, sets, signables } from './rows.ts';
import { report, tellPeers, tellProcessor } from './say.ts';
import {
  answered,
  answersOf,
  burnt,
  type EpochRef,
  heardFrom,
  heightVouchedFor,
  type OwnEpochRow,
  ownEpoch,
  processorsAnswered,
  quarantine,
  told,
  toldBefore,
  waitingReplies,
} from './standing.ts';

type Said<K extends PeerBody['kind']> = Extract<PeerBody, { kind: K }>['body'];

/** Sets that something is still to be done in, with key shares of ours. */
const openSets = (draft: Draft): SetRow[] =>
  [...sets.rows(draft)].map(([, row]) => row).filter(({ state, mine }) => state !== 'retired' && mine.length > 0);

/** What a start brings: its epoch, and signs that the store was rolled back before it. */
export interface Entry extends Pick<OwnEpochRow, 'commands'>, EpochRef {
  readonly signs: readonly string[];
}

/** Attempts that were begun go on in the life that began them, or not at all: of what an earlier one said last, this one may not know. */
const forgetBegun = (draft: Draft): void => {
  for (const [, { id }] of [...attempts.rows(draft)]) {
    const set = sets.get(draft, setName(id.set));
    if (set !== undefined) forget(draft, set, id);
  }
  for (const [name] of [...convenings.rows(draft)]) convenings.delete(draft, name);
};

/** A new epoch: the members of our sets are asked what they have seen of us, and until f + 1 key shares have answered nothing is begun. */
export const enterEpoch = (draft: Draft, context: CryptoContext, { epoch, instance, commands, signs }: Entry): void => {
  const known = ownEpoch.get(draft, '');
  const before = known === undefined ? undefined : { epoch: known.epoch, instance: known.instance };
  ownEpoch.put(draft, '', { epoch, instance, commands, ...(before === undefined ? {} : { before }) });
  for (const [validator, row] of [...told.rows(draft)]) {
    toldBefore.put(draft, validator, row);
    told.delete(draft, validator);
  }
  for (const [validator] of [...answered.rows(draft)]) answered.delete(draft, validator);
  for (const [network] of [...processorsAnswered.rows(draft)]) processorsAnswered.delete(draft, network);
  forgetBegun(draft);
  for (const sign of signs) enterQuarantine(draft, context, sign);
  for (const row of openSets(draft)) greet(draft, context, row);
};

/**
 * The store was rolled back, or copied: what it does not know of, it may have done. From here on it only observes. What was begun is
 * forgotten at once, for it may have gone on in a life that is lost.
 */
export const enterQuarantine = (draft: Draft, context: CryptoContext, reason: string, floor = 0): void => {
  const known = quarantine.get(draft, '');
  const tip = head.get(draft, '');
  const reasons = [...new Set([...(known?.reasons ?? []), reason])];
  quarantine.put(draft, '', { since: known?.since ?? tip?.number ?? -1, reasons, floor: Math.max(known?.floor ?? 0, floor) });
  forgetBegun(draft);
  for (const [name] of [...waitingReplies.rows(draft)]) waitingReplies.delete(draft, name);
  if (known?.reasons.includes(reason) === true) return;
  const epoch = ownEpoch.get(draft, '')?.epoch ?? 0;
  report(draft, context, `${String(epoch)}/${String(reasons.length)}`, {
    type: 'serai.report.quarantine.v1',
    data: { epoch, reasons, head: tip === undefined ? null : { number: tip.number, hash: tip.hash } },
  });
};

/** A validator opened an epoch: it hears what we had seen of it. A lower one, or a second instance of one, changes nothing here. */
export const epochOpenedArrived = (
  draft: Draft,
  context: CryptoContext,
  from: Hex,
  { epoch, instance, set }: Said<'epoch.opened'>,
): void => {
  const known = heardFrom.get(draft, from);
  if (known === undefined || epoch > known.epoch) heardFrom.put(draft, from, { epoch, instance, count: 1 });
  tellPeers(draft, context, [from], `${String(epoch)}/${setName(set)}`, {
    kind: 'epoch.seen',
    body: { of: { epoch, instance }, before: known ?? null, height: head.get(draft, '')?.number ?? null },
  });
};

/** Why an answer shows that there were lives of ours that this store knows nothing of; undefined where it does not. */
const lostLife = ({ epoch, instance, before }: OwnEpochRow, seen: EpochRef | null): string | undefined => {
  if (seen === null) return undefined;
  if (seen.epoch > epoch) return `epoch ${String(seen.epoch)} of ours`;
  if (seen.epoch === epoch && seen.instance !== instance) return `another start of ours in epoch ${String(epoch)}`;
  if (seen.epoch === before?.epoch && seen.instance !== before.instance) return `another start of ours in epoch ${String(seen.epoch)}`;
  return before !== undefined && seen.epoch > before.epoch && seen.epoch < epoch ? `epoch ${String(seen.epoch)} of ours` : undefined;
};

/** Whether what was lost before this epoch is burnt already: only another start beside us would be news. */
const isSettled = (draft: Draft, { epoch }: OwnEpochRow, seen: EpochRef | null): boolean =>
  burnt.get(draft, '')?.epoch === epoch && (seen === null || seen.epoch < epoch);

/** A validator says what it had seen of us. */
export const epochSeenArrived = (draft: Draft, context: CryptoContext, from: Hex, { of, before, height }: Said<'epoch.seen'>): void => {
  const own = ownEpoch.get(draft, '');
  if (own === undefined || of.epoch !== own.epoch || of.instance !== own.instance) return;
  answered.put(draft, from, { height: height ?? -1 });
  if (isSettled(draft, own, before)) return;
  const lost = lostLife(own, before);
  if (lost !== undefined) {
    enterQuarantine(draft, context, `validator ${from} has seen ${lost}`, before?.epoch ?? 0);
    return;
  }
  const count = toldBefore.get(draft, from);
  if (before !== null && before.instance === own.before?.instance && before.count > (count?.instance === before.instance ? count.count : 0))
    enterQuarantine(
      draft,
      context,
      `validator ${from} has ${String(before.count)} messages of epoch ${String(before.epoch)} of ours, this store knows ${String(count?.count ?? 0)}`,
    );
};

/** A processor says what it had seen of us. */
export const processorSaw = (
  draft: Draft,
  context: CryptoContext,
  network: ExternalNetworkName,
  { of, before, sequence, height }: EpochSeen,
): void => {
  const own = ownEpoch.get(draft, '');
  if (own === undefined || of.epoch !== own.epoch || of.instance !== own.instance) return;
  processorsAnswered.put(draft, network, { height: height ?? -1 });
  if (isSettled(draft, own, before)) return;
  const lost = lostLife(own, before);
  if (lost !== undefined) enterQuarantine(draft, context, `the processor of ${network} has seen ${lost}`, before?.epoch ?? 0);
  const written = own.commands[network] ?? '0';
  if (BigInt(sequence) > BigInt(written))
    enterQuarantine(draft, context, `the processor of ${network} has read ${sequence} commands of ours, this store knows ${written}`);
};

/** An order of the operator to go on. */
export interface ResumeOrder {
  /** Names the order, and what is reported of it. */
  readonly id: string;
  /** Whether to go on though not everyone has answered; what is burnt is burnt all the same. */
  readonly force: boolean;
}

/** Why it cannot be gone on yet. */
const inTheWay = (draft: Draft, context: CryptoContext, force: boolean): string[] => {
  const tip = head.get(draft, '');
  if (quarantine.get(draft, '') === undefined) return ['this coordinator is not in quarantine'];
  if (tip === undefined || !context.isLive(Date.parse(tip.time)))
    return [`our chain is not of now: the last finalized block we know is ${String(tip?.number ?? 'none')}`];
  if (force) return [];
  return [
    ...context.networks
      .filter((network) => processorsAnswered.get(draft, network) === undefined)
      .map((network) => `the processor of ${network} has not said what it has seen of us`),
    ...openSets(draft)
      .filter((set) => heightVouchedFor(draft, set) === undefined)
      .map((set) => `members of ${setName(set.set)} with f + 1 key shares have not said how far the chain is`),
  ];
};

/** B of design §10: the highest of our own fresh head, of what f + 1 key shares vouch for, and of our processors; with `force` of whoever spoke. */
const burnLine = (draft: Draft, force: boolean): number =>
  Math.max(
    head.get(draft, '')?.number ?? -1,
    ...[...processorsAnswered.rows(draft)].map(([, { height }]) => height),
    ...openSets(draft).flatMap((set) => heightVouchedFor(draft, set) ?? (force ? answersOf(draft, set).map(({ height }) => height) : [])),
  );

type Account = Extract<Report, { type: 'serai.report.resumed.v1' }>['data'];

/** What may be done next of what was open: the first window of each signable, the first attempt of each key generation. */
const accountOf = (draft: Draft, upTo: number): Pick<Account, 'signables' | 'keyGens'> => {
  const firstAbove = (heightOf: (number: number) => number): number => {
    let number = 0;
    while (heightOf(number) <= upTo) number += 1;
    return number;
  };
  return {
    signables: [...signables.rows(draft)].flatMap(([, row]) => {
      if (row.state !== 'open') return [];
      const window = firstAbove((number) => seedHeight(row.anchor.number, attemptOf(number)));
      return [{ signable: signableName(row), anchor: row.anchor.number, window, from: seedHeight(row.anchor.number, attemptOf(window)) }];
    }),
    keyGens: openSets(draft).flatMap(({ set, state, anchor }) => {
      if (state !== 'keygen') return [];
      const attempt = firstAbove((number) => keyGenStart(anchor.number, number));
      return [{ set: setName(set), attempt, from: keyGenStart(anchor.number, attempt) }];
    }),
  };
};

/** The operator lets us go on: all that begins at or below B is burnt, here and at our processors, for good (design §10). */
export const resume = (draft: Draft, context: CryptoContext, { id, force }: ResumeOrder): void => {
  const reasons = inTheWay(draft, context, force);
  const state = quarantine.get(draft, '');
  const tip = head.get(draft, '');
  if (reasons.length > 0 || state === undefined || tip === undefined) {
    report(draft, context, id, { type: 'serai.report.not-resumed.v1', data: { order: id, reasons } });
    return;
  }
  const upTo = Math.max(burnLine(draft, force), burnt.get(draft, '')?.upTo ?? -1);
  burnt.put(draft, '', { upTo, epoch: ownEpoch.get(draft, '')?.epoch ?? 0 });
  quarantine.delete(draft, '');
  for (const network of context.networks) tellProcessor(draft, context, network, id, { type: 'serai.epoch.burn.v1', data: { upTo } });
  report(draft, context, id, {
    type: 'serai.report.resumed.v1',
    data: {
      order: id,
      forced: force,
      upTo,
      reasons: [...state.reasons],
      since: state.since,
      epoch: ownEpoch.get(draft, '')?.epoch ?? 0,
      head: { number: tip.number, hash: tip.hash },
      peers: [...answered.rows(draft)].map(([validator, { height }]) => ({ validator: validator as Hex, height })),
      processors: [...processorsAnswered.rows(draft)].map(([network, { height }]) => ({ network, height })),
      ...accountOf(draft, upTo),
    },
  });
  for (const network of context.networks) if (networkRow(draft, network).session !== undefined) submitBatches(draft, network);
};
