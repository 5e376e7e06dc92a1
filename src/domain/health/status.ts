import { z } from 'zod';
import { externalNetwork, hex, hexOf, participant, u32, u64Text } from '../processor/ids.ts';
import { findingsOf, isReady } from './checks.ts';
import type { Facts, NodeFacts } from './facts.ts';
import { finding } from './finding.ts';
import { STANDSTILL, type Stage, stuckStages } from './readiness.ts';

/** How much of what may be many is shown: the answer stays below two megabytes whatever is in flight (docs/status.md). */
export const SHOWN = { attempts: 16, sets: 64, weighted: 16, stops: 64, letters: 10, findings: 64, reason: 500 } as const;

const moment = z.number().min(0).describe('milliseconds since 1970');
const count = z.number().int().min(0);
const height = z.number().int();
const amount = z.string().regex(/^-?(0|[1-9][0-9]*)$/);
const validator = hexOf(32);

/** A text that others may have written: shown as text, and not longer than this. */
const words = z.string().max(SHOWN.reason + 1);

const stage = z.strictObject({
  name: z.string().describe('the module, and what it does there'),
  waiting: count.describe('what waits in it'),
  movedAt: moment.describe('when something last left it, or came into it while it was empty; milliseconds since 1970'),
  reason: words.exactOptional().describe('what was in the way when it was last tried'),
  optional: z.boolean().exactOptional().describe('whether the coordinator is ready although this stage stands still'),
  patience: count.exactOptional().describe('milliseconds it may make no progress; ten seconds where it does not say'),
});

const stuck = z.strictObject({
  stage: z.string().describe('a stage with work in it that nothing has left for ten seconds, or for its own patience'),
  since: z.iso.datetime().describe('since when'),
  waiting: count.describe('what waits in it'),
  why: words.describe('what was in the way when it was last tried'),
});

const lastError = z.strictObject({
  code: z.string().describe('as in docs/peers.md'),
  text: words.describe('in words; a text of the other side where it said so'),
  at: moment.describe('when; milliseconds since 1970'),
  theirs: z.boolean().describe('whether the other side said it'),
});

const theirs = z.strictObject({
  since: moment.describe('since when it has the link, by its own clock'),
  roundTrip: z.number().nullable().describe('milliseconds there and back'),
  queue: count.describe('messages for us that we have not acknowledged'),
  lastError: z
    .strictObject({ code: words.describe('in its own words'), at: moment.describe('when, by its own clock') })
    .nullable()
    .describe('what went wrong last with us'),
  at: moment.describe('when it said all this'),
});

const peer = z.strictObject({
  validator: validator.describe('its Serai public key'),
  state: z
    .enum(['connected', 'connecting', 'disconnected', 'no-address', 'not-admitted'])
    .describe('`connected`, `connecting`, `disconnected`, `no-address` or `not-admitted`'),
  since: moment.describe('since when it is in this state'),
  address: z.string().nullable().describe('of the link, or the one dialled last'),
  openedBy: z.enum(['us', 'them']).nullable().describe('who dialled'),
  roundTrip: z.number().nullable().describe('milliseconds there and back'),
  queue: count.describe('messages that wait for its acknowledgement'),
  lastError: lastError.nullable().describe('the end of a link, a dial that failed, a refusal of ours or theirs'),
  version: words.nullable().describe('of its software'),
  protocol: z.number().nullable().describe('of the link'),
  epoch: u32.nullable().describe('the number of its start'),
  certificateUntil: height.nullable().describe('the height until which its certificate is valid'),
  throttled: z.boolean().describe('whether it is beyond its quota'),
  links: count.describe('links that were made'),
  failures: count.describe('dials that failed, and links that ended'),
  sentMessages: count.describe('messages sent, again or not'),
  sentBytes: count.describe('their bytes'),
  receivedMessages: count.describe('messages received, again or not'),
  receivedBytes: count.describe('their bytes'),
  theirs: theirs.nullable().describe('how it said it sees us'),
});

const peers = z.strictObject({
  self: validator.describe('our own Serai public key'),
  listens: z.array(z.string()).readonly().describe('the addresses we listen at'),
  height: height.describe('the finalized height that certificates are checked against'),
  peers: z.array(peer).readonly().describe('one entry for each validator we share a set with'),
  refused: z.partialRecord(z.string(), count).describe('connections and certificates that were refused, by code'),
  stopped: words.nullable().describe('why no links are held at all'),
});

