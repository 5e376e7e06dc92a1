import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { compactU32, enumOf, names, option, struct, text, u8, vec, vecBytes } from '../scale.ts';
import type { Field, Type } from './describe.ts';
import { field, t } from './describe.ts';
import type { Layout } from './layouts.ts';
import { seraiDev } from './layouts.ts';
import { outer } from './outer.ts';
import type { Hasher, Pallet, StorageItem } from './pallet.ts';
import type { Method } from './runtimeApis.ts';
import { runtimeApis } from './runtimeApis.ts';
import { extra, signedExtensions } from './signedExtensions.ts';
import { address, signature } from './types.ts';
import type { TypeTable } from './typeTable.ts';
import { typeRegistry, typeTable } from './typeTable.ts';

const docs = vec(text);
const id = compactU32;
const hasher = names({ Blake2_128Concat: 2, Twox64Concat: 5, Identity: 6 } satisfies Record<Hasher, number>);

const storageEntry = struct({
  name: text,
  modifier: names({ Optional: 0, Default: 1 }),
  type: enumOf({
    plain: { index: 0, fields: { value: id } },
    map: { index: 1, fields: { hashers: vec(hasher), key: id, value: id } },
  }),
  fallback: vecBytes,
  docs,
});

const palletV14 = {
  name: text,
  storage: option(struct({ prefix: text, entries: vec(storageEntry) })),
  calls: option(id),
  events: option(id),
  constants: vec(struct({ name: text, type: id, value: vecBytes, docs })),
  errors: option(id),
  index: u8,
};

const extensions = vec(struct({ identifier: text, type: id, additional: id }));

const metadataV14 = struct({
  types: typeRegistry,
  pallets: vec(struct(palletV14)),
  extrinsic: struct({ type: id, version: u8, extensions }),
  runtime: id,
});

const metadataV15 = struct({
  types: typeRegistry,
  pallets: vec(struct({ ...palletV14, docs })),
  extrinsic: struct({ version: u8, address: id, call: id, signature: id, extra: id, extensions }),
  runtime: id,
  apis: vec(
    struct({
      name: text,
      methods: vec(struct({ name: text, inputs: vec(struct({ name: text, type: id })), output: id, docs })),
      docs,
    }),
  ),
  outerEnums: struct({ call: id, event: id, error: id }),
  custom: vec(struct({ name: text, type: id, value: vecBytes })),
});

const over = (
  path: string,
  table: Readonly<Record<string, Pallet>>,
  part: (pallet: Pallet, name: string) => Field<unknown> | null,
): Type<unknown> =>
  outer(path, Object.fromEntries(Object.entries(table).map(([name, pallet]) => [name, { index: pallet.index, part: part(pallet, name) }])));

const callFor = (name: string): string =>
  `self::sp_api_hidden_includes_construct_runtime::hidden_include::dispatch\n::CallableCallFor<${name}, Runtime>`;

const runtime = t.struct('serai_runtime::Runtime', {});

const storageOf = (types: TypeTable, name: string, { keys, value, fallback }: StorageItem) => {
  const [first] = keys;
  const parts = keys.map(({ type }) => type);
  return {
    name,
    modifier: fallback === null ? ('Optional' as const) : ('Default' as const),
    type:
      first === undefined
        ? { tag: 'plain' as const, value: types.idOf(value) }
        : {
            tag: 'map' as const,
            hashers: keys.map((part) => part.hasher),
            key: types.idOf(keys.length === 1 ? first.type : t.tuple(...parts)),
            value: types.idOf(value),
          },
    fallback: fallback ?? Uint8Array.of(0),
    docs: [],
  };
};

const palletOf = (types: TypeTable, name: string, pallet: Pallet) => {
  const idOf = (type: Type<unknown> | undefined): number | null => (type === undefined ? null : types.idOf(type));
  return {
    name,
    storage: { prefix: name, entries: Object.entries(pallet.storage).map(([item, declared]) => storageOf(types, item, declared)) },
    calls: idOf(pallet.calls?.metadata),
    events: idOf(pallet.events?.type),
    constants: Object.entries(pallet.constants).map(([key, { type, value }]) => ({ name: key, type: types.idOf(type), value, docs: [] })),
    errors: idOf(pallet.errors?.type),
    index: pallet.index,
    docs: [],
  };
};

const apisOf = (types: TypeTable) =>
  Object.entries<Readonly<Record<string, Method>>>(runtimeApis).map(([name, methods]) => ({
    name,
    methods: Object.entries(methods).map(([method, { inputs, output }]) => ({
      name: method,
      inputs: Object.entries(inputs).map(([input, type]) => ({ name: input, type: types.idOf(type) })),
      output: types.idOf(output),
      docs: [],
    })),
    docs: [],
  }));

/**
 * What `state_getMetadata` (version 14) and `Metadata_metadata_at_version` answer: `meta`, the version's byte, the metadata.
 * Made from the layout's table, so it says what is declared and no more; like the runtime's own it describes networks and coins
 * as the derived enums they are not (golden README 1), which clients patch.
 */
export const encodeMetadata = (version: 14 | 15, layout: Layout = seraiDev): Uint8Array => {
  const numbered = typeTable();
  const types: TypeTable = { ...numbered, idOf: (type) => numbered.idOf(layout.type(type)) };
  const { pallets: table } = layout;
  const runtimeCall = over('serai_runtime::RuntimeCall', table, ({ calls }, name) =>
    calls === null ? null : field(calls.metadata, callFor(name)),
  );
  const runtimeError = over('serai_runtime::RuntimeError', table, ({ errors }) => errors);
  const outerEnums = { event: types.idOf(layout.event), call: types.idOf(runtimeCall), error: types.idOf(runtimeError) };
  const common = {
    pallets: Object.entries(table).map(([name, pallet]) => palletOf(types, name, pallet)),
    runtime: types.idOf(runtime),
  };
  const described = signedExtensions.map(({ identifier, type, additional }) => ({
    identifier,
    type: types.idOf(type),
    additional: types.idOf(additional),
  }));
  const head = concatBytes(utf8ToBytes('meta'), u8.encode(version));
  if (version === 14) {
    const shape = { type: types.idOf(layout.extrinsic), version: 0, extensions: described };
    return concatBytes(head, metadataV14.encode({ ...common, extrinsic: shape, types: types.entries() }));
  }
  const parts = { address: types.idOf(address), call: outerEnums.call, signature: types.idOf(signature), extra: types.idOf(extra) };
  const rest = { apis: apisOf(types), outerEnums, custom: [] };
  return concatBytes(
    head,
    metadataV15.encode({ ...common, ...rest, extrinsic: { version: 0, ...parts, extensions: described }, types: types.entries() }),
  );
};
