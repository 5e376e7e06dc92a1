import { type AttemptStatus, cut, SHOWN, type SigningStatus } from '../health/status.ts';
import type { Hex } from '../hex.ts';
import { explainParty } from '../party/explainParty.ts';
import { attemptOf, roundOf, seedHeight, WINDOW, windowAt, windowOf } from '../party/window.ts';
import { type SignId, setName, signableName, signIdName } from '../processor/ids.ts';
import { Draft, type View } from '../tables.ts';
import { missingOf, withheldIn, wordOf } from './attempt.ts';
import { maySignBatch } from './batches.ts';
import type { CryptoContext } from './context.ts';
import { openAttempt, partyOf } from './keyGenRows.ts';
import { holdersOf } from './members.ts';
import { peerBody } from './peerBodies.ts';
import {
  type AttemptRow,
  attempts,
  blocks,
  type HeadRow,
  head,
  keyGens,
  mayUseKeys,
  networkRow,
  type SetRow,
  type SignableRow,
  sets,
  signables,
} from './rows.ts';
import { blockKey } from './signing.ts';
import { awaitsAnswers, isBurnt, isWindowOver, quarantine } from './standing.ts';
import { isSigningStopped, stopsOf } from './stops.ts';

type SetStatus = SigningStatus['sets'][number];
type Stop = SigningStatus['stops'][number];

/** What is needed to tell how signing stands. */
type Context = Pick<CryptoContext, 'networks' | 'isLive'>;

/**
 * How sets, keys and signing stand (docs/status.md): every signable that is not signed yet, with its attempt as it is now, the party, and why each
 * validator is in it or not. It only reads; how much it shows is bounded by {@link SHOWN}.
 */
export const signingStatus = (view: View, context: Context): SigningStatus => {
  // Decisions are asked the questions they ask themselves; what is drafted here is thrown away.
  const draft = new Draft(view);
  const tip = head.get(draft, '');
  const stops = stopsInForce(draft, context);
  const open = [...signables.rows(draft)]
    .flatMap(([, row]) => (row.state === 'open' ? [row] : []))
    .sort((a, b) => a.anchor.number - b.anchor.number);
  const held = quarantine.get(draft, '');
  return {
    head: tip === undefined ? null : { number: tip.number, hash: tip.hash, time: tip.time },
    networks: context.networks.map((network) => {
      const { session, nextBatch, halted } = networkRow(draft, network);
      return { network, session: session ?? null, nextBatch, stopped: halted !== undefined || isSigningStopped(draft, network) };
    }),
    sets: [...sets.rows(draft)]
      .map(([, row]) => row)
      .sort(({ set: a }, { set: b }) => b.session - a.session || a.network.localeCompare(b.network))
      .slice(0, SHOWN.sets)
      .map((row, at) => ({ ...setStatus(draft, row), weights: at < SHOWN.weighted && row.state !== 'retired' ? weightsOf(row) : {} })),
    open: open.length,
    attempts: open.slice(0, SHOWN.attempts).flatMap((row) => attemptStatus(draft, context, row) ?? []),
    stops: stops.slice(0, SHOWN.stops),
    quarantine: held === undefined ? null : { since: held.since, reasons: held.reasons.slice(0, 16).map(cut) },
  };
};

const stopsInForce = (draft: Draft, { networks }: Context): Stop[] => [
  ...stopsOf(draft).map(({ scope, code, reason }) => ({ scope, code, reason: cut(reason) })),
  ...networks.flatMap((network) => {
    const { halted } = networkRow(draft, network);
    return halted === undefined ? [] : [{ scope: network, code: 'halted', reason: cut(halted) }];
  }),
];

const weightsOf = ({ members }: SetRow): SetStatus['weights'] =>
  Object.fromEntries(members.map(({ validator, participants }) => [validator, participants.length]));

