import { fromHex, type Hex, toHex } from '../hex.ts';
import { slashReportStream } from '../party/attemptStream.ts';
import { drawParty } from '../party/drawParty.ts';
import { WINDOW } from '../party/window.ts';
import { type PeerMessage, verifyPeerMessage } from '../peers/peerMessage.ts';
import { type SetId, setName, signableName } from '../processor/ids.ts';
import type { Slash } from '../processor/messages.ts';
import { reportSlashesMessage } from '../serai/messages.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestBytes, digestOf } from './digest.ts';
import { sharesOf, validatorsOf } from './keyGenParty.ts';
import { holderOf } from './members.ts';
import { forgetOffences, noteFatal, pointsOf } from './offences.ts';
import { type PeerBody, peerBody } from './peerBodies.ts';
import { failures, head, heard, networkRow, type SetRow, sets, signables } from './rows.ts';
import { accuse, signedFor, tellPeers, tellProcessor } from './say.ts';
import { dropOpen, signableKnown } from './signing.ts';
import { slashReportBytes } from './slashReportBytes.ts';
import { isBurnt, isQuarantined } from './standing.ts';
import { tallySlashes } from './tallySlashes.ts';

/** Blocks in which one member may propose a report, before it is the next one's turn. */
const TURN = 4 * WINDOW;

/** Blocks of its turn in which whoever proposes waits for the points of all members; then those of the threshold are enough. */
const GATHER = WINDOW;

type Said<K extends PeerBody['kind']> = Extract<PeerBody, { kind: K }>['body'];

/** A set that has handed over, of which we hold key shares. */
type Retiring = SetRow & Required<Pick<SetRow, 'handover'>>;

/** A set that owes a report which the chain may still take, and of which none is signed. */
const retiringSet = (draft: Draft, set: SetId): Retiring | undefined => {
  const row = sets.get(draft, setName(set));
  if (row?.state !== 'retiring' || row.handover === undefined || row.mine.length === 0) return undefined;
  return isTooLate(draft, set) || isSigned(draft, set) ? undefined : { ...row, handover: row.handover };
};

/** Serai takes the report of the set before the newest one, and of no other (reference serai.md §b.14, docs/protocol.md). */
const isTooLate = (draft: Draft, { network, session }: SetId): boolean => (networkRow(draft, network).newest ?? 0) > session + 1;

const isSigned = (draft: Draft, set: SetId): boolean =>
  [...signables.rows(draft)].some(
    ([, row]) => row.kind === 'slash-report' && setName(row.set) === setName(set) && row.signature !== undefined,
  );

/** The session after the next one has begun: what a set has not reported by now cannot be reported any more. */
export const giveUpSlashReport = (draft: Draft, context: CryptoContext, set: SetId): void => {
  const reason = `session ${String(set.session + 2)} has begun, and the chain takes no report of session ${String(set.session)} any more`;
  dropOpen(draft, context, set, reason, 'slash-report');
};

const pointsName = (set: SetId, from: Hex): string => `slash/${setName(set)}/points/${from}`;
const proposalName = (set: SetId, number: number, from: Hex): string => `slash/${setName(set)}/proposal/${String(number)}/${from}`;
const voteName = (set: SetId, number: number, from: Hex): string => `slash/${setName(set)}/vote/${String(number)}/${from}`;

/** Whose turn it is to propose report `number`: the holder of the first participant drawn from the block of the handover. */
const proposerOf = ({ set, n, handover, members }: Retiring, number: number): Hex | undefined => {
  const [first = 0] = drawParty({
    blockHash: fromHex(handover.hash),
    participants: n,
    threshold: 1,
    stream: slashReportStream(set, number),
  });
  return holderOf({ members }, first);
};

/** The number of the report whose turn it is on our own chain. */
const turnAt = (draft: Draft, { handover }: Retiring): number => Math.floor(((head.get(draft, '')?.number ?? 0) - handover.number) / TURN);

/** Whether a turn is burnt: it began at a height at or below which we may have acted in a life that is lost (design §10). */
const isTurnBurnt = (draft: Draft, { handover }: Retiring, number: number): boolean => isBurnt(draft, handover.number + number * TURN);

/** A new finalized head: sets of ours that have handed over tell each other their points, and agree on a report. */
export const slashReportsMoved = (draft: Draft, context: CryptoContext): void => {
  for (const [, { set }] of [...sets.rows(draft)]) {
    const row = retiringSet(draft, set);
    if (row !== undefined && isLive(draft, context)) advance(draft, context, row);
  }
};

const isLive = (draft: Draft, context: CryptoContext): boolean => {
  const tip = head.get(draft, '');
  return tip !== undefined && !isQuarantined(draft) && context.isLive(Date.parse(tip.time));
};

