import type { Hex } from '../hex.ts';
import type { SetParticipant } from '../observation/stateSchemas.ts';
import type { ByParticipant } from '../processor/ids.ts';
import type { PartyMember } from '../processor/messages.ts';

interface Members {
  readonly members: readonly PartyMember[];
}

/** Who holds a key share. */
export const holderOf = ({ members }: Members, share: number): Hex | undefined =>
  members.find(({ participants }) => participants.includes(share))?.validator;

/** Those who hold one of these key shares. */
export const holdersOf = ({ members }: Members, party: readonly number[]): Hex[] => {
  const asked = new Set(party);
  return members.filter(({ participants }) => participants.some((share) => asked.has(share))).map(({ validator }) => validator);
};

/** Whether a validator holds every key share it speaks for. */
export const speaksFor = ({ members }: Members, from: Hex, said: ByParticipant): boolean => {
  const own = members.find(({ validator }) => validator === from)?.participants ?? [];
  const shares = Object.keys(said).map(Number);
  return shares.length > 0 && shares.every((share) => own.includes(share));
};

/** Key shares are numbered from 1 in list order, each validator's in a row (reference serai.md §b.17). */
export const numberShares = (participants: readonly SetParticipant[]): PartyMember[] => {
  let next = 1;
  return participants.map(({ publicKey, weight }) => ({
    validator: publicKey,
    participants: Array.from({ length: weight }, () => next++),
  }));
};
