import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex, type Hex } from '../hex.ts';
import { keyGenStream } from '../party/attemptStream.ts';
import { drawParty } from '../party/drawParty.ts';
import { type KeyGenId, setName } from '../processor/ids.ts';
import type { PartyMember } from '../processor/messages.ts';
import { digestOf } from './digest.ts';
import type { KeyGenParty } from './peerBodies.ts';
import type { SetRow } from './rows.ts';

/** An attempt as one word: `Bitcoin/0/0`. */
export const keyGenName = (id: KeyGenId): string => `${setName(id.set)}/${String(id.attempt)}`;

export const validatorsOf = (row: { readonly members: readonly PartyMember[] }): Hex[] => row.members.map((member) => member.validator);

/** The bytes a member signs for a keygen party: label ‖ genesis ‖ BLAKE2b-256 of the canonical JSON of the party (design §5, §7). */
export const partyBytes = (genesisHash: Hex, digest: Hex): Uint8Array =>
  concatBytes(utf8ToBytes('serai-coordinator/v1/certificate.keygen'), fromHex(genesisHash), fromHex(digest));

/** How many of the members' key shares these validators hold. */
export const sharesOf = (members: readonly PartyMember[], validators: readonly Hex[]): number =>
  members.filter((member) => validators.includes(member.validator)).reduce((sum, member) => sum + member.participants.length, 0);

/** The key shares that remain, numbered anew from 1 in list order; who was removed takes none (reference serai.md §b.17). */
export const renumbered = (members: readonly PartyMember[], removed: readonly Hex[]): PartyMember[] => {
  let next = 1;
  return members
    .filter(({ validator }) => !removed.includes(validator))
    .map(({ validator, participants }) => ({ validator, participants: participants.map(() => next++) }));
};

/** The one party of an attempt without the removed, whom it lists in ascending order of their keys; t stays that of the whole set (design §7). */
export const partyWithout = (row: SetRow, attempt: number, removed: readonly Hex[]): KeyGenParty => ({
  id: { set: row.set, attempt },
  anchor: row.anchor,
  threshold: row.t,
  members: renumbered(row.members, removed),
  removed: row.members
    .filter(({ validator }) => removed.includes(validator))
    .map(({ validator, participants }) => ({ validator, weight: participants.length }))
    .sort((a, b) => (a.validator < b.validator ? -1 : 1)),
});

export const removedOf = (party: KeyGenParty): Hex[] => party.removed.map(({ validator }) => validator);

/**
 * Whoever holds the first participant drawn from the anchor convenes the attempt (design §7, §8); who is removed from it
 * does not, and the holder of the next one drawn takes the place.
 */
export const convenerOf = (row: SetRow, attempt: number, removed: readonly Hex[]): Hex | undefined => {
  const stream = keyGenStream({ set: row.set, attempt });
  const drawn = drawParty({ blockHash: fromHex(row.anchor.hash), participants: row.n, threshold: row.n, stream });
  const holderOf = (share: number): Hex | undefined => row.members.find(({ participants }) => participants.includes(share))?.validator;
  return drawn.map(holderOf).find((validator) => validator !== undefined && !removed.includes(validator));
};

/** Whether a proposal is, word for word, what the chain allows: the set without the removed, t key shares or more, its drawn convener. */
export const mayBeProposed = (row: SetRow, from: Hex, party: KeyGenParty): boolean => {
  const removed = removedOf(party);
  const { attempt } = party.id;
  const first = attempt > 0 || removed.length === 0;
  const enough = row.n - sharesOf(row.members, removed) >= row.t;
  return first && enough && convenerOf(row, attempt, removed) === from && digestOf(partyWithout(row, attempt, removed)) === digestOf(party);
};