const advance = (draft: Draft, context: CryptoContext, row: Retiring): void => {
  sayPoints(draft, context, row);
  propose(draft, context, row);
  consider(draft, context, row, turnAt(draft, row));
};

/** Our points leave once: what we hold against the others when we first see that the set has handed over. */
const sayPoints = (draft: Draft, context: CryptoContext, { set, members, handover }: Retiring): void => {
  // In a life that is lost we may have said others.
  if (heard.get(draft, pointsName(set, context.self)) !== undefined || isBurnt(draft, handover.number)) return;
  const held = validatorsOf({ members })
    .filter((validator) => validator !== context.self)
    .map((validator) => [validator, pointsOf(draft, set, validator)] as const)
    .filter(([, points]) => points > 0);
  const said: PeerBody = { kind: 'slash.points', body: { set, points: Object.fromEntries(held) } };
  heard.put(draft, pointsName(set, context.self), signedFor(context, context.self, setName(set), said));
  tellPeers(draft, context, validatorsOf({ members }), setName(set), said);
};

/** In our turn we propose, once: with the points of all members, or after some blocks with those of the threshold. */
const propose = (draft: Draft, context: CryptoContext, row: Retiring): void => {
  const { set, members, t, handover } = row;
  const number = turnAt(draft, row);
  if (
    isTurnBurnt(draft, row, number) ||
    proposerOf(row, number) !== context.self ||
    heard.get(draft, proposalName(set, number, context.self)) !== undefined
  )
    return;
  const inputs = validatorsOf(row)
    .sort()
    .flatMap((validator) => heard.get(draft, pointsName(set, validator)) ?? []);
  const late = (head.get(draft, '')?.number ?? 0) >= handover.number + number * TURN + GATHER;
  const reported = sharesOf(
    members,
    inputs.map(({ from }) => from),
  );
  if (reported < (late ? t : row.n)) return;
  const said: PeerBody = { kind: 'slash.proposal', body: { set, number, inputs } };
  const intent = `${setName(set)}/${String(number)}`;
  heard.put(draft, proposalName(set, number, context.self), signedFor(context, context.self, intent, said));
  tellPeers(draft, context, validatorsOf(row), intent, said);
};

/** The report that a proposal's inputs come to, or why it may not be agreed to. */
const reportOf = (context: CryptoContext, { set, members, t }: Retiring, { inputs }: Said<'slash.proposal'>): Slash[] | string => {
  const points: Record<string, Said<'slash.points'>['points']> = {};
  for (const input of inputs) {
    const said = peerBody.safeParse({ kind: input.kind, body: input.body });
    if (
      !said.success ||
      said.data.kind !== 'slash.points' ||
      setName(said.data.body.set) !== setName(set) ||
      input.genesis !== context.genesisHash
    )
      return `what ${input.from} is quoted with is about something else`;
    if (points[input.from] !== undefined) return `${input.from} is quoted twice`;
    if (!verifyPeerMessage(input, context.verify)) return `what ${input.from} is quoted with is not signed by it`;
    points[input.from] = said.data.body.points;
  }
  if (sharesOf(members, Object.keys(points) as Hex[]) < t) return 'it quotes fewer than the threshold of key shares';
  return tallySlashes(members, t, points);
};

/** Signs the proposal whose turn it is on our own chain, one at most for each number; and counts who signed. */
const consider = (draft: Draft, context: CryptoContext, row: Retiring, number: number): void => {
  const proposer = proposerOf(row, number);
  const message = proposer === undefined ? undefined : heard.get(draft, proposalName(row.set, number, proposer));
  if (message === undefined || signables.get(draft, signableName({ set: row.set, kind: 'slash-report', id: String(number) })) !== undefined)
    return;
  const said = peerBody.parse({ kind: message.kind, body: message.body });
  if (said.kind !== 'slash.proposal') return;
  const report = reportOf(context, row, said.body);
  if (typeof report === 'string') {
    accuse(draft, context, 'slash.invalid-proposal', `${setName(row.set)}/${String(number)}`, { messages: [message], reason: report });
    return;
  }
  const bytes = slashReportBytes(context.genesisHash, row.set, number, report);
  if (
    number === turnAt(draft, row) &&
    !isTurnBurnt(draft, row, number) &&
    heard.get(draft, voteName(row.set, number, context.self)) === undefined &&
    isLive(draft, context)
  ) {
    const vote: PeerBody = { kind: 'slash.vote', body: { set: row.set, number, signature: toHex(context.sign(bytes)) } };
    const intent = `${setName(row.set)}/${String(number)}`;
    heard.put(draft, voteName(row.set, number, context.self), signedFor(context, context.self, intent, vote));
    tellPeers(draft, context, validatorsOf(row), intent, vote);
  }
  certify(draft, context, row, number, report, bytes);
};

