import type { Hex } from '../../domain/hex.ts';
import type { ByParticipant, SetId } from '../../domain/processor/ids.ts';
import type { Burn, ExternalObservation, PartyMember } from '../../domain/processor/messages.ts';
import { table, type View } from '../../domain/tables.ts';

/** The bucket of each table in a processor's store; numbers are never reused. */
export const TABLE_BUCKETS: Readonly<Record<string, number>> = {
  keyGen: 31,
  key: 32,
  signable: 33,
  attempt: 34,
  block: 35,
  outgoing: 36,
  cursor: 37,
  vault: 38,
  plan: 39,
  queue: 40,
  answer: 41,
  height: 42,
  balance: 43,
  burn: 44,
};

/** A key generation attempt. Everything random in it stands here before a reply leaves, so a restart goes on where it was. */
export interface KeyGenRow {
  /** The first of our participants; the others follow it. */
  readonly index: number;
  readonly t: number;
  readonly n: number;
  /** The participants of each member, in the order of the set. */
  readonly members: readonly (readonly number[])[];
  /** Their Serai keys, in the same order. */
  readonly validators: readonly Hex[];
  /** BLAKE2b-256 of the party that the certificate is about. */
  readonly party: Hex;
  /** The secret polynomial of each of our participants; gone once the keys stand, or another attempt has begun. */
  readonly coefficients: Readonly<Record<string, readonly Hex[]>>;
  /** The secret that shares for us are encrypted to; gone with them. */
  readonly encryption: Hex;
  /** X25519 public key ‖ commitments and proof of knowledge of each of our participants, as it left. */
  readonly blob: Hex;
  /** Everyone's blobs by first participant, once known, and the encrypted shares we made then. */
  readonly blobs?: ByParticipant;
  readonly shares?: ByParticipant;
  readonly key?: KeyShareRow;
  /** Whose shares for us were wrong, as it was said with our encryption secret: the attempt is over for us, and its other secrets are gone. */
  readonly blamed?: BlamedRow;
}

/** The secret that proves a blame, and who was blamed with it. */
export interface BlamedRow {
  readonly proof: Hex;
  readonly for: readonly { readonly participant: number; readonly reason: string }[];
}

/** Our shares of a generated key. */
export interface KeyShareRow {
  readonly groupKey: Hex;
  /** Those of all our participants. */
  readonly secretShares: ByParticipant;
  readonly verifyingShares: ByParticipant;
}

/** A key the chain has confirmed, by set. */
export interface KeyRow extends KeyShareRow {
  readonly t: number;
  readonly n: number;
  readonly members: readonly PartyMember[];
}

/** The key of a session's vault, whether we hold shares of it or not. */
export interface VaultRow {
  readonly key: Hex;
  /** The newest external block Serai knew when it took the key; zeros for none. */
  readonly since: Hex;
  /** The external block in which the vault before was forwarded to this one. */
  readonly forwardedAt?: number;
}

/** A plan, or the transaction that carried it out; which of them comes first depends on how far we are on either chain. */
export interface PlanRow {
  readonly session?: number;
  readonly forward: boolean;
  readonly minedAt?: number;
}

/** A message that may be signed, by kind and id: write-once (design §8). */
export interface SignableRow {
  readonly digest: Hex;
  readonly message: Hex;
  readonly signature?: Hex;
}

/** An attempt for which preprocesses may have left: no second ones are ever made. */
export interface AttemptRow {
  readonly digest: Hex;
  /** Who signs; of a convened attempt once our shares were made. */
  readonly party?: readonly number[];
  /** Those of our participants. */
  readonly own: ByParticipant;
  /** Which map of preprocesses our shares were made for. */
  readonly map?: Hex;
  readonly preprocesses?: ByParticipant;
  readonly shares?: ByParticipant;
}

/** What an external block told us, by height. */
export interface BlockRow {
  readonly hash: Hex;
  readonly observations: readonly ExternalObservation[];
}

/** What the external chain has yet to hear of. */
export type OutgoingRow =
  | { readonly kind: 'vault'; readonly set: string; readonly key: Hex }
  | { readonly kind: 'payment'; readonly plan: Hex; readonly message: Hex; readonly signature: Hex };

/** Where we are on the external chain. */
export interface CursorRow {
  readonly height: number;
  readonly nextBatch: number;
  /** The height of the last block that a batch was made of. */
  readonly batchedAt: number;
  /** The session whose vault the next block is for. */
  readonly session: number;
  /** The newest block that Serai is known to know; zeros for none. */
  readonly acknowledged: Hex;
}

/** Before the first block. */
export const START: CursorRow = { height: 0, nextBatch: 0, batchedAt: 0, session: 0, acknowledged: `0x${'00'.repeat(32)}` };

/** A burn, and where it stands: its Serai block, and its place among the network's burns there. */
export interface PlacedBurn {
  readonly burn: Burn;
  readonly block: number;
  readonly index: number;
}

/** What a Serai block was answered with. */
export type AnswerRow = readonly { readonly set: SetId; readonly id: Hex; readonly message: Hex }[];

/** What is burnt after a roll-back; while it is held, nothing is signed at all. */
export interface BurnRow {
  readonly upTo: number;
  readonly held?: boolean;
}

export const burns = table<BurnRow>('burn');
export const keyGens = table<KeyGenRow>('keyGen');
export const keys = table<KeyRow>('key');
export const signables = table<SignableRow>('signable');
export const attempts = table<AttemptRow>('attempt');
export const blocks = table<BlockRow>('block');
export const outgoing = table<OutgoingRow>('outgoing');
export const cursors = table<CursorRow>('cursor');
/** By session. */
export const vaults = table<VaultRow>('vault');
export const plans = table<PlanRow>('plan');
/** Burns that wait for the next vault. */
export const queue = table<PlacedBurn>('queue');
/** By Serai block number. */
export const answers = table<AnswerRow>('answer');
/** What each vault holds, by session, in the smallest unit. */
export const balances = table<string>('balance');
/** Heights of external blocks by hash. */
export const heights = table<number>('height');

/** A key generation attempt as one word. */
export const keyGenName = ({ set, attempt }: { readonly set: SetId; readonly attempt: number }): string =>
  `${set.network}/${String(set.session)}/${String(attempt)}`;

/** The attempts of a set that stand here. */
export const attemptsOf = (view: View, set: SetId): number[] =>
  [...keyGens.rows(view)].flatMap(([name]) => {
    const attempt = Number(name.split('/').at(-1));
    return name === keyGenName({ set, attempt }) ? [attempt] : [];
  });
