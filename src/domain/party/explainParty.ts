import type { Hex } from '../hex.ts';
import type { SignId } from '../processor/ids.ts';
import type { PartyMember } from '../processor/messages.ts';
import { drawOrder, windowStream } from './drawOrder.ts';
import { roundOf, seedHeight, windowOf } from './window.ts';

/** What a party is derived from: all of it stands on the chain, but for what a convener proposed. */
export interface PartyGrounds {
  readonly id: SignId;
  readonly members: readonly PartyMember[];
  readonly n: number;
  readonly t: number;
  /** The height of the signable's anchor (design §8). */
  readonly anchor: number;
  /** The hash of the block that seeds the attempt's window. */
  readonly seedHash: Hex;
  /** Of a convened attempt, where it is known: the party proposed, and who was ready. */
  readonly proposed?: { readonly party: readonly number[]; readonly ready: readonly Hex[] };
}

/** One validator, with the reason why it is in the party or not. */
export interface MemberExplained {
  readonly validator: Hex;
  readonly shares: readonly number[];
  /** The places at which its shares were drawn, from 1. */
  readonly drawn: readonly number[];
  /** Those of its shares that sign. */
  readonly signs: readonly number[];
  readonly why: string;
}

/** A party, and how it came to be. */
export interface PartyExplained {
  readonly id: SignId;
  readonly window: number;
  readonly round: number;
  readonly rule: 'pure' | 'convened';
  readonly anchor: number;
  readonly seed: { readonly number: number; readonly hash: Hex };
  readonly stream: string;
  readonly n: number;
  readonly t: number;
  readonly convener?: Hex;
  /** In ascending order; not there for a convened attempt of which no proposal is known. */
  readonly party?: readonly number[];
  readonly members: readonly MemberExplained[];
}

const pureWhy = (signs: readonly number[], t: number): string =>
  signs.length > 0 ? `drawn among the first ${String(t)}` : `drawn after the party of ${String(t)} was full`;

const convenedWhy = (validator: Hex, signs: readonly number[], { proposed }: PartyGrounds): string => {
  if (proposed === undefined) return 'no proposal is known here: the convener chose';
  if (signs.length > 0) return 'ready, and chosen by the convener';
  return proposed.ready.includes(validator)
    ? 'ready, and not chosen by the convener'
    : 'no ready of it is in the proposal: it was away, not chosen, or had failed before';
};

/** Derives an attempt's party again and says of every validator why it is in or out (design §8). */
export const explainParty = (grounds: PartyGrounds): PartyExplained => {
  const { id, members, n, t, anchor, seedHash, proposed } = grounds;
  const order = drawOrder(n, id, seedHash);
  const rule = windowOf(id.attempt) % 2 === 0 ? 'pure' : 'convened';
  const pure = order.slice(0, t).sort((a, b) => a - b);
  const party = rule === 'pure' ? pure : proposed?.party;
  const convener = members.find(({ participants }) => participants.includes(order[0] ?? 0))?.validator;
  return {
    id,
    window: windowOf(id.attempt),
    round: roundOf(id.attempt),
    rule,
    anchor,
    seed: { number: seedHeight(anchor, id.attempt), hash: seedHash },
    stream: windowStream(id).toString(),
    n,
    t,
    ...(rule === 'convened' && convener !== undefined ? { convener } : {}),
    ...(party === undefined ? {} : { party }),
    members: members.map(({ validator, participants }) => {
      const signs = participants.filter((share) => party?.includes(share) === true);
      return {
        validator,
        shares: participants,
        drawn: participants.map((share) => order.indexOf(share) + 1),
        signs,
        why: rule === 'pure' ? pureWhy(signs, t) : convenedWhy(validator, signs, grounds),
      };
    }),
  };
};
