import type { Hex } from '../hex.ts';
import { type ByParticipant, type KeyGenId, setName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { partyOf, superseded } from './keyGenRows.ts';
import type { KeyGenParty } from './peerBodies.ts';
import { sets } from './rows.ts';
import { isKeyGenBurnt, isQuarantined } from './standing.ts';

/** The participants of ours in a party. */
export const mineIn = (party: KeyGenParty, { self }: CryptoContext): readonly number[] =>
  party.members.find(({ validator }) => validator === self)?.participants ?? [];

/** The party of an attempt that goes on: certified, with us in it, of a set without keys, with no later one begun. */
export const runningParty = (draft: Draft, context: CryptoContext, id: KeyGenId): KeyGenParty | undefined => {
  const row = sets.get(draft, setName(id.set));
  if (row?.state !== 'keygen' || superseded(draft, id) || isQuarantined(draft) || isKeyGenBurnt(draft, row, id)) return undefined;
  const party = partyOf(draft, id);
  return party === undefined || mineIn(party, context).length === 0 ? undefined : party;
};

/** What was made for these participants, one after the other, as their processor is given it. */
export const joined = (participants: readonly number[], made: ByParticipant): Hex =>
  `0x${participants.map((to) => made[String(to)]?.slice(2) ?? '').join('')}`;