const block = z.strictObject({ number: height.describe('its height'), hash: hex.describe('its hash') });

/** What the observation module knows of its chain. */
const chainStatus = z.strictObject({
  genesisHash: hexOf(32).describe('which chain it is'),
  profile: z.string().describe('the layout of its bytes'),
  finalized: block.nullable().describe('the finalized block that was observed and recorded last'),
  parked: z
    .strictObject({ height: height.describe('the block'), code: z.string().describe('what is wrong with it') })
    .nullable()
    .describe('a block that cannot be read; nothing of it is passed over'),
  node: z
    .strictObject({
      endpoint: z.string().describe('the one in use, or tried last'),
      awaySince: moment.nullable().describe('since when it does not answer; milliseconds since 1970'),
      syncing: z.boolean().describe('whether it said that it is syncing'),
      head: height.nullable().describe('its finalized head; `null` before it told of one'),
      risenAt: moment.describe('when that last rose; milliseconds since 1970'),
      failure: words.nullable().describe('what went wrong with it last, while it does not answer'),
    })
    .describe('the Serai node'),
});

const keyGen = z.strictObject({
  attempt: u32.describe('the attempt that is open'),
  party: z.array(validator).nullable().describe('who generates, once members with t key shares have signed it'),
  commitments: count.describe('members whose commitments are there'),
  shares: count.describe('members whose shares for us are there'),
  generated: z.boolean().describe('whether our processor has the keys'),
  musigRound: count.describe('the round in which the members sign that the keys are theirs'),
  submitted: z.boolean().describe('whether the keys were sent to the chain'),
});

const set = z.strictObject({
  network: externalNetwork.describe('the external network'),
  session: u32.describe('the session'),
  state: z
    .enum(['keygen', 'waiting', 'active', 'retiring', 'retired'])
    .describe(
      '`keygen`: without keys; `waiting`: the set before holds the vault; `active`; `retiring`: it owes its slash report; `retired`',
    ),
  anchor: height.describe('the block it was made in'),
  key: hex.nullable().describe('its key on Serai'),
  externalKey: hex.nullable().describe('its key on the external network'),
  keysAt: height.nullable().describe('the block that brought the keys'),
  n: count.describe('key shares in all'),
  t: count.describe('key shares that sign'),
  members: count.describe('validators'),
  weights: z
    .partialRecord(z.string(), count)
    .describe(`key shares by validator, of those of the newest ${String(SHOWN.weighted)} sets that are not retired`),
  ours: z.array(participant).describe('our own key shares'),
  keyGen: keyGen.nullable().describe('how key generation stands, while it lasts'),
});

const member = z.strictObject({
  validator: validator.describe('its Serai public key'),
  shares: z.array(participant).describe('its key shares'),
  drawn: z.array(count).describe('the places at which they were drawn, from 1'),
  signs: z.array(participant).describe('those of its shares that sign'),
  why: z.string().describe('why it is in the party or not, as `party explain` says'),
});

const attempt = z.strictObject({
  network: externalNetwork.describe('the external network'),
  session: u32.describe('the session of the set that signs'),
  kind: z.enum(['plan', 'batch', 'slash-report']).describe('what is to be signed: `plan`, `batch` or `slash-report`'),
  id: z.string().describe('which one'),
  attempt: u32.describe('64 · window + round'),
  window: count.describe('the window, counted from the anchor'),
  round: count.describe('the round within the window'),
  rule: z.enum(['pure', 'convened']).describe('`pure`: drawn from the chain alone; `convened`: chosen by the convener among those ready'),
  anchor: height.describe('the block that windows are counted from'),
  seed: block.nullable().describe('the block that seeds the draw; `null` while it is not finalized here'),
  state: z
    .enum(['held', 'out', 'convening', 'preprocesses', 'shares', 'completing'])
    .describe(
      '`held`: not begun here; `out`: signed without us; `convening`: no party yet; `preprocesses`, `shares`: being gathered; `completing`: at our processor',
    ),
  why: words.describe('why it is in this state, in words'),
  waitsFor: z.array(validator).describe('validators whose words are missing'),
  n: count.describe('key shares in all'),
  t: count.describe('key shares that sign'),
  convener: validator.nullable().describe('who convenes, of a convened attempt'),
  party: z.array(participant).nullable().describe('the key shares that sign, once they stand'),
  preprocesses: count.describe('preprocesses that are there'),
  shares: count.describe('shares that are there'),
  members: z.array(member).describe('every validator of the set, with the reason why it is in the party or not'),
});
export type AttemptStatus = z.infer<typeof attempt>;

