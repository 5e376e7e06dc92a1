import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { judgeProposal } from '../domain/crypto/judgeProposal.ts';
import { numberShares } from '../domain/crypto/members.ts';
import { type PeerBody, peerBody } from '../domain/crypto/peerBodies.ts';
import { CoordinatorError } from '../domain/errors.ts';
import type { Hex } from '../domain/hex.ts';
import { nameOfSet } from '../domain/observation/fields.ts';
import { chainMessage } from '../domain/observation/schemas.ts';
import { explainParty, type MemberExplained, type PartyExplained } from '../domain/party/explainParty.ts';
import { seedHeight, thresholdOf } from '../domain/party/window.ts';
import { type PeerMessage, peerMessage, verifyPeerMessage } from '../domain/peers/peerMessage.ts';
import { hexOf, type SignId, setName, signableName, signId, signIdName, u32 } from '../domain/processor/ids.ts';
import { type PartyMember, partyMember } from '../domain/processor/messages.ts';
import { verifySr25519 } from '../domain/threshold/schnorrkel.ts';
import { topicsOf } from '../domain/topics.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';
import { printable } from './printable.ts';
import { jsonOf, readTopics, reportsInto } from './readReports.ts';

/** A party that cannot be derived, or whose proofs do not hold. */
export class PartyError extends CoordinatorError {
  readonly code: 'party.unknown' | 'party.unproven';

  constructor(code: PartyError['code'], message: string) {
    super(message);
    this.name = 'PartyError';
    this.code = code;
  }
}

export interface ExplainCommand {
  readonly signId: SignId;
  /** The height of the signable's anchor, where the records do not tell it. */
  readonly anchor?: number;
  readonly json: boolean;
}

type Proposal = Extract<PeerBody, { kind: 'sign.proposal' }>['body'];

const proposalIn = (message: PeerMessage): Proposal | undefined => {
  const said = peerBody.safeParse({ kind: message.kind, body: message.body });
  return said.success && said.data.kind === 'sign.proposal' ? said.data.body : undefined;
};

/** What `party explain --json` prints and `--evidence` reads: all that a party is derived from. */
const evidenceFile = z.object({
  id: signId,
  anchor: u32,
  seed: z.object({ number: u32, hash: hexOf(32) }),
  set: z.object({ members: z.array(partyMember).min(1), n: u32, t: u32 }),
  proposal: peerMessage.optional(),
});
type EvidenceFile = z.infer<typeof evidenceFile>;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** What the chain's records say that a party is derived from. */
interface Found {
  members: readonly PartyMember[] | undefined;
  anchor: number | undefined;
  readonly hashes: Map<number, Hex>;
  proposal: PeerMessage | undefined;
}

const takeChain =
  (id: SignId, found: Found) =>
  (record: StoredRecord): void => {
    const read = chainMessage.safeParse({ type: record.headers['ce_type'], data: jsonOf(record) });
    if (!read.success) return;
    const { type, data } = read.data;
    if (type === 'serai.chain.block.v1') found.hashes.set(data.number, data.hash);
    else if (type === 'serai.validator-sets.participants.v1' && nameOfSet(data.set) === setName(id.set))
      // The set's members as they were when it was made: later values are of sets that follow.
      found.members ??= numberShares(data.participants);
    else if (type === 'serai.validator-sets.key-gen.v1' && nameOfSet(data.set) === setName(id.set) && id.kind === 'batch')
      found.anchor ??= data.block.number;
  };

const gather = async (config: Config, id: SignId): Promise<Found> => {
  const found: Found = { members: undefined, anchor: undefined, hashes: new Map(), proposal: undefined };
  await readTopics(config, [
    [topicsOf(config.general.name).chain, takeChain(id, found)],
    reportsInto(config, ({ type, data }) => {
      if (type === 'serai.report.attempt.v1' && signableName(data.id) === signableName(id)) found.anchor ??= data.anchor.number;
      if (type === 'serai.report.party.v1' && signIdName(data.id) === signIdName(id)) found.proposal = data.proposal;
    }),
  ]);
  return found;
};

const unknown = (what: string): never => {
  throw new PartyError('party.unknown', what);
};

