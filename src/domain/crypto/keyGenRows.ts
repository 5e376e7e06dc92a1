import type { Hex } from '../hex.ts';
import { type KeyGenId, setName } from '../processor/ids.ts';
import type { Draft, Table } from '../tables.ts';
import { keyGenAttemptAt } from './keyGenClock.ts';
import { keyGenName } from './keyGenParty.ts';
import type { KeyGenParty } from './peerBodies.ts';
import {
  blames,
  doubles,
  head,
  heard,
  type KeyGenRow,
  keyGens,
  lacks,
  latestParties,
  musigs,
  parties,
  relays,
  type SetRow,
  sets,
  shown,
  signers,
} from './rows.ts';

/** Attempts ahead of our own chain of which we hold what we hear: heads differ by blocks, not by more. */
export const MOST_AHEAD = 2;

/** Attempts before the open one that are remembered: who failed earlier has had its chance again. */
export const KEPT_ATTEMPTS = 8;

const NOTHING: KeyGenRow = {
  opened: false,
  proposals: {},
  commitments: 0,
  commitmentsGiven: false,
  shares: 0,
  sharesGiven: false,
  round: 0,
  submitted: false,
};

/** The row of a key generation attempt, empty where nothing is known yet. */
export const keyGenRow = (draft: Draft, id: KeyGenId): KeyGenRow => keyGens.get(draft, keyGenName(id)) ?? NOTHING;

/** Changes some of what is known of an attempt. */
export const noteKeyGen = (draft: Draft, id: KeyGenId, change: Partial<KeyGenRow>): void => {
  keyGens.put(draft, keyGenName(id), { ...keyGenRow(draft, id), ...change });
};

/** The party of an attempt that members with t key shares have signed. */
export const partyOf = (draft: Draft, id: KeyGenId): KeyGenParty | undefined => parties.get(draft, keyGenName(id));

/** Who sent what must not be sent. */
export const blamedIn = (draft: Draft, id: KeyGenId): readonly Hex[] => blames.get(draft, keyGenName(id)) ?? [];

/** Remembers who sent what must not be sent: the next attempt may be without it. */
export const noteBlame = (draft: Draft, id: KeyGenId, validator: Hex): void => {
  const blamed = blamedIn(draft, id);
  if (!blamed.includes(validator)) blames.put(draft, keyGenName(id), [...blamed, validator]);
};

/** Who is proven to have spoken with two tongues in an attempt. */
export const doublesIn = (draft: Draft, id: KeyGenId): readonly Hex[] => doubles.get(draft, keyGenName(id)) ?? [];

/** Remembers who has spoken with two tongues. */
export const noteDouble = (draft: Draft, id: KeyGenId, validator: Hex): void => {
  const known = doublesIn(draft, id);
  if (!known.includes(validator)) doubles.put(draft, keyGenName(id), [...known, validator]);
};

/** The attempt that our own finalized chain has open for a set. */
export const openAttempt = (draft: Draft, row: SetRow): number =>
  keyGenAttemptAt(row.anchor.number, Math.max(row.anchor.number, head.get(draft, '')?.number ?? 0));

/** The parties of a set that were certified, by attempt. */
export const certifiedOf = (draft: Draft, row: SetRow): KeyGenParty[] =>
  [...parties.rows(draft)].flatMap(([, party]) => (setName(party.id.set) === setName(row.set) ? [party] : []));

/** Whether a later attempt has begun: nothing more leaves us for this one, as its secrets are gone (design §7.3). */
export const superseded = (draft: Draft, { set, attempt }: KeyGenId): boolean => (latestParties.get(draft, setName(set)) ?? -1) > attempt;

/** Whether what is said of an attempt may be held: its set waits for keys, or may yet, and the attempt is not far ahead. */
export const mayHear = (draft: Draft, id: KeyGenId): boolean => {
  const row = sets.get(draft, setName(id.set));
  if (row === undefined) return id.attempt <= MOST_AHEAD;
  const open = openAttempt(draft, row);
  const kept = id.attempt >= open - KEPT_ATTEMPTS || keyGenRow(draft, id).keyPair !== undefined;
  return row.state === 'keygen' && kept && id.attempt <= open + MOST_AHEAD;
};

const forgetUnder = (draft: Draft, table: Table<unknown>, prefix: string): void => {
  for (const [name] of [...table.rows(draft)]) if (name.startsWith(prefix)) table.delete(draft, name);
};

/** Forgets what was said under a name: of an attempt or, once its keys stand, of a set. */
export const forgetWords = (draft: Draft, name: string): void => {
  forgetUnder(draft, heard, `keygen/${name}/`);
  forgetUnder(draft, signers, `${name}/`);
  forgetUnder(draft, musigs, `${name}/`);
  forgetUnder(draft, shown, `${name}/`);
  forgetUnder(draft, lacks, `${name}/`);
  forgetUnder(draft, relays, `${name}/`);
};

/** Drops attempts too long ago to matter; not the last certified one, nor any that generated a key: the chain may still name it (design §7.5). */
export const forgetOldAttempts = (draft: Draft, row: SetRow): void => {
  const oldest = openAttempt(draft, row) - KEPT_ATTEMPTS;
  for (const [name, { keyPair }] of [...keyGens.rows(draft)]) {
    const attempt = Number(name.split('/').at(-1));
    if (name !== keyGenName({ set: row.set, attempt }) || keyPair !== undefined) continue;
    if (attempt >= oldest || attempt === latestParties.get(draft, setName(row.set))) continue;
    keyGens.delete(draft, name);
    parties.delete(draft, name);
    blames.delete(draft, name);
    doubles.delete(draft, name);
    forgetWords(draft, name);
  }
};
