import { fromHex, type Hex } from '../hex.ts';
import { attemptStream } from '../party/attemptStream.ts';
import { drawParty } from '../party/drawParty.ts';
import { attemptOf, seedHeight, windowAt, windowOf } from '../party/window.ts';
import type { PeerMessage } from '../peers/peerMessage.ts';
import { type ByParticipant, type SetId, type SignId, setName, signableName, signIdName } from '../processor/ids.ts';
import type { Completion } from '../processor/messages.ts';
import type { Draft } from '../tables.ts';
import { attemptRow, forget, forgetAttempts, forgetEarly, hear, isHalted, mayHold, notePreprocesses } from './attempt.ts';
import { maySignBatch, submitBatches } from './batches.ts';
import { begin } from './begin.ts';
import type { CryptoContext } from './context.ts';
import { conveneOn, joinRound, readyMade } from './convene.ts';
import { validatorsOf } from './keyGen.ts';
import { holdersOf, speaksFor } from './members.ts';
import type { PartyOf } from './reports.ts';
import {
  attempts,
  type BlockRef,
  blocks,
  completions,
  digests,
  failures,
  head,
  mayUseKeys,
  type SetRow,
  type SignableRow,
  sets,
  signables,
} from './rows.ts';
import { accuse, report, tellPeers, tellProcessor } from './say.ts';
import { awaitsAnswers, isBurnt, isWindowOver } from './standing.ts';
import { submitSlashReport } from './submitSlashReport.ts';

/** Windows of a signable whose attempts are kept: what has begun may finish later, but not for ever. */
const KEPT_WINDOWS = 6;

/** What a digest is bound to: plans and batches are the same for every set of a network, a slash report is one set's (design §8). */
const digestName = ({ set, kind, id }: SignableRow): string =>
  kind === 'slash-report' ? signableName({ set, kind, id }) : `${set.network}/${kind}/${id}`;

/** Something to sign has become known. Its digest stands for ever; a different one is refused and kept as evidence. */
export const signableKnown = (draft: Draft, context: CryptoContext, row: SignableRow): void => {
  const name = signableName(row);
  const known = digests.get(draft, digestName(row));
  if (known !== undefined && known !== row.digest) {
    accuse(draft, context, 'sign.digest-conflict', name, { known, other: row.digest });
    return;
  }
  if (signables.get(draft, name) !== undefined) return;
  digests.put(draft, digestName(row), row.digest);
  signables.put(draft, name, row);
  if (sets.get(draft, setName(row.set))?.state === 'retired') {
    drop(draft, context, row, 'its set is retired');
    return;
  }
  const completed = completions.get(draft, name);
  if (completed === undefined) {
    joinWindow(draft, context, row);
    return;
  }
  completions.delete(draft, name);
  complete(draft, context, completed, false);
};

/** A new finalized head: windows that just opened are joined, and those that we convene go on. */
export const headMoved = (draft: Draft, context: CryptoContext): void => {
  for (const [, row] of [...signables.rows(draft)]) if (row.state === 'open') joinWindow(draft, context, row);
  conveneOn(draft, context);
  forgetEarly(draft);
};

/** Joins the signable's current window while our own chain is in its first half: even ones are pure, odd ones convened (design §8). */
const joinWindow = (draft: Draft, context: CryptoContext, row: SignableRow): void => {
  const set = sets.get(draft, setName(row.set));
  const tip = head.get(draft, '');
  if (!mayUseKeys(set) || tip === undefined || isHalted(draft, row.set) || !context.isLive(Date.parse(tip.time))) return;
  if (row.kind === 'batch' && !maySignBatch(draft, set, row)) return;
  const window = windowAt(row.anchor.number, tip.number);
  const seed = window === undefined ? undefined : blocks.get(draft, blockKey(window.seedHeight));
  if (window === undefined || seed === undefined || !window.joinable || awaitsAnswers(draft, set) || isWindowOver(draft, window.seedHeight))
    return;
  // What we may have signed in a life that is lost is signed only as t key shares of readies agree on it (design §10).
  if (window.rule === 'pure' && isBurnt(draft, row.anchor.number)) return;
  const id: SignId = { set: row.set, kind: row.kind, id: row.id, attempt: attemptOf(window.index) };
  if (attemptRow(draft, id).begun !== undefined) return;
  forgetOld(draft, set, id);
  if (window.rule === 'pure') joinPure(draft, context, set, row, id, seed);
  else joinRound(draft, context, set, row, id, seed);
};

/** The party of a pure window is the draw from its seed block: who is in it begins, who is not leaves it to the others. */
const joinPure = (draft: Draft, context: CryptoContext, set: SetRow, row: SignableRow, id: SignId, seed: BlockRef): void => {
  const stream = attemptStream(id);
  const party = drawParty({ blockHash: fromHex(seed.hash), participants: set.n, threshold: set.t, stream });
  if (!party.some((share) => set.mine.includes(share))) return;
  begin(draft, context, id, { digest: row.digest, rule: 'pure', party, blockHash: seed.hash, stream: stream.toString() }, row.anchor);
};

const forgetOld = (draft: Draft, set: SetRow, id: SignId): void => {
  const oldest = windowOf(id.attempt) - KEPT_WINDOWS;
  if (oldest <= 0) return;
  for (const [, { id: other }] of [...attempts.rows(draft)])
    if (signableName(other) === signableName(id) && windowOf(other.attempt) < oldest) forget(draft, set, other);
};