const setStatus = (draft: Draft, row: SetRow): Omit<SetStatus, 'weights'> => {
  const { set, state, anchor, keys, n, t, members, mine } = row;
  return {
    network: set.network,
    session: set.session,
    state,
    anchor: anchor.number,
    key: keys?.substrate ?? null,
    externalKey: keys?.network ?? null,
    keysAt: keys?.block.number ?? null,
    n,
    t,
    members: members.length,
    ours: [...mine],
    keyGen: state === 'keygen' ? keyGenStatus(draft, row) : null,
  };
};

const keyGenStatus = (draft: Draft, row: SetRow): SetStatus['keyGen'] => {
  const id = { set: row.set, attempt: openAttempt(draft, row) };
  const known = keyGens.get(draft, `${setName(id.set)}/${String(id.attempt)}`);
  return {
    attempt: id.attempt,
    party: partyOf(draft, id)?.members.map(({ validator }) => validator) ?? null,
    commitments: known?.commitments ?? 0,
    shares: known?.shares ?? 0,
    generated: known?.keyPair !== undefined,
    musigRound: known?.round ?? 0,
    submitted: known?.submitted ?? false,
  };
};

/** The attempt of the window that is open now, or a later round of it that we are in. */
const currentId = (draft: Draft, { set, kind, id }: SignableRow, window: number): SignId => {
  const of = { set, kind, id };
  const begun = [...attempts.rows(draft)]
    .flatMap(([, row]) => (row.begun !== undefined && signableName(row.id) === signableName(of) ? [row.id.attempt] : []))
    .filter((attempt) => windowOf(attempt) === window);
  return { ...of, attempt: Math.max(attemptOf(window), ...begun) };
};

const ruleOf = (attempt: number): AttemptStatus['rule'] => (windowOf(attempt) % 2 === 0 ? 'pure' : 'convened');

const attemptStatus = (draft: Draft, context: Context, row: SignableRow): AttemptStatus | undefined => {
  const set = sets.get(draft, setName(row.set));
  if (set === undefined) return undefined;
  const tip = head.get(draft, '');
  const window = tip === undefined ? undefined : windowAt(row.anchor.number, tip.number);
  const id = currentId(draft, row, window?.index ?? 0);
  const known = attempts.get(draft, signIdName(id));
  const seedNumber = seedHeight(row.anchor.number, id.attempt);
  const seedHash = blocks.get(draft, blockKey(seedNumber))?.hash ?? known?.begun?.blockHash;
  const { set: of, kind, attempt } = id;
  const base = {
    ...{ network: of.network, session: of.session, kind, id: id.id, attempt },
    ...{ window: windowOf(attempt), round: roundOf(attempt), rule: ruleOf(attempt), n: set.n, t: set.t },
    ...{ anchor: row.anchor.number, preprocesses: known?.preprocesses ?? 0, shares: known?.shares ?? 0 },
  };
  if (seedHash === undefined) {
    const why = `block ${String(seedNumber)}, which seeds its window, is not finalized here`;
    return { ...base, seed: null, state: 'held', why, waitsFor: [], convener: null, party: null, members: [] };
  }
  const proposed = proposedIn(draft, set, id, known);
  const explained = explainParty({
    ...{ id, members: set.members, n: set.n, t: set.t, anchor: row.anchor.number, seedHash },
    ...(proposed === undefined ? {} : { proposed }),
  });
  const { convener, party } = explained;
  const stand = known?.begun === undefined ? unbegun(draft, context, set, row, party, tip) : begunStand(draft, set, known, convener);
  return {
    ...base,
    seed: { number: seedNumber, hash: seedHash },
    ...stand,
    convener: convener ?? null,
    party: party === undefined ? null : [...party],
    members: explained.members.map(({ validator, shares, drawn, signs, why }) => ({
      ...{ validator, shares: [...shares], drawn: [...drawn], signs: [...signs], why },
    })),
  };
};