const network = z.strictObject({
  network: externalNetwork.describe('an external network that is served'),
  session: u32.nullable().describe('the session of the set that holds the vault'),
  nextBatch: count.describe('the next batch that the chain takes'),
  stopped: z.boolean().describe('whether nothing new is signed for it'),
});

const stop = z.strictObject({
  scope: z.string().describe('`node`, `signing` or an external network'),
  code: z.string().describe('`pause` where the operator ordered it, else what was found'),
  reason: words.describe('in words'),
});

/** What the crypto module knows of sets, keys and signing. */
export const signingStatus = z.strictObject({
  head: z
    .strictObject({ ...block.shape, time: z.string().describe('its time, by the chain') })
    .nullable()
    .describe('the finalized block that was decided on last'),
  networks: z.array(network).describe('one entry for each external network'),
  sets: z.array(set).describe(`sets we are a member of, the newest first; ${String(SHOWN.sets)} at most`),
  open: count.describe('signables that are not signed yet, in all'),
  attempts: z.array(attempt).describe(`how each of them stands now, the oldest first; ${String(SHOWN.attempts)} at most`),
  stops: z.array(stop).describe(`pauses and halts that are in force; ${String(SHOWN.stops)} at most`),
  quarantine: z
    .strictObject({
      since: height.describe('the height at which it was noticed; -1 before the first block'),
      reasons: z.array(words).describe('what it was noticed by'),
    })
    .nullable()
    .describe('set while nothing is begun because the store was rolled back'),
});
export type SigningStatus = z.infer<typeof signingStatus>;

const sum = z.strictObject({
  booked: amount.describe("the coin's supply on Serai"),
  pendingIn: amount.describe('in batches that are not executed'),
  failed: amount.describe('in executed batches, of instructions that failed'),
  pendingOut: amount.describe('burnt, and not seen paid'),
  fees: amount.describe('what vaults paid to their network'),
  required: amount.describe('booked + pendingIn + failed + pendingOut − fees'),
  vault: amount.describe('what the vaults hold'),
  difference: amount.describe('vault − required'),
});

/** How a coin stands (docs/solvency.md). */
export const coinStatus = z.strictObject({
  network: externalNetwork.describe('the external network'),
  coin: z.string().describe('the coin'),
  state: z.enum(['solvent', 'doubtful', 'halted']).nullable().describe('the verdict; `null` before the first one'),
  breaches: u32.describe('breaches in a row'),
  goods: u32.describe('good checks in a row since a halt'),
  tolerance: u64Text.describe('what may be missing'),
  sum: sum.nullable().describe("what the verdict was made of, in the coin's smallest unit"),
  waitsFor: words.nullable().describe('what must be heard of before the next verdict, where that takes longer than a block'),
});
export type CoinStatus = z.infer<typeof coinStatus>;

const letter = z.strictObject({
  at: u64Text.describe('its offset on `<name>-dead-letter`, by which `dlq show` names it'),
  by: z.string().describe('the module that refused the record'),
  topic: z.string().describe('where the record stands'),
  offset: u64Text.nullable().describe('its offset there; `null` for a block of the chain'),
  fate: z.enum(['refused', 'unproven', 'parked']).describe('`refused`, `unproven` or `parked`'),
  code: z.string().describe('what was found'),
  time: z.string().describe("the record's own time"),
});

/** The dead letters nothing was done about. */
export const lettersStatus = z.strictObject({
  open: count.describe('how many'),
  newest: z
    .array(letter)
    .readonly()
    .describe(`the last ${String(SHOWN.letters)} of them, the newest first`),
});
export type LettersStatus = z.infer<typeof lettersStatus>;

/** How backups of one module's store stand. */
export const backupStatus = z.strictObject({
  module: z.string().describe('whose store'),
  made: z.iso.datetime().nullable().describe('when the latest backup was taken; `null`: there is none'),
  verified: z.iso.datetime().nullable().describe('when it was last opened and found whole'),
  age: z.number().nullable().describe('seconds since it was taken'),
  interval: z.number().describe('seconds between two of them'),
  failing: words.nullable().describe('why the last try failed'),
});
export type BackupStatus = z.infer<typeof backupStatus>;