/** Heights as keys: decimal, padded, so that rows stand in the order of the chain. */
export const blockKey = (height: number): string => String(height).padStart(10, '0');

/** Preprocesses of our processor: to the party of a pure attempt, to the convener of another. */
export const preprocessesMade = (draft: Draft, context: CryptoContext, id: SignId, digest: Hex, preprocesses: ByParticipant): void => {
  const set = sets.get(draft, setName(id.set));
  const { begun } = attemptRow(draft, id);
  if (set === undefined || begun?.digest !== digest) return;
  if (begun.rule === 'convened') {
    readyMade(draft, context, id, digest, preprocesses);
    return;
  }
  const party = holdersOf(set, begun.party ?? []);
  tellPeers(draft, context, party, signIdName(id), { kind: 'sign.preprocesses', body: { id, digest, preprocesses } });
  notePreprocesses(draft, context, id, digest, preprocesses);
};

/** A member's preprocesses for a pure attempt; those of a convened one come with its proposal. */
export const preprocessesArrived = (
  draft: Draft,
  context: CryptoContext,
  message: PeerMessage,
  { id, digest, preprocesses }: { readonly id: SignId; readonly digest: Hex; readonly preprocesses: ByParticipant },
): void => {
  const set = mayHold(draft, id);
  if (set === undefined || windowOf(id.attempt) % 2 !== 0 || !speaksFor(set, message.from, preprocesses)) return;
  if (hear(draft, context, id, message)) notePreprocesses(draft, context, id, digest, preprocesses);
};

/** Nothing more is signed of this signable: its attempts are forgotten, and the report says why. */
const drop = (draft: Draft, context: CryptoContext, row: SignableRow, reason: string): void => {
  signables.put(draft, signableName(row), { ...row, state: 'done' });
  forgetAttempts(draft, row);
  const { set, kind, id } = row;
  report(draft, context, signableName(row), { type: 'serai.report.dropped.v1', data: { set, kind, id, reason } });
};

/** Drops what is still open of a set: all of it, or what is of one kind. */
export const dropOpen = (draft: Draft, context: CryptoContext, set: SetId, reason: string, kind?: SignId['kind']): void => {
  for (const [, row] of [...signables.rows(draft)])
    if (row.state === 'open' && setName(row.set) === setName(set) && (kind ?? row.kind) === row.kind) drop(draft, context, row, reason);
};

/** A signature stands: ours, or one a member tells us of. It counts only if it verifies under the set's key. */
export const complete = (draft: Draft, context: CryptoContext, completion: Completion, ours: boolean): void => {
  const { id, digest, signature, outputHash } = completion;
  const name = signableName(id);
  const row = signables.get(draft, name);
  const set = sets.get(draft, setName(id.set));
  if (row === undefined) {
    if (set !== undefined && completions.get(draft, name) === undefined) completions.put(draft, name, completion);
    return;
  }
  // What is seen done on a chain may still lack its signature here: a member tells us a moment later.
  if (row.signature !== undefined || set?.keys === undefined) return;
  if (row.digest !== digest || !context.verify(fromHex(set.keys.substrate), fromHex(row.message), fromHex(signature))) {
    accuse(draft, context, 'sign.invalid-completion', signIdName(id), { digest, signature });
    return;
  }
  const known = outputHash === undefined ? {} : { outputHash };
  signables.put(draft, name, { ...row, state: row.state === 'done' ? 'done' : 'signed', signature, attempt: id.attempt, ...known });
  if (ours) tellPeers(draft, context, validatorsOf(set), name, { kind: 'sign.completed', body: completion });
  else tellProcessor(draft, context, id.set.network, name, { type: 'serai.sign.completed.v1', data: completion });
  report(draft, context, name, {
    type: 'serai.report.signed.v1',
    data: {
      id,
      message: row.message,
      signature,
      ...known,
      groupKey: set.keys.substrate,
      n: set.n,
      t: set.t,
      ...partyAt(draft, set, row, id),
    },
  });
  for (const validator of holdersOf(set, attemptRow(draft, id).begun?.party ?? []))
    failures.delete(draft, `${setName(set.set)}/${validator}`);
  forgetAttempts(draft, id);
  if (row.kind === 'batch') submitBatches(draft, row.set.network);
  if (row.kind !== 'slash-report') return;
  submitSlashReport(draft, row.set, row.message, signature);
  // The chain takes one of a set: any that is signed will do.
  dropOpen(draft, context, row.set, `report ${row.id} of its set is signed`, 'slash-report');
};

/** How the party came to be: of a pure attempt derived from the chain alone, as anyone can; of a convened one as it was accepted here. */
const partyAt = (draft: Draft, set: SetRow, row: SignableRow, id: SignId): PartyOf => {
  const rule = windowOf(id.attempt) % 2 === 0 ? 'pure' : 'convened';
  const { begun } = attemptRow(draft, id);
  const blockHash = begun?.blockHash ?? blocks.get(draft, blockKey(seedHeight(row.anchor.number, id.attempt)))?.hash;
  if (blockHash === undefined) return { rule };
  const stream = attemptStream({ ...id, attempt: attemptOf(windowOf(id.attempt)) });
  const seed = { blockHash, stream: stream.toString() };
  if (rule === 'convened') return { rule, ...seed, ...(begun?.party === undefined ? {} : { party: begun.party }) };
  return { rule, ...seed, party: drawParty({ blockHash: fromHex(blockHash), participants: set.n, threshold: set.t, stream }) };
};
