import type { Hex } from '../hex.ts';
import { type KeyGenId, setName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import { keyGenAttemptAt } from './keyGenClock.ts';
import { keyGenName } from './keyGenParty.ts';
import type { KeyGenParty } from './peerBodies.ts';
import { head, type KeyGenRow, keyGens, type SetRow, sets } from './rows.ts';

/** Attempts ahead of our own chain of which we hold what we hear: heads differ by blocks, not by more. */
const MOST_AHEAD = 2;

/** Attempts before the open one that are remembered: who failed earlier has had its chance again. */
export const KEPT_ATTEMPTS = 8;

const NOTHING: KeyGenRow = {
  opened: false,
  proposals: {},
  votes: {},
  commitments: {},
  commitmentsGiven: false,
  shares: {},
  sharesGiven: false,
  round: 0,
  submitted: false,
  blamed: [],
};

/** The row of a key generation attempt, empty where nothing is known yet. */
export const keyGenRow = (draft: Draft, id: KeyGenId): KeyGenRow => keyGens.get(draft, keyGenName(id)) ?? NOTHING;

/** Changes some of what is known of an attempt. */
export const noteKeyGen = (draft: Draft, id: KeyGenId, change: Partial<KeyGenRow>): void => {
  keyGens.put(draft, keyGenName(id), { ...keyGenRow(draft, id), ...change });
};

/** Remembers who sent what must not be sent: the next attempt may be without it. */
export const noteBlame = (draft: Draft, id: KeyGenId, validator: Hex): void => {
  const { blamed } = keyGenRow(draft, id);
  if (!blamed.includes(validator)) noteKeyGen(draft, id, { blamed: [...blamed, validator] });
};

/** The attempt that our own finalized chain has open for a set. */
export const openAttempt = (draft: Draft, row: SetRow): number =>
  keyGenAttemptAt(row.anchor.number, Math.max(row.anchor.number, head.get(draft, '')?.number ?? 0));

/** The parties of a set that were certified, by attempt. */
export const certifiedOf = (draft: Draft, row: SetRow): KeyGenParty[] =>
  [...keyGens.rows(draft)].flatMap(([, { party }]) => (party !== undefined && setName(party.id.set) === setName(row.set) ? [party] : []));

/** Whether a later attempt has begun: nothing more leaves us for this one, as its secrets are gone (design §7.3). */
export const superseded = (draft: Draft, row: SetRow, { attempt }: KeyGenId): boolean =>
  certifiedOf(draft, row).some(({ id }) => id.attempt > attempt);

/** Whether what is said of an attempt may be held: its set waits for keys, or may yet, and the attempt is not far ahead. */
export const mayHear = (draft: Draft, id: KeyGenId): boolean => {
  const row = sets.get(draft, setName(id.set));
  if (row === undefined) return id.attempt <= MOST_AHEAD;
  const open = openAttempt(draft, row);
  const kept = id.attempt >= open - KEPT_ATTEMPTS || keyGenRow(draft, id).keyPair !== undefined;
  return row.state === 'keygen' && kept && id.attempt <= open + MOST_AHEAD;
};

/** Drops attempts too long ago to matter; not the last certified one, nor any that generated a key: the chain may still name it (design §7.5). */
export const forgetOldAttempts = (draft: Draft, row: SetRow): void => {
  const oldest = openAttempt(draft, row) - KEPT_ATTEMPTS;
  const last = Math.max(...certifiedOf(draft, row).map(({ id }) => id.attempt));
  for (const [name, { keyPair }] of [...keyGens.rows(draft)]) {
    const attempt = Number(name.split('/').at(-1));
    if (keyPair === undefined && attempt < oldest && attempt !== last && name === keyGenName({ set: row.set, attempt }))
      keyGens.delete(draft, name);
  }
};
