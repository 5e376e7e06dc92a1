import type { Hex } from '../hex.ts';
import type { PeerMessage } from '../peers/peerMessage.ts';
import type { ByParticipant, ExternalNetworkName, SetId, SignId } from '../processor/ids.ts';
import type { Burn, PartyMember } from '../processor/messages.ts';
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
  readonly state: 'keygen' | 'active' | 'retired';
  readonly keys?: KeyPairRow & { readonly block: BlockRef };
}

/** A key generation attempt; what came before the attempt was known is held here too. By validator, as participants are numbered anew. */
export interface KeyGenRow {
  /** Whether we have seen it open on our own chain, and acted on it. */
  readonly opened: boolean;
  /** The first word of each convener. */
  readonly proposals: Readonly<Record<Hex, KeyGenParty>>;
  readonly votes: Readonly<Record<Hex, Hex>>;
  /** The party that members with t key shares have signed. */
  readonly party?: KeyGenParty;
  readonly commitments: Readonly<Record<Hex, Hex>>;
  readonly commitmentsGiven: boolean;
  /** Shares for us, by sender and then by our participant. */
  readonly shares: Readonly<Record<Hex, ByParticipant>>;
  readonly sharesGiven: boolean;
  readonly keyPair?: KeyPairRow;
  /** The MuSig round we are in. */
  readonly round: number;
  readonly submitted: boolean;
  /** Who sent what must not be sent. */
  readonly blamed: readonly Hex[];
}

/** One MuSig round of `set_keys` (reference serai.md §c.8): by validator. */
export interface MusigRow {
  readonly commitments: Readonly<Record<string, Hex>>;
  readonly digests: Readonly<Record<string, Hex>>;
  readonly shares: Readonly<Record<string, Hex>>;
  readonly mine: 'none' | 'committed' | 'shared';
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

/** Where a network stands. */
export interface NetworkRow {
  readonly nextBatch: number;
  readonly halted?: string;
}

export const head = table<HeadRow>('head');
export const blocks = table<BlockRef>('blocks');
export const rosters = table<RosterRow>('rosters');
export const removals = table<RemovalRow>('removals');
export const sets = table<SetRow>('sets');
export const keyGens = table<KeyGenRow>('keyGens');
export const musigs = table<MusigRow>('musigs');
export const signables = table<SignableRow>('signables');
export const attempts = table<AttemptRow>('attempts');
export const convenings = table<ConveningRow>('convenings');
/** The first signed word of each kind of each other validator on an attempt, which is proof: by attempt, kind and validator. */
export const heard = table<PeerMessage>('heard');
export const words = table<WordRow>('words');
/** How often a member of a set has not sent what it owed, by set and validator. */
export const failures = table<number>('failures');
/** The end of the chain of attempts that were begun. */
export const journal = table<{ readonly number: number; readonly head: Hex }>('journal');
export const completions = table<{ readonly id: SignId; readonly digest: Hex; readonly signature: Hex }>('completions');
export const gathered = table<GatheredRow>('gathered');
export const networks = table<NetworkRow>('networks');

/** The set whose keys a network's vault is under now. */
export const activeSet = (view: View, network: ExternalNetworkName): SetRow | undefined => {
  const active = [...sets.rows(view)].map(([, row]) => row).filter((row) => row.set.network === network && row.state === 'active');
  return active.sort((a, b) => b.set.session - a.set.session)[0];
};
