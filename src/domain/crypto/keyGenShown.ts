import type { Hex } from '../hex.ts';
import type { PeerMessage } from '../peers/peerMessage.ts';
import type { KeyGenId } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import { showIn } from './keyGenClock.ts';
import { keyGenName } from './keyGenParty.ts';
import { keyGenRow } from './keyGenRows.ts';
import { head, lacks, shown } from './rows.ts';

const heightOf = (draft: Draft): number => head.get(draft, '')?.number ?? 0;

const shownName = (id: KeyGenId, from: Hex, to: Hex): string => `${keyGenName(id)}/${from}/${to}`;

/** Shares of one member for another that were shown to all. */
export const shownShares = (draft: Draft, id: KeyGenId, from: Hex, to: Hex): PeerMessage | undefined =>
  shown.get(draft, shownName(id, from, to))?.message;

/** Shares are shown to all. */
export const noteShown = (draft: Draft, id: KeyGenId, message: PeerMessage): void => {
  shown.put(draft, shownName(id, message.from, message.to), { message, at: heightOf(draft) });
};

/** A member says whose shares it lacks; the first time counts. */
export const noteLack = (draft: Draft, id: KeyGenId, to: Hex, of: readonly Hex[]): void => {
  const name = `${keyGenName(id)}/${to}`;
  const known = lacks.get(draft, name) ?? {};
  const fresh = of.filter((sender) => known[sender] === undefined);
  if (fresh.length > 0) lacks.put(draft, name, { ...known, ...Object.fromEntries(fresh.map((sender) => [sender, heightOf(draft)])) });
};

/** Whether shares were made with the commitments that our processor was given; where it was given none yet, they may have been. */
const isOfOurs = (draft: Draft, id: KeyGenId, { body }: PeerMessage): boolean => {
  const { map } = keyGenRow(draft, id);
  return map === undefined || (body as { readonly map?: Hex }).map === map;
};

/**
 * Whom a member says it lacks shares of, and who has not shown them in time: it is their fault, not its own, that it goes no further.
 * Nobody else can see whether shares came that are for one member alone; all see whether they were shown, and with which commitments they were made.
 */
export const notShownTo = (draft: Draft, id: KeyGenId, to: Hex): Hex[] =>
  (Object.entries(lacks.get(draft, `${keyGenName(id)}/${to}`) ?? {}) as [Hex, number][]).flatMap(([sender, since]) => {
    const known = shown.get(draft, shownName(id, sender, to));
    const stands = known !== undefined && known.at <= since + showIn(id.attempt) && isOfOurs(draft, id, known.message);
    return sender === to || stands ? [] : [sender];
  });