/** What `GET /status` answers. What is told by a module that does not run in this process is `null`. */
export const status = z.strictObject({
  version: z.string().describe('of this software'),
  name: z.string().describe('of the deployment'),
  validator: validator.nullable().describe('our Serai public key; `null` until the first module runs'),
  time: z.iso.datetime().describe('when this was answered'),
  ready: z.boolean().describe('whether nothing keeps it from its duty, as `/health/ready` answers: no finding is `fail`'),
  findings: z
    .array(finding)
    .readonly()
    .describe(`what is not as it should be, by the checks that \`doctor\` makes; ${String(SHOWN.findings)} at most`),
  stuck: z.array(stuck).readonly().describe('stages that stand still'),
  stages: z.array(stage).readonly().describe('every stage that work passes through'),
  chain: chainStatus.nullable().describe('what was observed of the Serai chain'),
  signing: signingStatus.nullable().describe('sets, keys, and what is being signed'),
  solvency: z.array(coinStatus).readonly().nullable().describe('what vaults hold, against what Serai has booked: one entry for each coin'),
  deadLetters: lettersStatus.nullable().describe('dead letters nothing was done about'),
  backups: z
    .array(backupStatus)
    .readonly()
    .nullable()
    .describe('one entry for each store; `null` where no backups are taken, as on the devnet'),
  peers: peers.nullable().describe('links to the other validators (docs/peers.md)'),
});
export type Status = z.infer<typeof status>;

/** What modules tell of their own part. */
export type Sections = Partial<Pick<Status, 'chain' | 'signing' | 'solvency' | 'deadLetters'>>;

/** Cuts a text to what is shown of it. */
export const cut = (text: string): string => (text.length > SHOWN.reason ? `${text.slice(0, SHOWN.reason)}…` : text);

/** What a status is put together from. */
export interface Known extends Omit<Status, 'time' | 'ready' | 'stuck' | 'findings' | keyof Sections>, Sections {
  /** Milliseconds since 1970. */
  readonly now: number;
}

const shown = (one: Stage): Stage => (one.reason === undefined ? one : { ...one, reason: cut(one.reason) });

/** What a coordinator that runs knows of its Serai node. */
const nodeOf = ({ node, genesisHash, finalized }: NonNullable<Status['chain']>, now: number): NodeFacts => {
  const { endpoint, awaySince, syncing, failure } = node;
  // A connection that is lost may be back, or another one be made, before it comes to anything.
  if (awaySince !== null)
    return now - awaySince > STANDSTILL
      ? { endpoint, failure: { code: 'chain.unreachable', text: failure ?? 'it does not answer' } }
      : { endpoint };
  const next = finalized === null ? {} : { next: finalized.number + 1 };
  return { endpoint, syncing, genesisHash, expectedGenesis: genesisHash, ...next };
};

/** What a status says, as what can be judged. */
export const factsOf = ({
  time,
  stages,
  chain,
  peers: links,
  backups,
}: Pick<Status, 'time' | 'stages' | 'chain' | 'peers' | 'backups'>): Facts => ({
  now: Date.parse(time),
  stages,
  ...(chain === null ? {} : { nodes: [nodeOf(chain, Date.parse(time))] }),
  ...(links === null ? {} : { peers: links.peers, height: links.height }),
  ...(backups === null ? {} : { backups }),
});

/** Puts together what `GET /status` answers. */
export const statusOf = ({ now, version, name, validator: self, stages: all, peers: links, backups, ...told }: Known): Status => {
  const known = {
    time: new Date(now).toISOString(),
    stages: all.map(shown),
    chain: told.chain ?? null,
    backups,
    peers: links,
  };
  const findings = findingsOf(factsOf(known));
  return {
    version,
    name,
    validator: self,
    ...known,
    ready: isReady(findings),
    findings: findings.filter(({ verdict }) => verdict !== 'ok').slice(0, SHOWN.findings),
    stuck: stuckStages(known.stages, now),
    signing: told.signing ?? null,
    solvency: told.solvency ?? null,
    deadLetters: told.deadLetters ?? null,
  };
};
