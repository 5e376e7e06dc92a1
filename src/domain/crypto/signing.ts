import { fromHex, type Hex } from '../hex.ts';
import { attemptStream } from '../party/attemptStream.ts';
import { drawParty } from '../party/drawParty.ts';
import { attemptOf, seedHeight, windowAt, windowOf } from '../party/window.ts';
import { type ByParticipant, type SetId, type SignId, setName, signableName, signIdName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { validatorsOf } from './keyGen.ts';
import type { PartyOf } from './reports.ts';
import { type AttemptRow, attempts, blocks, completions, head, networks, type SetRow, type SignableRow, sets, signables } from './rows.ts';
import { accuse, report, tellPeers, tellProcessor } from './say.ts';

const nothing = (id: SignId): AttemptRow => ({ id, preprocesses: {}, digests: {}, shares: {}, maps: {}, sharesGiven: false });

const attemptRow = (draft: Draft, id: SignId): AttemptRow => attempts.get(draft, signIdName(id)) ?? nothing(id);

/** Something to sign has become known. Its digest stands for ever; a different one is refused and kept as evidence. */
export const signableKnown = (draft: Draft, context: CryptoContext, row: SignableRow): void => {
  const name = signableName(row);
  const known = signables.get(draft, name);
  if (known !== undefined) {
    if (known.digest !== row.digest) accuse(draft, context, 'sign.digest-conflict', name, { known: known.digest, other: row.digest });
    return;
  }
  signables.put(draft, name, row);
  const completed = completions.get(draft, name);
  if (completed === undefined) {
    begin(draft, context, row);
    return;
  }
  completions.delete(draft, name);
  complete(draft, context, completed.id, completed.digest, completed.signature, false);
};

/** A new finalized head: whoever is drawn in a window that just opened begins. */
export const headMoved = (draft: Draft, context: CryptoContext): void => {
  for (const [, row] of [...signables.rows(draft)]) if (row.state === 'open') begin(draft, context, row);
};

/**
 * Begins the attempt of the current window where it is pure, joinable and ours: the party is the draw from the window's seed
 * block (design §8). The journal row stands before the processor hears of it.
 */
const begin = (draft: Draft, context: CryptoContext, row: SignableRow): void => {
  const set = sets.get(draft, setName(row.set));
  const tip = head.get(draft, '');
  if (set?.state !== 'active' || tip === undefined || halted(draft, row.set)) return;
  const window = windowAt(row.anchor.number, tip.number);
  if (window === undefined || window.rule !== 'pure' || !window.joinable) return;
  const id: SignId = { set: row.set, kind: row.kind, id: row.id, attempt: attemptOf(window.index) };
  const seed = blocks.get(draft, blockKey(window.seedHeight));
  const attempt = attemptRow(draft, id);
  if (seed === undefined || attempt.begun !== undefined) return;
  const stream = attemptStream(id);
  const party = drawParty({ blockHash: fromHex(seed.hash), participants: set.n, threshold: set.t, stream });
  if (!party.some((share) => set.mine.includes(share))) return;
  attempts.put(draft, signIdName(id), {
    ...attempt,
    begun: { digest: row.digest, party, blockHash: seed.hash, stream: stream.toString() },
  });
  report(draft, context, signIdName(id), { type: 'serai.report.attempt.v1', data: { id, party, rule: window.rule, digest: row.digest } });
  tellProcessor(draft, context, row.set.network, signIdName(id), {
    type: 'serai.sign.attempt.v1',
    data: { id, digest: row.digest, party },
  });
};

const halted = (draft: Draft, set: SetId): boolean => networks.get(draft, set.network)?.halted !== undefined;

/** Heights as keys: decimal, padded, so that rows stand in the order of the chain. */
export const blockKey = (height: number): string => String(height).padStart(10, '0');

/** A row belongs to an attempt we may hear of: the set is ours, and the window no further than one ahead. */
const mayHold = (draft: Draft, id: SignId): SetRow | undefined => {
  const set = sets.get(draft, setName(id.set));
  const row = signables.get(draft, signableName(id));
  const tip = head.get(draft, '');
  if (set === undefined || tip === undefined || (row !== undefined && row.state !== 'open')) return undefined;
  const anchor = row?.anchor.number ?? (id.kind === 'batch' ? set.keys?.block.number : tip.number);
  const current = anchor === undefined ? 0 : (windowAt(anchor, tip.number)?.index ?? 0);
  return windowOf(id.attempt) <= current + 1 ? set : undefined;
};

const speaksFor = (set: SetRow, from: Hex, said: ByParticipant): boolean => {
  const own = set.members.find((member) => member.validator === from)?.participants ?? [];
  const shares = Object.keys(said).map(Number);
  return shares.length > 0 && shares.every((share) => own.includes(share));
};

/** Adds what a member said to what is known; the first word stands, another one is evidence. */
const merge = (draft: Draft, context: CryptoContext, id: SignId, known: ByParticipant, said: ByParticipant): ByParticipant => {
  for (const [share, bytes] of Object.entries(said)) {
    const before = known[share];
    if (before !== undefined && before !== bytes)
      accuse(draft, context, 'sign.conflict', signIdName(id), { share, known: before, other: bytes });
  }
  return { ...said, ...known };
};

const labelled = (said: ByParticipant, label: Hex): Record<string, Hex> =>
  Object.fromEntries(Object.keys(said).map((share) => [share, label]));

/** Preprocesses: our processor's go to the party, the party's are gathered until all are there. */
export const preprocessesMade = (draft: Draft, context: CryptoContext, id: SignId, digest: Hex, preprocesses: ByParticipant): void => {
  const set = sets.get(draft, setName(id.set));
  const { begun } = attemptRow(draft, id);
  if (set === undefined || begun?.digest !== digest) return;
  tellPeers(draft, context, partyOf(set, begun.party), signIdName(id), { kind: 'sign.preprocesses', body: { id, digest, preprocesses } });
  notePreprocesses(draft, context, id, digest, preprocesses);
};

export const preprocessesArrived = (
  draft: Draft,
  context: CryptoContext,
  from: Hex,
  id: SignId,
  digest: Hex,
  preprocesses: ByParticipant,
): void => {
  const set = mayHold(draft, id);
  if (set === undefined || !speaksFor(set, from, preprocesses)) return;
  notePreprocesses(draft, context, id, digest, preprocesses);
};

const notePreprocesses = (draft: Draft, context: CryptoContext, id: SignId, digest: Hex, said: ByParticipant): void => {
  const attempt = attemptRow(draft, id);
  attempts.put(draft, signIdName(id), {
    ...attempt,
    preprocesses: merge(draft, context, id, attempt.preprocesses, said),
    digests: { ...labelled(said, digest), ...attempt.digests },
  });
  fixMap(draft, context, id);
};

const partyOf = (set: SetRow, party: readonly number[]): Hex[] =>
  set.members.filter(({ participants }) => participants.some((share) => party.includes(share))).map(({ validator }) => validator);

/** What the party's members sent, in ascending order of share; undefined while one is missing. */
const allOf = (said: ByParticipant, party: readonly number[]): ByParticipant | undefined => {
  const ordered = [...party].sort((a, b) => a - b).map((share) => [String(share), said[String(share)]] as const);
  return ordered.every(([, bytes]) => bytes !== undefined) ? (Object.fromEntries(ordered) as ByParticipant) : undefined;
};

/** All preprocesses are there and speak of our digest: the map is fixed, once, and the processor gets it. */
const fixMap = (draft: Draft, context: CryptoContext, id: SignId): void => {
  const attempt = attemptRow(draft, id);
  const { begun, digests } = attempt;
  if (begun === undefined || attempt.map !== undefined) return;
  const preprocesses = allOf(attempt.preprocesses, begun.party);
  if (preprocesses === undefined) return;
  const foreign = begun.party.find((share) => digests[String(share)] !== begun.digest);
  if (foreign !== undefined) {
    accuse(draft, context, 'sign.digest-differs', signIdName(id), {
      share: foreign,
      theirs: digests[String(foreign)] ?? null,
      ours: begun.digest,
    });
    return;
  }
  attempts.put(draft, signIdName(id), { ...attempt, map: digestOf(preprocesses) });
  tellProcessor(draft, context, id.set.network, signIdName(id), {
    type: 'serai.sign.preprocesses.v1',
    data: { id, digest: begun.digest, preprocesses },
  });
  giveShares(draft, context, id);
};

/** Our processor's shares go to the party, unless the network was halted meanwhile. */
export const sharesMade = (
  draft: Draft,
  context: CryptoContext,
  said: { id: SignId; digest: Hex; map: Hex; shares: ByParticipant },
): void => {
  const { id, digest, map, shares } = said;
  const set = sets.get(draft, setName(id.set));
  const attempt = attemptRow(draft, id);
  if (set === undefined || attempt.begun?.digest !== digest || attempt.map !== map || halted(draft, id.set)) return;
  tellPeers(draft, context, partyOf(set, attempt.begun.party), signIdName(id), { kind: 'sign.shares', body: { id, digest, map, shares } });
  noteShares(draft, context, id, map, shares);
};

export const sharesArrived = (
  draft: Draft,
  context: CryptoContext,
  from: Hex,
  said: { id: SignId; map: Hex; shares: ByParticipant },
): void => {
  const set = mayHold(draft, said.id);
  if (set === undefined || !speaksFor(set, from, said.shares)) return;
  noteShares(draft, context, said.id, said.map, said.shares);
};

const noteShares = (draft: Draft, context: CryptoContext, id: SignId, map: Hex, said: ByParticipant): void => {
  const attempt = attemptRow(draft, id);
  attempts.put(draft, signIdName(id), {
    ...attempt,
    shares: merge(draft, context, id, attempt.shares, said),
    maps: { ...labelled(said, map), ...attempt.maps },
  });
  giveShares(draft, context, id);
};

/** All shares are there and were made for our map: the processor completes the signature. */
const giveShares = (draft: Draft, context: CryptoContext, id: SignId): void => {
  const attempt = attemptRow(draft, id);
  const { begun, map, maps } = attempt;
  if (begun === undefined || map === undefined || attempt.sharesGiven) return;
  const shares = allOf(attempt.shares, begun.party);
  if (shares === undefined) return;
  const foreign = begun.party.find((share) => maps[String(share)] !== map);
  if (foreign !== undefined) {
    accuse(draft, context, 'sign.map-differs', signIdName(id), { share: foreign, theirs: maps[String(foreign)] ?? null, ours: map });
    return;
  }
  attempts.put(draft, signIdName(id), { ...attempt, sharesGiven: true });
  tellProcessor(draft, context, id.set.network, signIdName(id), {
    type: 'serai.sign.shares.v1',
    data: { id, digest: begun.digest, shares },
  });
};

/** A signature stands: ours, or one a member tells us of. It counts only if it verifies under the set's key. */
export const complete = (draft: Draft, context: CryptoContext, id: SignId, digest: Hex, signature: Hex, ours: boolean): void => {
  const name = signableName(id);
  const row = signables.get(draft, name);
  const set = sets.get(draft, setName(id.set));
  if (row === undefined) {
    if (set !== undefined && completions.get(draft, name) === undefined) completions.put(draft, name, { id, digest, signature });
    return;
  }
  // What is seen done on a chain may still lack its signature here: a member tells us a moment later.
  if (row.signature !== undefined || set?.keys === undefined) return;
  if (row.digest !== digest || !context.verify(fromHex(set.keys.substrate), fromHex(row.message), fromHex(signature))) {
    accuse(draft, context, 'sign.invalid-completion', signIdName(id), { digest, signature });
    return;
  }
  signables.put(draft, name, { ...row, state: row.state === 'done' ? 'done' : 'signed', signature, attempt: id.attempt });
  if (ours) {
    tellPeers(draft, context, validatorsOf(set), name, { kind: 'sign.completed', body: { id, digest, signature } });
  } else {
    tellProcessor(draft, context, id.set.network, name, { type: 'serai.sign.completed.v1', data: { id, digest, signature } });
  }
  report(draft, context, name, {
    type: 'serai.report.signed.v1',
    data: {
      id,
      message: row.message,
      signature,
      groupKey: set.keys.substrate,
      n: set.n,
      t: set.t,
      ...partyAt(draft, set, row, id),
    },
  });
  for (const [key, attempt] of [...attempts.rows(draft)]) if (signableName(attempt.id) === name) attempts.delete(draft, key);
  if (row.kind === 'batch') submitBatches(draft, row.set);
};

/** The party of a pure attempt, derived from the chain alone, as anyone can. */
const partyAt = (draft: Draft, set: SetRow, row: SignableRow, id: SignId): PartyOf => {
  const blockHash =
    attempts.get(draft, signIdName(id))?.begun?.blockHash ?? blocks.get(draft, blockKey(seedHeight(row.anchor.number, id.attempt)))?.hash;
  if (blockHash === undefined) return { rule: 'pure' };
  const stream = attemptStream(id);
  const party = drawParty({ blockHash: fromHex(blockHash), participants: set.n, threshold: set.t, stream });
  return { party, rule: 'pure', blockHash, stream: stream.toString() };
};

/** Signed batches go to the chain strictly by id. */
const submitBatches = (draft: Draft, set: SetId): void => {
  const network = networks.get(draft, set.network) ?? { nextBatch: 0 };
  let { nextBatch } = network;
  for (;;) {
    const row = signables.get(draft, signableName({ set, kind: 'batch', id: String(nextBatch) }));
    if (row === undefined || row.state === 'open') break;
    nextBatch += 1;
    if (row.state === 'done' || row.signature === undefined) continue;
    draft.do('chain', {
      call: 'execute_batch',
      network: set.network,
      id: Number(row.id),
      // The message is `InInstructions-batch` ‖ SCALE(batch).
      batch: `0x${row.message.slice(2 + 2 * 'InInstructions-batch'.length)}`,
      signature: row.signature,
    });
  }
  networks.put(draft, set.network, { ...network, nextBatch });
};
