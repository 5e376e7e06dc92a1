import type { Hex } from '../hex.ts';
import type { PeerMessage } from '../peers/peerMessage.ts';
import type { ExternalNetworkName, SetId, SignId } from '../processor/ids.ts';
import type { Burn, Completion, PartyMember } from '../processor/messages.ts';
import { table, type View } from '../tables.ts';
import type { KeyGenParty } from './peerBodies.ts';

/** A finalized block as others are counted from it. */
export interface BlockRef {
  readonly number: number;
  readonly hash: Hex;
}

/** The finalized head this module has seen the whole of. */
export interface HeadRow extends BlockRef {
  readonly time: string;
}

/** A set's members as the chain listed them when the set was made. */
export interface RosterRow {
  readonly members: readonly PartyMember[];
}

/** Whom the chain removed from a set with its keys, until the `KeyGen` event of the same extrinsic takes effect. */
export interface RemovalRow {
  readonly removed: readonly Hex[];
}

export interface KeyPairRow {
  readonly substrate: Hex;
  readonly network: Hex;
}

/** A set we are a member of: until its keys are on chain all its members, from then on those that were not removed (design §7.6). */
export interface SetRow {
  readonly set: SetId;
  readonly anchor: BlockRef;
  readonly members: readonly PartyMember[];
  readonly n: number;
  readonly t: number;
  /** Our own key shares; none where we were removed. */
  readonly mine: readonly number[];
  /**
   * `waiting`: its keys stand, and the set before still holds the vault; `active`: it took the vault over; `retiring`: it handed
   * it over, and owes its slash report (reference serai.md §b.17).
   */
  readonly state: 'keygen' | 'waiting' | 'active' | 'retiring' | 'retired';
  readonly keys?: KeyPairRow & { readonly block: BlockRef };
  /** The first batch that is its to sign: the handover, unless it is the first set. */
  readonly firstBatch?: number;
  /** The block in which it handed over. */
  readonly handover?: BlockRef;
}

/** A convener's proposal that may stand: the digest of its party, and how many key shares have signed it. */
export interface ProposalRow {
  readonly digest: Hex;
  readonly shares: number;
}

/** What came of a member's accusation: it waits for our processor, cannot be judged by what we were told, was asked about, or is answered. */
export type AccusationState = 'held' | 'foreign' | 'asked' | 'judged';

/** A key generation attempt. What members say of it stands in `heard`, each word in a row of its own; here it is counted. */
export interface KeyGenRow {
  /** Whether we have seen it open on our own chain, and acted on it. */
  readonly opened: boolean;
  /** By convener. */
  readonly proposals: Readonly<Record<Hex, ProposalRow>>;
  /** How many members' commitments are there. */
  readonly commitments: number;
  readonly commitmentsGiven: boolean;
  /** The digest of the commitments that our processor was given. */
  readonly map?: Hex;
  /** Whether our processor took them, and made its shares with them. */
  readonly dealt?: boolean;
  /** From how many members shares for us are there. */
  readonly shares: number;
  readonly sharesGiven: boolean;
  readonly keyPair?: KeyPairRow;
  /** The MuSig round we are in. */
  readonly round: number;
  readonly submitted: boolean;
  /** How often we said what we lack. */
  readonly asked?: number;
  /** What came of members' accusations, by accuser and accused. */
  readonly accusations?: Readonly<Record<string, AccusationState>>;
  /** Whether we accused somebody: then our secret of the attempt is known, and we have no further part in it. */
  readonly hasAccused?: boolean;
}

/** One MuSig round of `set_keys` (reference serai.md §c.8): our part in it, and how many words of others are there. */
export interface MusigRow {
  readonly mine: 'none' | 'committed' | 'shared';
  readonly commitments: number;
  readonly shares: number;
}

/** Something to be signed. Its digest is write-once. */
export interface SignableRow {
  readonly set: SetId;
  readonly kind: SignId['kind'];
  readonly id: string;
  readonly digest: Hex;
  readonly message: Hex;
  readonly anchor: BlockRef;
  readonly state: 'open' | 'signed' | 'done';
  readonly signature?: Hex;
  readonly attempt?: number;
  /** What its transaction is known by on the external chain. */
  readonly outputHash?: Hex;
}

/** How an attempt was begun. */
export interface BegunRow {
  readonly digest: Hex;
  readonly rule: 'pure' | 'convened';
  /** Who signs; of a convened attempt once its proposal was accepted. */
  readonly party?: readonly number[];
  /** The window's seed block, and the stream of its draw. */
  readonly blockHash: Hex;
  readonly stream: string;
  /** Who convenes it, where it is not pure. */
  readonly convener?: Hex;
}

