import type { Field, Parameter, Type } from './describe.ts';
import { t } from './describe.ts';

/** How a part of a map's key is hashed into the storage key. */
export type Hasher = 'Identity' | 'Twox64Concat' | 'Blake2_128Concat';

/** A part of a map's key. */
export interface KeyPart {
  readonly hasher: Hasher;
  readonly type: Type<unknown>;
}

/** An item of a pallet's storage; `fallback` is what its absence means, `null` where it means nothing (`Optional`). */
export interface StorageItem {
  readonly keys: readonly KeyPart[];
  readonly value: Type<unknown>;
  readonly fallback: Uint8Array | null;
}

/** The calls of a pallet: as metadata describes them, and as they stand in extrinsics (ABI), under another index there. */
export interface Calls {
  readonly metadata: Type<unknown>;
  readonly abi: Field<unknown>;
  readonly abiIndex: number;
}

/** A constant of a pallet. */
export interface Constant {
  readonly type: Type<unknown>;
  readonly value: Uint8Array;
}

/** A pallet of the runtime, as far as declared; `typeName`s as in the runtime's source. */
export interface Pallet {
  readonly index: number;
  /** Of the storage's layout; 0 where not given. */
  readonly version?: number;
  readonly storage: Readonly<Record<string, StorageItem>>;
  readonly calls: Calls | null;
  readonly events: Field<unknown> | null;
  readonly errors: Field<unknown> | null;
  readonly constants: Readonly<Record<string, Constant>>;
}

/** A single value; with `fallback`, its absence means that. */
export const plain = <T>(value: Type<T>, fallback?: T): StorageItem => ({
  keys: [],
  value,
  fallback: fallback === undefined ? null : value.encode(fallback),
});

/** A map with its key's parts, each hashed on its own; with `fallback`, the absence of an entry means that. */
export const map = <T>(keys: readonly (readonly [Hasher, Type<unknown>])[], value: Type<T>, fallback?: T): StorageItem => ({
  ...plain(value, fallback),
  keys: keys.map(([hasher, type]) => ({ hasher, type })),
});

/** A constant's type and value. */
export const constant = <T>(type: Type<T>, value: T): Constant => ({ type, value: type.encode(value) });

/** The generic parameters pallets have: `T`, or `T` and `I`, never described. */
export const generics = (...names: readonly string[]): Parameter[] => names.map((name) => ({ name, type: null }));

/** A pallet's list of errors, numbered in the order given. */
export const errors = (path: string, list: readonly string[], parameters: readonly Parameter[] = generics('T')): Type<string> =>
  t.names(`${path}::pallet::Error`, list, parameters);

/** How a pallet spells accounts in its calls: metadata and ABI differ in the type's name, not in the bytes. */
export type Account = Field<Uint8Array>;