/** Explains a party from the records of a deployment: they are the chain's, and `replay --check` proves that. */
export const explainFromRecords = async (config: Config, { signId: id, anchor, json }: ExplainCommand): Promise<void> => {
  const found = await gather(config, id);
  const { chain } = topicsOf(config.general.name);
  const members = found.members ?? unknown(`${chain} does not tell who the validators of ${setName(id.set)} are`);
  const from = anchor ?? found.anchor ?? unknown(`no record tells where ${signableName(id)} is anchored; give the block with --anchor`);
  const number = seedHeight(from, id.attempt);
  const hash = found.hashes.get(number) ?? unknown(`${chain} does not hold block ${String(number)}, which seeds this attempt's window`);
  const n = members.reduce((sum, { participants }) => sum + participants.length, 0);
  const set = { members: [...members], n, t: thresholdOf(n) };
  show({ id, anchor: from, seed: { number, hash }, set, ...(found.proposal === undefined ? {} : { proposal: found.proposal }) }, json);
};

/** Explains a party from a file that `party explain --json` wrote, and checks a convened party's proofs without anything else. */
export const explainFromFile = async (file: string, { json }: Pick<ExplainCommand, 'json'>): Promise<void> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('config.missing', `${file} cannot be read (${String(cause)})`);
  }
  let given: EvidenceFile;
  try {
    given = evidenceFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new PartyError('party.unproven', `${file} is not what party explain --json prints (${String(cause)})`);
  }
  if (given.seed.number !== seedHeight(given.anchor, given.id.attempt))
    throw new PartyError(
      'party.unproven',
      `block ${String(given.seed.number)} does not seed this attempt of what is anchored at ${String(given.anchor)}`,
    );
  show(given, json);
};

/** Why a proposal does not prove its party; undefined where it does. */
const faultOf = ({ id, seed, set, proposal }: EvidenceFile, { convener }: PartyExplained): string | undefined => {
  if (proposal === undefined) return undefined;
  if (proposal.from !== convener) return `its proposal is of ${proposal.from}, the convener is ${String(convener)}`;
  if (!verifyPeerMessage(proposal)) return 'its proposal is not signed by the convener';
  const said = proposalIn(proposal);
  if (said === undefined || signIdName(said.id) !== signIdName(id)) return 'its proposal is for something else';
  const begun = { digest: said.digest, blockHash: seed.hash };
  const judged = judgeProposal({ genesisHash: proposal.genesis, verify: verifySr25519 }, set, id, begun, said);
  return typeof judged === 'string' ? judged : undefined;
};

const show = (given: EvidenceFile, json: boolean): void => {
  const { id, anchor, seed, set, proposal } = given;
  const said = proposal === undefined ? undefined : proposalIn(proposal);
  const explained = explainParty({
    id,
    ...set,
    anchor,
    seedHash: seed.hash,
    ...(said === undefined ? {} : { proposed: { party: said.party, ready: said.readies.map(({ from }) => from) } }),
  });
  const fault = faultOf(given, explained);
  if (fault !== undefined) throw new PartyError('party.unproven', `the party of ${signIdName(id)} is not proven: ${fault}`);
  if (json) print(JSON.stringify({ ...explained, set, ...(proposal === undefined ? {} : { proposal }) }));
  else print(printable(textOf(explained)));
};

const memberLine = ({ validator, shares, drawn, signs, why }: MemberExplained): string =>
  `  ${signs.length > 0 ? 'in ' : 'out'}  ${validator}  shares ${shares.join(', ')}, drawn ${drawn.join(', ')}: ${why}`;

const textOf = ({ id, rule, window, round, anchor, seed, stream, n, t, convener, party, members }: PartyExplained): string =>
  [
    `${signIdName(id)}: ${rule} window ${String(window)}, round ${String(round)}`,
    `anchored at block ${String(anchor)}, seeded by block ${String(seed.number)} ${seed.hash}, stream ${stream}`,
    ...(convener === undefined ? [] : [`convened by ${convener}`]),
    `party, ${String(t)} of ${String(n)} key shares: ${party?.join(', ') ?? 'not known here'}`,
    ...members.map(memberLine),
  ].join('\n');
