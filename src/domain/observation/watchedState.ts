import { z } from 'zod';
import { externalNetwork, hex, u32, u64Text } from '../processor/ids.ts';
import { accountOf } from './accountOf.ts';
import { type AnySet, coin, hash, type NetworkName, nameOfSet, network } from './fields.ts';
import { stateSchemas } from './stateSchemas.ts';
import type { Told } from './told.ts';

/** A value of the chain's state that is watched: pallet and item as metadata names them, and the map's key (serai.md §b.16). */
export type Watched =
  | {
      readonly pallet: 'ValidatorSets';
      readonly item: 'CurrentSession' | 'Participants' | 'TotalAllocatedStake';
      readonly key: NetworkName;
    }
  | { readonly pallet: 'ValidatorSets'; readonly item: 'Keys'; readonly key: AnySet }
  | { readonly pallet: 'InInstructions'; readonly item: 'LastBatch' | 'Halted'; readonly key: NetworkName }
  | { readonly pallet: 'Coins'; readonly item: 'Supply'; readonly key: z.infer<typeof coin> };

/** A watched value as the chain's reader decoded it; `null` where there is none. */
export type Reading = Watched & { readonly value: unknown };

/** The session of each network, as far as it has one. */
export type Sessions = Readonly<Partial<Record<NetworkName, number>>>;

const networks = network.options;
const externalNetworks = externalNetwork.options;

const plain: readonly Watched[] = [
  ...networks.map((key) => ({ pallet: 'ValidatorSets', item: 'CurrentSession', key }) as const),
  ...networks.map((key) => ({ pallet: 'ValidatorSets', item: 'Participants', key }) as const),
  ...networks.map((key) => ({ pallet: 'ValidatorSets', item: 'TotalAllocatedStake', key }) as const),
  ...externalNetworks.map((key) => ({ pallet: 'InInstructions', item: 'LastBatch', key }) as const),
  ...externalNetworks.map((key) => ({ pallet: 'InInstructions', item: 'Halted', key }) as const),
  ...coin.options.map((key) => ({ pallet: 'Coins', item: 'Supply', key }) as const),
];

/** The sets whose keys may stand in the state: the current one of each network, and the one before it until it is retired (serai.md §b.17). */
export const setsWithKeys = (sessions: Sessions): AnySet[] =>
  externalNetworks.flatMap((of) => {
    const session = sessions[of];
    if (session === undefined) return [];
    return (session === 0 ? [0] : [session - 1, session]).map((number) => ({ session: number, network: of }));
  });

/** All that is watched while these are the sessions. */
export const watchedState = (sessions: Sessions): Watched[] => [
  ...plain,
  ...setsWithKeys(sessions).map((key) => ({ pallet: 'ValidatorSets', item: 'Keys', key }) as const),
];

const session = u32.nullable();

/** The sessions that readings tell of. */
export const sessionsOf = (readings: readonly Reading[]): Sessions => {
  const sessions: Partial<Record<NetworkName, number>> = {};
  for (const reading of readings) {
    if (reading.item !== 'CurrentSession') continue;
    const number = session.parse(reading.value);
    if (number !== null) sessions[reading.key] = number;
  }
  return sessions;
};

const memberList = z.array(z.tuple([hash, u64Text])).nullable();
const keyPair = z.object({ ristretto: hash, external: hex }).nullable();

const tell = (name: keyof typeof stateSchemas, subject: string, data: Told['data']): Told => ({
  type: stateSchemas[name].shape.type.value,
  subject,
  data,
});

const toldOf = (reading: Reading, sessions: Sessions): Told[] => {
  const { item, key, value } = reading;
  switch (item) {
    case 'CurrentSession':
      return [tell('currentSession', key, { network: key, session: session.parse(value) })];
    case 'Participants': {
      const current = sessions[key];
      if (current === undefined) return [];
      const set = { network: key, session: current };
      const participants = (memberList.parse(value) ?? []).map(([publicKey, weight]) => ({
        ...accountOf(publicKey),
        weight: Number(weight),
      }));
      return [tell('participants', nameOfSet(set), { set, participants })];
    }
    case 'TotalAllocatedStake':
      return [tell('totalAllocatedStake', key, { network: key, amount: u64Text.nullable().parse(value) })];
    case 'Keys': {
      const found = keyPair.parse(value);
      const pair = found === null ? null : { substrate: found.ristretto, network: found.external };
      return [tell('keys', nameOfSet(key), { set: { network: key.network, session: key.session }, keyPair: pair })];
    }
    case 'LastBatch':
      return [tell('lastBatch', key, { network: key, id: session.parse(value) })];
    case 'Halted':
      return [tell('halted', key, { network: key, halted: value !== null })];
    case 'Supply':
      return [tell('supply', key, { coin: key, amount: u64Text.nullable().parse(value) ?? '0' })];
  }
};

/** A told value with its JSON, by which it is compared. */
export interface ToldState extends Told {
  readonly json: string;
}

/** What was told of readings before: a reader gives the same reading again where nothing has changed. */
const told = new WeakMap<Reading, readonly ToldState[]>();

const remember = (reading: Reading, sessions: Sessions): readonly ToldState[] => {
  const before = told.get(reading);
  if (before !== undefined) return before;
  const made = toldOf(reading, sessions).map((one) => ({ ...one, json: JSON.stringify(one.data) }));
  // Participants are told of as those of a session, which changes without them.
  if (reading.item !== 'Participants') told.set(reading, made);
  return made;
};

/** What the readings of one block say, in the order they were read. */
export const tellState = (readings: readonly Reading[]): ToldState[] => {
  const sessions = sessionsOf(readings);
  return readings.flatMap((reading) => remember(reading, sessions));
};

/** Whether a value is what stands before anything was published: nothing there, or nothing of it. */
export const isInitial = ({ data }: Told): boolean => {
  const { session: current, keyPair: keys, amount, id, halted, participants } = data;
  if (Array.isArray(participants)) return participants.length === 0;
  return current === null || keys === null || amount === null || amount === '0' || id === null || halted === false;
};