/** The signing journal: an attempt, written before the processor hears of it. What members say of it stands in rows of its own. */
export interface AttemptRow {
  readonly id: SignId;
  readonly begun?: BegunRow;
  /** The finalized height at which we first heard of it. */
  readonly since: number;
  /** Digest of the map of preprocesses, once it stands. */
  readonly map?: Hex;
  readonly sharesGiven: boolean;
  /** How many preprocesses and shares are there. */
  readonly preprocesses: number;
  readonly shares: number;
}

/** A preprocess with the digest of what it is for, or a share with the digest of its map: by attempt, kind and participant. */
export interface WordRow {
  readonly bytes: Hex;
  readonly of: Hex;
}

/** The round of a convened window that we convene; what came before our own chain was there is held in it. */
export interface ConveningRow {
  readonly id: SignId;
  /** The participants as the window's seed block draws them. */
  readonly order?: readonly number[];
  /** The finalized height at which the round was opened. */
  readonly openedAt?: number;
  /** The signed readies, by validator. */
  readonly readies: Readonly<Record<string, PeerMessage>>;
  readonly proposed?: { readonly party: readonly number[]; readonly at: number };
}

/** What a Serai block holds for one network, gathered until the block is whole. */
export interface GatheredRow {
  readonly burns: readonly Burn[];
  readonly batches: readonly number[];
}

/** A batch, until what the chain executed was held against what our processor proposed. */
export interface BatchRow {
  readonly proposed?: { readonly session: number; readonly instructionsHash: Hex; readonly block: Hex };
  readonly executed?: { readonly instructionsHash: Hex; readonly block: Hex; readonly at: BlockRef };
}

/** Where a network stands. */
export interface NetworkRow {
  /** The next batch to be submitted. */
  readonly nextBatch: number;
  /** All batches below this one are on chain as our processor proposed them. */
  readonly verified: number;
  /** The newest external block that the chain executed a batch of. */
  readonly latestBlock?: Hex;
  /** The session of the set that holds the vault. */
  readonly session?: number;
  /** The newest session that the chain has begun. */
  readonly newest?: number;
  readonly halted?: string;
}

export const head = table<HeadRow>('head');
export const blocks = table<BlockRef>('blocks');
export const rosters = table<RosterRow>('rosters');
export const removals = table<RemovalRow>('removals');
export const sets = table<SetRow>('sets');
export const keyGens = table<KeyGenRow>('keyGens');
/** The party of a key generation attempt that members with t key shares have signed; and the latest such attempt of each set. */
export const parties = table<KeyGenParty>('parties');
export const latestParties = table<number>('latestParties');
/** Whose proposal a member's vote signs, by attempt and member. */
export const signers = table<Hex>('signers');
/** Who sent what must not be sent in an attempt. */
export const blames = table<readonly Hex[]>('blames');
/** Who signed two different words in an attempt. */
export const doubles = table<readonly Hex[]>('doubles');
/** Shares that a member has shown to all since one said that it lacks them, with the finalized height at which we saw them: by attempt, sender and receiver. */
export const shown = table<{ readonly message: PeerMessage; readonly at: number }>('shown');
/** Whose shares a member says it lacks, with the finalized height at which we heard it first: by attempt and member. */
export const lacks = table<Readonly<Record<Hex, number>>>('lacks');
/** Words that were relayed to a member, by attempt and member. */
export const relays = table<readonly Hex[]>('relays');
export const musigs = table<MusigRow>('musigs');
export const signables = table<SignableRow>('signables');
export const attempts = table<AttemptRow>('attempts');
export const convenings = table<ConveningRow>('convenings');
/** The first signed word of each kind of each validator on an attempt, which is proof: by attempt, kind and validator. */
export const heard = table<PeerMessage>('heard');
export const words = table<WordRow>('words');
/** How often a member of a set has not sent what it owed, by set and validator. */
export const failures = table<number>('failures');
/** The end of the chain of attempts that were begun. */
export const journal = table<{ readonly number: number; readonly head: Hex }>('journal');
export const completions = table<Completion>('completions');
export const gathered = table<GatheredRow>('gathered');
export const networks = table<NetworkRow>('networks');
/** By network and id. */
export const batches = table<BatchRow>('batches');
/** The digest of what may be signed under a name: write-once, across attempts and sets (design §8). */
export const digests = table<Hex>('digests');
/** Payments seen on their external chain before we heard of their plans. */
export const outputs = table<{ readonly outputHash: Hex; readonly block: Hex }>('outputs');

/** Where a network stands; at the beginning where nothing is known of it. */
export const networkRow = (view: View, network: ExternalNetworkName): NetworkRow =>
  networks.get(view, network) ?? { nextBatch: 0, verified: 0 };

/** Whether a set has keys and may sign with them. */
export const mayUseKeys = (row: SetRow | undefined): row is SetRow & Required<Pick<SetRow, 'keys'>> =>
  row?.keys !== undefined && row.state !== 'retired' && row.mine.length > 0;
