import type { Hex } from '../hex.ts';
import { seedHeight } from '../party/window.ts';
import type { ExternalNetworkName, KeyGenId, SignId } from '../processor/ids.ts';
import { type Draft, type Json, table, type View } from '../tables.ts';
import { keyGenStart } from './keyGenClock.ts';
import type { SetRow, SignableRow } from './rows.ts';

/** One start of a coordinator: its number, and the random id that tells it from another start that took the same number. */
export interface EpochRef {
  readonly epoch: number;
  readonly instance: Hex;
}

/** The epoch we are in (design §10). */
export interface OwnEpochRow extends EpochRef {
  /** The one before it, as this store knows it. */
  readonly before?: EpochRef;
  /** The height of the first block of now that was seen in it. */
  readonly fence?: number;
  /** The last sequence this store had written for each processor before the epoch. */
  readonly commands: Readonly<Partial<Record<ExternalNetworkName, string>>>;
}

/** How much passed between us and a validator in an epoch: of ours where we told, of its own where we heard. */
export interface CountRow extends EpochRef {
  readonly count: number;
}

/** A store that was rolled back, or may have been: nothing is begun until the operator resumes (design §10). */
export interface QuarantineRow {
  /** The finalized height at which it was noticed; -1 before the first block. */
  readonly since: number;
  /** What it was noticed by. */
  readonly reasons: readonly string[];
  /** Epochs of ours that others have seen: the next one is above them. */
  readonly floor: number;
}

export const ownEpoch = table<OwnEpochRow>('ownEpoch');
/** Messages we made for a validator in this epoch, and in the one before. */
export const told = table<CountRow>('told');
export const toldBefore = table<CountRow>('toldBefore');
/** The highest epoch of each validator that we have seen, and the messages of it that we have handled. */
export const heardFrom = table<CountRow>('heardFrom');
/** Who has answered in this epoch what it had seen of us, with its own finalized height. */
export const answered = table<{ readonly height: number }>('answered');
/** The same of our processors: the last Serai block that each was told of, -1 for none. */
export const processorsAnswered = table<{ readonly height: number }>('processorsAnswered');
/** Replies about key generation that came before it was known what others have seen of us, in their order. */
export const waitingReplies = table<Json>('waitingReplies');
export const quarantine = table<QuarantineRow>('quarantine');
/** Whatever begins at or below this height is never acted on; and the epoch in which that was said. */
export const burnt = table<{ readonly upTo: number; readonly epoch: number }>('burnt');

/** Whether nothing is begun, because this store was rolled back. */
export const isQuarantined = (view: View): boolean => quarantine.get(view, '') !== undefined;

/** Whether what begins at a height is burnt. */
export const isBurnt = (view: View, height: number): boolean => height <= (burnt.get(view, '')?.upTo ?? -1);

/**
 * Whether nothing is begun in a window that begins at a height: it is burnt, or it began before this start. An earlier life may have acted
 * in such a window and not come to remember it, however it was lost.
 */
export const isWindowOver = (view: View, height: number): boolean => {
  const own = ownEpoch.get(view, '');
  return isBurnt(view, height) || (own !== undefined && height <= (own.fence ?? Number.POSITIVE_INFINITY));
};

/** Whether nothing is begun in the window that an attempt belongs to. */
export const isAttemptOver = (view: View, { anchor }: Pick<SignableRow, 'anchor'>, { attempt }: Pick<SignId, 'attempt'>): boolean =>
  isWindowOver(view, seedHeight(anchor.number, attempt));

/** Whether a key generation attempt is burnt. */
export const isKeyGenBurnt = (view: View, { anchor }: Pick<SetRow, 'anchor'>, { attempt }: Pick<KeyGenId, 'attempt'>): boolean =>
  isBurnt(view, keyGenStart(anchor.number, attempt));

/** Key shares that others must have answered with before we begin anything in an epoch: one of them at least is honest. */
const sharesNeeded = ({ n, t, mine }: SetRow): number => Math.min(n - t + 1, n - mine.length);

/** The heights that other members of a set answered with, highest first, and the key shares that each holds. */
export const answersOf = (view: View, { members, mine }: SetRow): { readonly height: number; readonly shares: number }[] =>
  members
    .filter(({ participants }) => !participants.some((share) => mine.includes(share)))
    .flatMap(({ validator, participants }) => {
      const said = answered.get(view, validator);
      return said === undefined ? [] : [{ height: said.height, shares: participants.length }];
    })
    .sort((a, b) => b.height - a.height);

/** The highest height that members with f + 1 key shares have reached; undefined while fewer have answered. */
export const heightVouchedFor = (view: View, set: SetRow): number | undefined => {
  let shares = 0;
  const needed = sharesNeeded(set);
  if (needed <= 0) return -1;
  for (const answer of answersOf(view, set)) {
    shares += answer.shares;
    if (shares >= needed) return answer.height;
  }
  return undefined;
};

/**
 * Whether we do not know yet what others have seen of us: until members with f + 1 key shares have said so, a store that was rolled back
 * could not tell, so nothing is begun. Only where epochs are counted at all.
 */
export const awaitsAnswers = (view: View, set: SetRow): boolean =>
  ownEpoch.get(view, '') !== undefined && heightVouchedFor(view, set) === undefined;

/** Whether nothing new is begun in a set: by what we know of our own standing. */
export const isHeld = (view: View, set: SetRow): boolean => isQuarantined(view) || awaitsAnswers(view, set);

/** The first block of now in an epoch: what begins at or below it began before this start. */
export const fence = (draft: Draft, height: number): void => {
  const own = ownEpoch.get(draft, '');
  if (own !== undefined && own.fence === undefined) ownEpoch.put(draft, '', { ...own, fence: height });
};

/** Counts a message of ours for a validator. */
export const countTold = (draft: Draft, receiver: Hex): void => {
  const own = ownEpoch.get(draft, '');
  if (own === undefined) return;
  const { epoch, instance } = own;
  const known = told.get(draft, receiver);
  const count = known?.epoch === epoch && known.instance === instance ? known.count + 1 : 1;
  told.put(draft, receiver, { epoch, instance, count });
};

/** Counts a message of a validator that has opened an epoch. */
export const countHeard = (draft: Draft, sender: Hex): void => {
  const known = heardFrom.get(draft, sender);
  if (known !== undefined) heardFrom.put(draft, sender, { ...known, count: known.count + 1 });
};
