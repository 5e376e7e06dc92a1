import type { Hex } from '../hex.ts';
import { isAfter, type Place } from '../peers/frames.ts';
import { type Draft, table, type View } from '../tables.ts';

/** The number of the last message for a validator, in the epoch it was numbered in. */
const sent = table<Place>('sent');

/** Up to which number messages for a validator were given up, because it had lost its place. */
const givenUp = table<Place>('givenUp');

/** The number of a validator's last message that is durable here, or that it has given up. */
const received = table<Place>('received');

/** The number a message for a validator gets. */
export const nextPlace = (draft: Draft, to: Hex, epoch: number): Place => {
  const last = sent.get(draft, to);
  const place = { epoch, sequence: last?.epoch === epoch ? last.sequence + 1 : 1 };
  sent.put(draft, to, place);
  return place;
};

/** The epochs of ours that were left because others had seen a later one, with the epoch that their numbers count in now. */
const left = table<number>('leftEpochs');

export interface LeaveEpoch {
  readonly from: number;
  readonly to: number;
  readonly waiting: ReadonlyMap<Hex, number>;
}

/**
 * Takes the numbers of an epoch over into a later one: others had seen epochs of ours in between, and would take what has a lower number for
 * known. `waiting` says how many messages of what is committed a validator has not acknowledged; those it has are not sent again.
 */
export const leaveEpoch = (draft: Draft, committed: View, { from, to, waiting }: LeaveEpoch): void => {
  left.put(draft, String(from), to);
  for (const [validator, { epoch, sequence }] of [...sent.rows(draft)]) {
    if (epoch !== from) continue;
    const before = sent.get(committed, validator);
    const known = before?.epoch === from ? Math.max(0, before.sequence - (waiting.get(validator as Hex) ?? 0)) : 0;
    sent.put(draft, validator, { epoch: to, sequence });
    if (known > 0) givenUp.put(draft, validator, { epoch: to, sequence: known });
  }
};

/** The number that a message is sent under. */
export const currentPlace = (view: View, { epoch, sequence }: Place): Place => {
  let now = epoch;
  for (let next = left.get(view, String(now)); next !== undefined; next = left.get(view, String(now))) now = next;
  return { epoch: now, sequence };
};

/** The last message for a validator. */
export const lastSent = (view: View, to: Hex): Place | undefined => sent.get(view, to);

/** What waits for a validator will not be sent any more. */
export const giveUp = (draft: Draft, to: Hex): void => {
  const last = sent.get(draft, to);
  if (last !== undefined) givenUp.put(draft, to, last);
};

/** Up to which number messages for a validator were given up. */
export const lastGivenUp = (view: View, to: Hex): Place | undefined => givenUp.get(view, to);

/** The last message of a validator that is durable here, or that it has given up. */
export const lastReceived = (view: View, from: Hex): Place | undefined => received.get(view, from);

/** A validator's message is durable with this commit, or was given up by it. */
export const receivedUpTo = (draft: Draft, from: Hex, { epoch, sequence }: Place): void => {
  received.put(draft, from, { epoch, sequence });
};

/**
 * Whether a numbered message is the sender's next, one we have, or one beyond a gap. A sender's epochs come one after the other: what it could
 * not deliver in one comes before the first of the next. Of a sender that was never heard any number is the first.
 */
export const placeOf = (view: View, from: Hex, place: Place): 'next' | 'known' | 'gap' => {
  const last = received.get(view, from);
  if (last === undefined) return 'next';
  if (!isAfter(place, last)) return 'known';
  return place.sequence === (place.epoch === last.epoch ? last.sequence + 1 : 1) ? 'next' : 'gap';
};
