import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import type { ObservedEvent } from '../../domain/observation/observedBlock.ts';
import { bytes, type Codec, codec, enumOf, mapped, ScaleError, u32, vec } from '../../domain/scale.ts';
import { type ExtrinsicCodecs, extrinsicCodecs, type ReadExtrinsic } from './extrinsics.ts';
import { compactStripLength, decorateStorage, Metadata, stringCamelCase, TypeRegistry } from './polkadot.ts';
import { typeCodecs, type VariantCodec } from './typeCodecs.ts';

/** A storage item of a pallet by its names in metadata, with the parts of a map's key. */
export interface StorageItem {
  readonly pallet: string;
  readonly item: string;
  readonly args?: readonly unknown[];
}

/** An event with its topics, and the bytes it was read from. */
export interface RecordedEvent extends ObservedEvent {
  readonly palletIndex: number;
  readonly variantIndex: number;
  readonly topics: readonly Hex[];
  /** The event alone. */
  readonly event: Hex;
  /** Phase, event and topics. */
  readonly record: Hex;
}

/** What one version of the chain's runtime says about bytes: storage keys and values, and events. */
export interface Runtime {
  readonly version: string;
  /** The byte layout of the chain, told by its metadata: only `serai-dev` has a type for external networks (serai.md §b.11). */
  readonly profile: 'serai-dev' | 'serai-t2';
  readonly storageKey: (at: StorageItem) => Hex;
  /** A storage value as plain JSON, `null` where there is none; throws `chain.undecodable`. */
  readonly storageValue: (at: StorageItem, raw: Hex | null) => unknown;
  /** What `System.Events` holds, decoded whole; throws `chain.undecodable` if a byte of it is not accounted for. */
  readonly events: (raw: Hex | null) => RecordedEvent[];
  /** An extrinsic, wholly; throws `chain.undecodable`. */
  readonly extrinsic: (raw: Hex) => ReadExtrinsic;
  /** The extrinsics of a block as `chain_getBlockBin` answers it; throws `chain.undecodable`. */
  readonly extrinsicsOf: (raw: Hex) => readonly ReadExtrinsic[];
  /** The same bytes from the events. */
  readonly encodeEvents: (events: readonly RecordedEvent[]) => Hex;
}

const topics = vec(mapped(bytes(32), toHex, fromHex));

const phase = enumOf({
  ApplyExtrinsic: { index: 0, fields: { index: u32 } },
  Finalization: { index: 1, fields: {} },
  Initialization: { index: 2, fields: {} },
});

/** Where a key of a map, or what a value means, stands in the metadata. */
interface Entry {
  readonly key: (...args: unknown[]) => Hex;
  readonly value: Codec<unknown>;
}

/** Reads (patched) metadata of the runtime `version`, with the `meta` magic. */
export const openRuntime = (metadataHex: Hex, version: string): Runtime => {
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, metadataHex);
  registry.setMetadata(metadata);
  const { lookup, pallets } = metadata.asLatest;
  const codecs = typeCodecs(lookup);
  const storage = decorateStorage(registry, metadata.asLatest, metadata.version);
  const entries = new Map<string, Entry>();
  const keys = new Map<string, Hex>();

  const entryOf = ({ pallet, item }: StorageItem): Entry => {
    const name = `${pallet}.${item}`;
    const known = entries.get(name);
    if (known !== undefined) return known;
    const found = storage[stringCamelCase(pallet)]?.[stringCamelCase(item)];
    if (found === undefined) throw new ChainError('chain.undecodable', `runtime ${version} has no storage ${name}: is this a Serai chain?`);
    const { type } = found.meta;
    const entry = {
      key: (...args: unknown[]) => toHex(compactStripLength(found(...args))[1]),
      value: codecs.of(type.isPlain ? type.asPlain : type.asMap.value),
    };
    entries.set(name, entry);
    return entry;
  };

  const eventsOf: ReadonlyMap<number, { readonly pallet: string; readonly variants: ReadonlyMap<number, VariantCodec> }> = new Map(
    pallets
      .filter(({ events }) => events.isSome)
      .map(({ index, name, events }) => [index.toNumber(), { pallet: name.toString(), variants: codecs.variantsOf(events.unwrap().type) }]),
  );

  const eventRecord = codec<Omit<RecordedEvent, 'index'>>(
    (reader) => {
      const start = reader.offset;
      const at = phase.read(reader);
      const eventStart = reader.offset;
      const palletIndex = reader.byte();
      const found = eventsOf.get(palletIndex);
      if (found === undefined) throw new ScaleError('scale.value', `no pallet with index ${String(palletIndex)} has events`);
      const variantIndex = reader.byte();
      const variant = found.variants.get(variantIndex);
      if (variant === undefined) throw new ScaleError('scale.value', `${found.pallet} has no event ${String(variantIndex)}`);
      const fields = variant.fields.read(reader);
      const event = toHex(reader.since(eventStart));
      return {
        phase: at.tag === 'ApplyExtrinsic' ? at.index : at.tag,
        pallet: found.pallet,
        name: variant.name,
        fields,
        palletIndex,
        variantIndex,
        event,
        topics: topics.read(reader),
        record: toHex(reader.since(start)),
      };
    },
    ({ phase: at, palletIndex, variantIndex, fields, topics: of }, out) => {
      phase.write(typeof at === 'number' ? { tag: 'ApplyExtrinsic', index: at } : { tag: at }, out);
      out.byte(palletIndex);
      out.byte(variantIndex);
      eventsOf.get(palletIndex)?.variants.get(variantIndex)?.fields.write(fields, out);
      topics.write(of, out);
    },
  );
  const eventRecords = vec(eventRecord);
  let calls: ExtrinsicCodecs | undefined;
  const extrinsics = (): ExtrinsicCodecs => (calls ??= extrinsicCodecs(lookup, codecs));

  /** Decodes, or says what could not be decoded, keeping its bytes. */
  const understand = <T>(what: string, raw: Hex, decode: (bytes: Uint8Array) => T): T => {
    try {
      return decode(fromHex(raw));
    } catch (cause) {
      if (cause instanceof ChainError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ChainError('chain.undecodable', `cannot decode ${what} with runtime ${version}: ${reason}`, { cause, raw });
    }
  };

  const hasExternal = lookup.types.some(({ type }) => type.path.at(-1)?.toString() === 'ExternalNetworkId');

  return {
    version,
    profile: hasExternal ? 'serai-dev' : 'serai-t2',
    storageKey: (at) => {
      const name = JSON.stringify([at.pallet, at.item, at.args]);
      const known = keys.get(name);
      if (known !== undefined) return known;
      const key = entryOf(at).key(...(at.args ?? []));
      keys.set(name, key);
      return key;
    },
    storageValue: (at, raw) =>
      raw === null ? null : understand(`${at.pallet}.${at.item}`, raw, (bytes) => entryOf(at).value.decode(bytes)),
    events: (raw) =>
      raw === null
        ? []
        : understand('System.Events', raw, (bytes) => eventRecords.decode(bytes).map((event, index) => ({ index, ...event }))),
    encodeEvents: (events) => toHex(eventRecords.encode(events)),
    extrinsic: (raw) => understand('the extrinsic', raw, (bytes) => extrinsics().extrinsic.decode(bytes)),
    extrinsicsOf: (raw) => understand("the block's extrinsics", raw, (bytes) => extrinsics().ofBlock(bytes)),
  };
};
