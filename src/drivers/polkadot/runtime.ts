import { decorateStorage, Metadata, TypeRegistry } from '@polkadot/types';
import type { EventRecord } from '@polkadot/types/interfaces';
import type { Codec } from '@polkadot/types-codec/types';
import { compactStripLength } from '@polkadot/util';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import type { ChainEvent } from '../../streams/fromChain.ts';
import { plainFields, plainValue } from './plainValue.ts';

/** A storage item of a pallet; pallet and item in camelCase, as @polkadot/api names them, with the arguments of a map. */
export interface StorageItem {
  readonly pallet: string;
  readonly item: string;
  readonly args?: readonly unknown[];
}

/** What one version of the chain's runtime says about bytes: storage keys and values, and events. */
export interface Runtime {
  readonly version: string;
  readonly storageKey: (at: StorageItem) => Hex;
  /** A storage value as plain JSON, `null` where there is none; throws `chain.undecodable`. */
  readonly storageValue: (at: StorageItem, raw: Hex | null) => unknown;
  /** What `System.Events` holds, decoded whole; throws `chain.undecodable` if a byte of it is not accounted for. */
  readonly events: (raw: Hex | null) => ChainEvent[];
}

const phaseOf = ({ phase }: EventRecord): ChainEvent['phase'] =>
  phase.isApplyExtrinsic ? phase.asApplyExtrinsic.toNumber() : phase.isFinalization ? 'Finalization' : 'Initialization';

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, index) => byte === b[index]);

const eventsItem: StorageItem = { pallet: 'system', item: 'events' };

/** Reads (patched) metadata of the runtime `version`, with the `meta` magic. */
export const openRuntime = (metadataHex: Hex, version: string): Runtime => {
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, metadataHex);
  registry.setMetadata(metadata);
  const { lookup, pallets } = metadata.asLatest;
  const storage = decorateStorage(registry, metadata.asLatest, metadata.version);
  const palletNames = new Map(pallets.map(({ index, name }) => [index.toNumber(), name.toString()]));

  const entryOf = ({ pallet, item }: StorageItem) => {
    const entry = storage[pallet]?.[item];
    if (entry === undefined)
      throw new ChainError('chain.undecodable', `runtime ${version} has no storage ${pallet}.${item}: is this a Serai chain?`);
    return entry;
  };

  const decode = (at: StorageItem, raw: Hex): Codec => {
    const { type } = entryOf(at).meta;
    const id = type.isPlain ? type.asPlain : type.asMap.value;
    const bytes = fromHex(raw);
    const where = `${at.pallet}.${at.item} with runtime ${version}`;
    let value: Codec;
    try {
      value = registry.createTypeUnsafe(registry.createLookupType(id), [bytes]);
    } catch (cause) {
      throw new ChainError('chain.undecodable', `cannot decode ${where}`, { cause, raw });
    }
    // @polkadot/types fills missing bytes with zeros and ignores what is left over; writing the value again shows both.
    if (!sameBytes(value.toU8a(), bytes))
      throw new ChainError('chain.undecodable', `${where} does not read back as the same bytes`, { raw });
    return value;
  };

  const eventOf = (record: EventRecord, index: number): ChainEvent => {
    const event = record.event;
    const pallet = palletNames.get(event.index[0] ?? -1);
    if (pallet === undefined) throw new Error(`no pallet has index ${String(event.index[0])}`);
    const { fields, name } = event.meta;
    return { index, phase: phaseOf(record), pallet, name: name.toString(), fields: plainFields(lookup, fields, [...event.data]) };
  };

  return {
    version,
    storageKey: (at) => toHex(compactStripLength(entryOf(at)(...(at.args ?? [])))[1]),
    storageValue: (at, raw) => {
      if (raw === null) return null;
      const { type } = entryOf(at).meta;
      return plainValue(lookup, type.isPlain ? type.asPlain : type.asMap.value, decode(at, raw));
    },
    events: (raw) => {
      if (raw === null) return [];
      const records = decode(eventsItem, raw) as Codec & Iterable<EventRecord>;
      try {
        return [...records].map(eventOf);
      } catch (cause) {
        throw new ChainError('chain.undecodable', `cannot name the fields of events with runtime ${version}`, { cause, raw });
      }
    },
  };
};