/** With signatures of t key shares the report stands: the processor hears of it, and it is signed as other things are. */
const certify = (
  draft: Draft,
  context: CryptoContext,
  row: Retiring,
  number: number,
  report: readonly Slash[],
  bytes: Uint8Array,
): void => {
  const { set, members, t, handover } = row;
  const signatures: Record<Hex, Hex> = {};
  for (const validator of validatorsOf(row)) {
    const vote = heard.get(draft, voteName(set, number, validator));
    const said = vote === undefined ? undefined : peerBody.parse({ kind: vote.kind, body: vote.body });
    if (said?.kind !== 'slash.vote' || !context.verify(fromHex(validator), bytes, fromHex(said.body.signature))) continue;
    signatures[validator] = said.body.signature;
  }
  if (sharesOf(members, Object.keys(signatures) as Hex[]) < t) return;
  tellProcessor(draft, context, set.network, `${setName(set)}/${String(number)}`, {
    type: 'serai.coordinator.sign-slash-report.v1',
    data: { set, number, report: [...report], signatures },
  });
  const message = reportSlashesMessage(
    set,
    report.map(({ validator, points }) => [fromHex(validator), points] as const),
  );
  signableKnown(draft, context, {
    set,
    kind: 'slash-report',
    id: String(number),
    digest: digestBytes(message),
    message: toHex(message),
    anchor: handover,
    state: 'open',
  });
};

/** Keeps the first word of a member; another one proves that it speaks with two tongues. Votes are never the same twice. */
const hear = (draft: Draft, context: CryptoContext, set: SetId, name: string, message: PeerMessage): boolean => {
  const row = sets.get(draft, setName(set));
  if (row === undefined || row.state === 'retired' || row.mine.length === 0 || !validatorsOf(row).includes(message.from)) return false;
  const known = heard.get(draft, name);
  if (known === undefined) {
    heard.put(draft, name, message);
    return true;
  }
  if (message.kind !== 'slash.vote' && digestOf(known.body) !== digestOf(message.body)) {
    noteFatal(draft, set, message.from);
    accuse(draft, context, 'slash.conflict', name, { messages: [known, message] });
  }
  return false;
};

/** How many turns ahead of our own chain a member may speak of. */
const TURNS_AHEAD = 1;

const isNear = (draft: Draft, set: SetId, number: number): boolean => {
  const row = retiringSet(draft, set);
  return number <= (row === undefined ? 0 : turnAt(draft, row)) + TURNS_AHEAD;
};

/** A member's points. */
export const pointsArrived = (draft: Draft, context: CryptoContext, message: PeerMessage, { set }: Said<'slash.points'>): void => {
  if (!hear(draft, context, set, pointsName(set, message.from), message)) return;
  const row = retiringSet(draft, set);
  if (row !== undefined && isLive(draft, context)) advance(draft, context, row);
};

/** A member's proposal or vote. */
export const slashWordArrived = (
  draft: Draft,
  context: CryptoContext,
  message: PeerMessage,
  { set, number }: Said<'slash.proposal'> | Said<'slash.vote'>,
): void => {
  const name = (message.kind === 'slash.vote' ? voteName : proposalName)(set, number, message.from);
  if (!isNear(draft, set, number) || !hear(draft, context, set, name, message)) return;
  const row = retiringSet(draft, set);
  if (row === undefined) return;
  if (message.kind === 'slash.proposal') hearQuoted(draft, context, row, message);
  consider(draft, context, row, number);
};

/** What a proposal quotes was said, to whomever: who told us something else speaks with two tongues. */
const hearQuoted = (draft: Draft, context: CryptoContext, row: Retiring, { kind, body }: PeerMessage): void => {
  const said = peerBody.parse({ kind, body });
  if (said.kind !== 'slash.proposal' || typeof reportOf(context, row, said.body) === 'string') return;
  for (const input of said.body.inputs)
    if (input.from !== context.self) hear(draft, context, row.set, pointsName(row.set, input.from), input);
};

/** Forgets what was said of a set's slash report, and what is held against its members, once the set is retired. */
export const forgetSlashReport = (draft: Draft, set: SetId): void => {
  for (const [name] of [...heard.rows(draft)]) if (name.startsWith(`slash/${setName(set)}/`)) heard.delete(draft, name);
  const members = validatorsOf({ members: sets.get(draft, setName(set))?.members ?? [] });
  forgetOffences(draft, set, members);
  for (const validator of members) failures.delete(draft, `${setName(set)}/${validator}`);
};
