import type { Hex } from '../hex.ts';
import { nameOfSet } from '../observation/fields.ts';
import { type ChainMessage, chainMessage } from '../observation/schemas.ts';
import type { TopicRecord } from '../record.ts';
import { type Draft, type Json, table, type View } from '../tables.ts';
import { giveUp } from './places.ts';

/** Blocks after a set was retired during which its validators are still listened to: two hours, for last words. */
export const RETIRED_FOR = 1_200;

const heights = table<number>('height');

/** The validators of a set that is coming, current or just retired, by its name. */
const sets = table<{
  readonly network: string;
  readonly session: number;
  readonly validators: readonly Hex[];
  readonly retiredAt: number | null;
}>('sets');

/** Those that were in a set and are in none any more: what waits for them is of no use, and is given up. */
const gone = table<{ readonly height: number }>('gone');

/** Counts changes of who is admitted, or wanted. */
const changes = table<number>('changes');

/** The validators we were asked to hold links to. */
const wanted = table<{ readonly validator: Hex }>('wanted');

/** The height of the last finalized block that was heard of; -1 before the first. */
export const heightHeard = (view: View): number => heights.get(view, '') ?? -1;

/** Another number after each change of {@link admitted} or {@link wantedLinks}. */
export const changesOf = (view: View): number => changes.get(view, '') ?? 0;

const changed = (draft: Draft): void => {
  changes.put(draft, '', changesOf(draft) + 1);
};

/** The validators of current, coming and just retired sets (design §9). */
export const admitted = (view: View): Hex[] => [...new Set([...sets.rows(view)].flatMap(([, { validators }]) => validators))];

/** The validators we were asked to hold links to, whether they are admitted yet or not. */
export const wantedLinks = (view: View): Hex[] => [...wanted.rows(view)].map(([, { validator }]) => validator);

/** Whether a validator has lost its place in the last of its sets. */
export const isGone = (view: View, validator: Hex): boolean => gone.get(view, validator) !== undefined;

/** Holds links to these validators from now on. */
export const want = (draft: Draft, validators: readonly Hex[]): void => {
  const fresh = validators.filter((validator) => wanted.get(draft, validator) === undefined);
  for (const validator of fresh) wanted.put(draft, validator, { validator });
  if (fresh.length > 0) changed(draft);
};

/** Lets go of those that were in a set and now are in none. */
const letGo = (draft: Draft, before: readonly Hex[]): void => {
  const now = new Set(admitted(draft));
  for (const validator of before) {
    if (now.has(validator)) continue;
    wanted.delete(draft, validator);
    gone.put(draft, validator, { height: heightHeard(draft) });
    giveUp(draft, validator);
  }
  changed(draft);
};

type Told<T extends ChainMessage['type']> = Extract<ChainMessage, { type: T }>['data'];

/** A set's validators are told when its session begins, and again when one of them is removed; sets before the last one are over by then. */
const setTold = (draft: Draft, { set, participants }: Told<'serai.validator-sets.participants.v1'>): void => {
  if (set.network === 'Serai') return;
  const before = admitted(draft);
  const name = nameOfSet(set);
  const validators = participants.map(({ publicKey }) => publicKey);
  sets.put(draft, name, { ...set, validators, retiredAt: sets.get(draft, name)?.retiredAt ?? null });
  for (const validator of validators) gone.delete(draft, validator);
  for (const [other, row] of [...sets.rows(draft)]) if (row.network === set.network && row.session < set.session - 1) retire(draft, other);
  letGo(draft, before);
};

const retire = (draft: Draft, name: string): void => {
  const row = sets.get(draft, name);
  if (row !== undefined && row.retiredAt === null) sets.put(draft, name, { ...row, retiredAt: Math.max(0, heightHeard(draft)) });
};

const removed = (draft: Draft, name: string, validator: Hex): void => {
  const row = sets.get(draft, name);
  if (row?.validators.includes(validator) !== true) return;
  const before = admitted(draft);
  sets.put(draft, name, { ...row, validators: row.validators.filter((other) => other !== validator) });
  letGo(draft, before);
};

const blockPassed = (draft: Draft, height: number): void => {
  heights.put(draft, '', height);
  const over = [...sets.rows(draft)].filter(([, { retiredAt }]) => retiredAt !== null && height - retiredAt > RETIRED_FOR);
  if (over.length === 0) return;
  const before = admitted(draft);
  for (const [name] of over) sets.delete(draft, name);
  letGo(draft, before);
};

/** A record of `<name>-chain`: of all it says, who are validators is kept, and the height, by which certificates are valid. */
export const understandChain = ({ attributes: { type } }: TopicRecord, data: Json): ((draft: Draft) => void) => {
  switch (type) {
    case 'serai.chain.block.v1':
    case 'serai.validator-sets.participants.v1':
    case 'serai.validator-sets.participant-removed.v1':
    case 'serai.validator-sets.set-retired.v1': {
      const message = chainMessage.parse({ type, data });
      return (draft) => {
        chainTold(draft, message);
      };
    }
    default:
      return () => undefined;
  }
};

const chainTold = (draft: Draft, { type, data }: ChainMessage): void => {
  switch (type) {
    case 'serai.chain.block.v1':
      blockPassed(draft, data.number);
      return;
    case 'serai.validator-sets.participants.v1':
      setTold(draft, data);
      return;
    case 'serai.validator-sets.participant-removed.v1':
      removed(draft, nameOfSet(data.set), data.removed.publicKey);
      return;
    case 'serai.validator-sets.set-retired.v1':
      retire(draft, nameOfSet(data.set));
      return;
    default:
      return;
  }
};