/** What the convener proposed and we accepted, with who was ready. */
const proposedIn = (draft: Draft, set: SetRow, id: SignId, known: AttemptRow | undefined) => {
  const { begun } = known ?? {};
  if (begun?.rule !== 'convened' || begun.party === undefined) return undefined;
  const message = wordOf(draft, id, 'sign.proposal', begun.convener);
  const said = message === undefined ? undefined : peerBody.safeParse({ kind: message.kind, body: message.body }).data;
  const ready = said?.kind === 'sign.proposal' ? said.body.readies.map(({ from }) => from) : holdersOf(set, begun.party);
  return { party: begun.party, ready };
};

type Stand = Pick<AttemptStatus, 'state' | 'why' | 'waitsFor'>;

const held = (why: string): Stand => ({ state: 'held', why, waitsFor: [] });

/** Why we have no part in the window that is open now: in the order in which it is decided (signing.ts, `joinWindow`). */
const unbegun = (
  draft: Draft,
  { isLive }: Context,
  set: SetRow,
  row: SignableRow,
  party: readonly number[] | undefined,
  tip: HeadRow | undefined,
): Stand => {
  const { network } = row.set;
  const { halted } = networkRow(draft, network);
  const stop = stopsOf(draft).find(({ scope }) => scope === 'node' || scope === 'signing' || scope === network);
  const window = tip === undefined ? undefined : windowAt(row.anchor.number, tip.number);
  if (!mayUseKeys(set)) return held('its set has no keys, or none of them is ours');
  if (quarantine.get(draft, '') !== undefined) return held('the coordinator is in quarantine: "resume" ends it');
  if (halted !== undefined) return held(cut(`${network} is halted: ${halted}`));
  if (stop !== undefined) return held(cut(`${stop.scope} is stopped, ${stop.code}: ${stop.reason}`));
  if (tip === undefined || window === undefined || !isLive(Date.parse(tip.time))) return held('the finalized chain is not up to now here');
  if (row.kind === 'batch' && !maySignBatch(draft, set, row)) return held('batches before it have to stand on chain first');
  if (awaitsAnswers(draft, set)) return held('other validators have not said yet what they have seen of us');
  const next = `the next window begins at block ${String(window.seedHeight + WINDOW)}`;
  if (isWindowOver(draft, window.seedHeight)) return held(`its window began before this start; ${next}`);
  if (window.rule === 'pure' && isBurnt(draft, row.anchor.number))
    return held(`after the quarantine it is signed in convened windows; ${next}`);
  if (party?.some((share) => set.mine.includes(share)) === false)
    return { state: 'out', why: `none of our shares was drawn: the others sign, or ${next}`, waitsFor: [] };
  return held(`windows are joined in their first half; ${next}`);
};

/** How far the attempt is that we are in, and whose words are missing. */
const begunStand = (draft: Draft, set: SetRow, row: AttemptRow, convener: Hex | undefined): Stand => {
  const { id, begun, map, sharesGiven } = row;
  if (begun?.party === undefined) {
    if (set.members.some(({ validator, participants }) => validator === convener && participants.some((share) => set.mine.includes(share))))
      return { state: 'convening', why: `we convene it, and wait until ${String(set.t)} key shares are ready`, waitsFor: [] };
    const why = 'the convener has not proposed a party yet';
    return { state: 'convening', why, waitsFor: convener === undefined ? [] : [convener] };
  }
  if (!begun.party.some((share) => set.mine.includes(share)))
    return { state: 'out', why: 'the convener chose others: they sign', waitsFor: [] };
  if (map === undefined) {
    const waitsFor = holdersOf(set, missingOf(draft, id, 'preprocess', begun.party));
    return { state: 'preprocesses', why: 'the preprocesses of the party are gathered', waitsFor };
  }
  if (!sharesGiven) return { state: 'shares', why: 'the shares of the party are gathered', waitsFor: withheldIn(draft, set, row) };
  return { state: 'completing', why: 'all shares are there: our processor makes the signature', waitsFor: [] };
};
