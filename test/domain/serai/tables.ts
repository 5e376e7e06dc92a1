import type { PortableRegistry } from '@polkadot/types';
import { Metadata, TypeRegistry } from '@polkadot/types';
import type { Si1Field } from '@polkadot/types/interfaces/scaleInfo';

type Field = readonly [name: string | null, typeName: string | null, type: unknown];

const fieldsOf = (fields: readonly Si1Field[], resolve: (id: number) => unknown): Field[] =>
  fields.map(({ name, typeName, type }) => [
    name.unwrapOr(null)?.toString() ?? null,
    typeName.unwrapOr(null)?.toString() ?? null,
    resolve(type.toNumber()),
  ]);

const resolver = (lookup: PortableRegistry): ((id: number) => unknown) => {
  const known = new Map<number, unknown>();
  const resolve = (id: number): unknown => {
    if (!known.has(id)) known.set(id, describe(id));
    return known.get(id);
  };
  const describe = (id: number): unknown => {
    const { path, params, def } = lookup.types[id]?.type ?? expected(`type ${String(id)}`);
    const named = {
      path: path.map(String).join('::'),
      parameters: params.map(({ name, type }) => [name.toString(), type.isSome ? resolve(type.unwrap().toNumber()) : null]),
    };
    if (def.isComposite) return { ...named, composite: fieldsOf(def.asComposite.fields, resolve) };
    if (def.isVariant) {
      const variants = def.asVariant.variants.map(({ index, name, fields }) => [
        index.toNumber(),
        name.toString(),
        fieldsOf(fields, resolve),
      ]);
      return { ...named, variants };
    }
    if (def.isSequence) return { sequence: resolve(def.asSequence.type.toNumber()) };
    if (def.isArray) return { array: resolve(def.asArray.type.toNumber()), length: def.asArray.len.toNumber() };
    if (def.isTuple) return { tuple: def.asTuple.map((item) => resolve(item.toNumber())) };
    if (def.isCompact) return { compact: resolve(def.asCompact.type.toNumber()) };
    return { primitive: def.asPrimitive.type };
  };
  return resolve;
};

const expected = (what: string): never => {
  throw new Error(`${what} is missing`);
};

const byName = <T extends { readonly name: { toString(): string } }, V>(list: Iterable<T>, value: (item: T) => V): Record<string, V> =>
  Object.fromEntries([...list].map((item) => [item.name.toString(), value(item)]));

/** Metadata as plain tables, as @polkadot/types reads it, every type resolved: comparable between registries that number types differently. */
export const tables = (hex: string) => {
  const metadata = new Metadata(new TypeRegistry(), hex as `0x${string}`);
  const raw = metadata.version === 14 ? metadata.asV14 : metadata.asV15;
  const resolve = resolver(raw.lookup);
  const pallets = byName(raw.pallets, (pallet) => ({
    index: pallet.index.toNumber(),
    calls: pallet.calls.isSome ? resolve(pallet.calls.unwrap().type.toNumber()) : null,
    events: pallet.events.isSome ? resolve(pallet.events.unwrap().type.toNumber()) : null,
    errors: pallet.errors.isSome ? resolve(pallet.errors.unwrap().type.toNumber()) : null,
    constants: byName(pallet.constants, ({ type, value }) => ({ type: resolve(type.toNumber()), value: value.toHex() })),
    prefix: pallet.storage.unwrapOr(null)?.prefix.toString() ?? null,
    storage: byName(pallet.storage.unwrapOr(null)?.items ?? [], ({ modifier, type, fallback }) => ({
      modifier: modifier.toString(),
      fallback: fallback.toHex(),
      hashers: type.isMap ? type.asMap.hashers.map(String) : null,
      key: type.isMap ? resolve(type.asMap.key.toNumber()) : null,
      value: resolve((type.isMap ? type.asMap.value : type.asPlain).toNumber()),
    })),
  }));
  const extensions = raw.extrinsic.signedExtensions.map(({ identifier, type, additionalSigned }) => ({
    identifier: identifier.toString(),
    type: resolve(type.toNumber()),
    additional: resolve(additionalSigned.toNumber()),
  }));
  const rest =
    metadata.version === 14
      ? { extrinsic: resolve(metadata.asV14.extrinsic.type.toNumber()), runtime: resolve(metadata.asV14.type.toNumber()) }
      : {
          address: resolve(metadata.asV15.extrinsic.addressType.toNumber()),
          call: resolve(metadata.asV15.extrinsic.callType.toNumber()),
          signature: resolve(metadata.asV15.extrinsic.signatureType.toNumber()),
          extra: resolve(metadata.asV15.extrinsic.extraType.toNumber()),
          runtime: resolve(metadata.asV15.type.toNumber()),
          outerEnums: {
            call: resolve(metadata.asV15.outerEnums.callType.toNumber()),
            event: resolve(metadata.asV15.outerEnums.eventType.toNumber()),
            error: resolve(metadata.asV15.outerEnums.errorType.toNumber()),
          },
        };
  const apis =
    metadata.version === 14
      ? {}
      : byName(metadata.asV15.apis, ({ methods }) =>
          byName(methods, ({ inputs, output }) => ({
            inputs: inputs.map(({ name, type }) => [name.toString(), resolve(type.toNumber())]),
            output: resolve(output.toNumber()),
          })),
        );
  return { version: metadata.version, extrinsicVersion: raw.extrinsic.version.toNumber(), extensions, pallets, apis, ...rest };
};
