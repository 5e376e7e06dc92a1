import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonicalJson.ts';
import type { Hex } from '../hex.ts';
import { drawOrder, windowStream } from '../party/drawOrder.ts';
import { attemptOf, ROUNDS, roundOf, seedHeight, windowAt, windowOf } from '../party/window.ts';
import { type PeerMessage, roomFor } from '../peers/peerMessage.ts';
import { type ByParticipant, type SignId, setName, signableName, signIdName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import { accuseOf, attemptRow, hear, isHalted, mayHold, missingOf, notePreprocesses, withheldIn, wordOf } from './attempt.ts';
import { begin } from './begin.ts';
import type { CryptoContext } from './context.ts';
import { isReadyFor, judgeProposal, preprocessesIn } from './judgeProposal.ts';
import { validatorsOf } from './keyGen.ts';
import { holderOf, holdersOf, speaksFor } from './members.ts';
import { noteOffence } from './offences.ts';
import { type PeerBody, peerBody } from './peerBodies.ts';
import {
  attempts,
  type BlockRef,
  type ConveningRow,
  convenings,
  failures,
  head,
  type SetRow,
  type SignableRow,
  sets,
  signables,
} from './rows.ts';
import { report, signedFor, tellPeers } from './say.ts';
import { isAttemptOver } from './standing.ts';

const conveningName = (id: SignId): string => `${signableName(id)}/${String(windowOf(id.attempt))}`;

/** Whether our own chain is in the first half of the attempt's window, and it began after this start and is not burnt: only then is anything new begun in it. */
const isJoinable = (draft: Draft, { anchor }: SignableRow, id: SignId): boolean => {
  if (isAttemptOver(draft, { anchor }, id)) return false;
  const tip = head.get(draft, '');
  const window = tip === undefined ? undefined : windowAt(anchor.number, tip.number);
  return window?.joinable === true && window.index === windowOf(id.attempt);
};

/** Counts what a member owed in an attempt and did not send: it is asked last from then on. */
const noteFailures = (draft: Draft, context: CryptoContext, set: SetRow, failed: readonly Hex[]): void => {
  for (const validator of failed) {
    if (validator === context.self) continue;
    const name = `${setName(set.set)}/${validator}`;
    failures.put(draft, name, (failures.get(draft, name) ?? 0) + 1);
    noteOffence(draft, set.set, validator);
  }
};

/** Those of a pure party from whom something was still missing when its window was over. */
const missingInPure = (draft: Draft, set: SetRow, id: SignId): Hex[] => {
  const before = attempts.get(draft, signIdName({ ...id, attempt: attemptOf(windowOf(id.attempt) - 1) }));
  const party = before?.begun?.party;
  if (before === undefined || party === undefined) return [];
  return holdersOf(set, missingOf(draft, before.id, before.map === undefined ? 'preprocess' : 'share', party));
};

/** Joins a convened window's round: our processor's preprocesses of all our shares are asked for, to be our ready. */
export const joinRound = (draft: Draft, context: CryptoContext, set: SetRow, row: SignableRow, id: SignId, seed: BlockRef): void => {
  const tip = head.get(draft, '');
  if (tip === undefined || attemptRow(draft, id).begun !== undefined) return;
  const order = drawOrder(set.n, id, seed.hash);
  const convener = holderOf(set, order[0] ?? 0);
  if (convener === undefined) return;
  if (roundOf(id.attempt) === 0) noteFailures(draft, context, set, missingInPure(draft, set, id));
  const stream = windowStream(id).toString();
  begin(draft, context, id, { digest: row.digest, rule: 'convened', blockHash: seed.hash, stream, convener }, row.anchor);
  if (convener === context.self) {
    const early = convenings.get(draft, conveningName(id));
    const readies = early?.id.attempt === id.attempt ? early.readies : {};
    convenings.put(draft, conveningName(id), { id, order, openedAt: tip.number, readies });
  }
  acceptProposal(draft, context, id);
};

/** Our processor's preprocesses in a convened window are our ready: signed, and for the convener alone. */
export const readyMade = (draft: Draft, context: CryptoContext, id: SignId, digest: Hex, preprocesses: ByParticipant): void => {
  const { begun } = attemptRow(draft, id);
  if (begun?.convener === undefined || begun.digest !== digest) return;
  const said: PeerBody = { kind: 'sign.ready', body: { id, digest, seed: begun.blockHash, preprocesses } };
  if (begun.convener !== context.self) {
    tellPeers(draft, context, [begun.convener], signIdName(id), said);
    return;
  }
  readyArrived(draft, context, signedFor(context, context.self, signIdName(id), said), said.body);
};

/** A member's ready: kept by whoever convenes the round it is for. */
export const readyArrived = (
  draft: Draft,
  context: CryptoContext,
  message: PeerMessage,
  { id, preprocesses }: Extract<PeerBody, { kind: 'sign.ready' }>['body'],
): void => {
  const set = mayHold(draft, id);
  if (set === undefined || !speaksFor(set, message.from, preprocesses) || !hear(draft, context, id, message)) return;
  const known = convenings.get(draft, conveningName(id)) ?? { id, readies: {} };
  if (known.id.attempt !== id.attempt) return;
  convenings.put(draft, conveningName(id), { ...known, readies: { ...known.readies, [message.from]: message } });
  propose(draft, context, set, id);
};

/** Whether a ready leaves room for the others in a proposal: each has its part of it, by key shares (docs/protocol.md). */
const fitsProposal = (message: PeerMessage, { n }: SetRow): boolean =>
  utf8ToBytes(canonicalJson(message)).length <= (roomFor(message.kind) * Object.keys(preprocessesIn(message)).length) / n;

/** The convener proposes any t shares that are ready; while nobody has waited for a block yet, only of members that never failed. */
const propose = (draft: Draft, context: CryptoContext, set: SetRow, id: SignId): void => {
  const convening = convenings.get(draft, conveningName(id));
  const { begun } = attemptRow(draft, id);
  const row = signables.get(draft, signableName(id));
  const tip = head.get(draft, '');
  if (
    convening?.openedAt === undefined ||
    convening.proposed !== undefined ||
    begun === undefined ||
    row === undefined ||
    tip === undefined
  )
    return;
  if (isHalted(draft, id.set) || !isJoinable(draft, row, id)) return;
  const failed = (validator: string): number => failures.get(draft, `${setName(set.set)}/${validator}`) ?? 0;
  const rank = new Map((convening.order ?? []).map((share, place) => [share, place]));
  const ready = Object.entries(convening.readies)
    .filter(([, message]) => fitsProposal(message, set))
    .filter(([validator, message]) => isReadyFor(message, id, begun) && (tip.number > (convening.openedAt ?? 0) || failed(validator) === 0))
    .flatMap(([validator, message]) =>
      Object.keys(preprocessesIn(message)).map((share) => ({
        validator: validator as Hex,
        share: Number(share),
        failed: failed(validator),
      })),
    )
    .sort((a, b) => a.failed - b.failed || (rank.get(a.share) ?? 0) - (rank.get(b.share) ?? 0));
  if (ready.length < set.t) return;
  const chosen = ready.slice(0, set.t);
  const party = chosen.map(({ share }) => share).sort((a, b) => a - b);
  const holders = [...new Set(chosen.map(({ validator }) => validator))].sort();
  const readies = holders.flatMap((validator) => convening.readies[validator] ?? []);
  convenings.put(draft, conveningName(id), { ...convening, proposed: { party, at: tip.number } });
  const said: PeerBody = { kind: 'sign.proposal', body: { id, digest: begun.digest, party, readies } };
  tellPeers(draft, context, holders, signIdName(id), said);
  proposalArrived(draft, context, signedFor(context, context.self, signIdName(id), said), id);
};

/** A convener's proposal: the first one for an attempt is looked at, as soon as our own chain is there. */
export const proposalArrived = (draft: Draft, context: CryptoContext, message: PeerMessage, id: SignId): void => {
  if (mayHold(draft, id) === undefined || !hear(draft, context, id, message)) return;
  acceptProposal(draft, context, id);
};

/** Accepts the proposal that lies there, if our own chain is in the window's first half and nothing was accepted before. */
const acceptProposal = (draft: Draft, context: CryptoContext, id: SignId): void => {
  const attempt = attemptRow(draft, id);
  const { begun } = attempt;
  const set = sets.get(draft, setName(id.set));
  const row = signables.get(draft, signableName(id));
  if (set === undefined || row === undefined || begun?.convener === undefined || begun.party !== undefined) return;
  const message = wordOf(draft, id, 'sign.proposal', begun.convener);
  if (message === undefined || isHalted(draft, id.set) || !isJoinable(draft, row, id)) return;
  const said = peerBody.parse({ kind: message.kind, body: message.body });
  if (said.kind !== 'sign.proposal') return;
  const judged = judgeProposal(context, set, id, begun, said.body);
  if (typeof judged === 'string') {
    accuseOf(draft, context, 'sign.invalid-proposal', id, [message], judged);
    return;
  }
  attempts.put(draft, signIdName(id), { ...attempt, begun: { ...begun, party: said.body.party } });
  report(draft, context, signIdName(id), {
    type: 'serai.report.party.v1',
    data: {
      id,
      party: said.body.party,
      anchor: row.anchor,
      seed: { number: seedHeight(row.anchor.number, id.attempt), hash: begun.blockHash },
      proposal: message,
    },
  });
  notePreprocesses(draft, context, id, begun.digest, judged);
};

/** A new finalized head, for those windows that we convene: what is ready is proposed, and who withheld is left out of the next round. */
export const conveneOn = (draft: Draft, context: CryptoContext): void => {
  for (const [name, convening] of [...convenings.rows(draft)]) {
    const { id } = convening;
    const set = sets.get(draft, setName(id.set));
    const row = signables.get(draft, signableName(id));
    if (set === undefined || (row !== undefined && (row.state !== 'open' || isOver(draft, row, id)))) {
      convenings.delete(draft, name);
      continue;
    }
    if (row === undefined || !isJoinable(draft, row, id)) continue;
    if (convening.proposed === undefined) propose(draft, context, set, id);
    else openNextRound(draft, context, set, row, convening);
  }
};

const isOver = (draft: Draft, { anchor }: SignableRow, id: SignId): boolean => {
  const window = windowAt(anchor.number, head.get(draft, '')?.number ?? 0);
  return window !== undefined && window.index > windowOf(id.attempt);
};

/** A block has passed since the proposal and the signature does not stand: fresh readies are asked for (ROAST; design §8). */
const openNextRound = (draft: Draft, context: CryptoContext, set: SetRow, row: SignableRow, { id, proposed }: ConveningRow): void => {
  const tip = head.get(draft, '');
  if (tip === undefined || proposed === undefined || tip.number <= proposed.at || roundOf(id.attempt) + 1 >= ROUNDS) return;
  const { begun } = attemptRow(draft, id);
  if (begun === undefined) return;
  noteFailures(draft, context, set, withheldIn(draft, set, attemptRow(draft, id)));
  const next = { ...id, attempt: id.attempt + 1 };
  tellPeers(draft, context, validatorsOf(set), signIdName(next), { kind: 'sign.round', body: { id: next } });
  const seed = { number: row.anchor.number, hash: begun.blockHash };
  joinRound(draft, context, set, row, next, seed);
};

/** The convener opens a further round of a window that we are in. */
export const roundArrived = (draft: Draft, context: CryptoContext, { from }: PeerMessage, id: SignId): void => {
  const set = mayHold(draft, id);
  const row = signables.get(draft, signableName(id));
  const before = attempts.get(draft, signIdName({ ...id, attempt: id.attempt - 1 }));
  if (set === undefined || row === undefined || roundOf(id.attempt) === 0 || before?.begun === undefined) return;
  if (before.begun.convener !== from || isHalted(draft, id.set) || !isJoinable(draft, row, id)) return;
  if (before.begun.party !== undefined) noteFailures(draft, context, set, withheldIn(draft, set, before));
  joinRound(draft, context, set, row, id, { number: row.anchor.number, hash: before.begun.blockHash });
};

/** Our processor found a member's share to be wrong: its holder is asked last from then on, and its signed word is the proof. */
export const shareBlamed = (draft: Draft, context: CryptoContext, id: SignId, participant: number): void => {
  const set = sets.get(draft, setName(id.set));
  const holder = set === undefined ? undefined : holderOf(set, participant);
  if (set === undefined || holder === undefined || holder === context.self) return;
  noteFailures(draft, context, set, [holder]);
  const proof = [
    wordOf(draft, id, 'sign.proposal', attemptRow(draft, id).begun?.convener),
    wordOf(draft, id, 'sign.preprocesses', holder),
    wordOf(draft, id, 'sign.shares', holder),
  ];
  accuseOf(
    draft,
    context,
    'sign.invalid-share',
    id,
    proof.filter((message) => message !== undefined),
    `participant ${String(participant)}`,
  );
};
