import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { CoordinatorError } from '../errors.ts';
import { u16, u64 } from '../scale.ts';
import type { Hasher, Pallet, StorageItem } from './pallet.ts';
import { pallets } from './pallets.ts';
import { xxhash64 } from './xxhash64.ts';

/** A storage item which is not declared (`storage.unknown`), or arguments which are not those of its key (`storage.arguments`). */
export class StorageKeyError extends CoordinatorError {
  override readonly name = 'StorageKeyError';
  readonly code: 'storage.unknown' | 'storage.arguments';

  constructor(code: StorageKeyError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const wrongArguments = (pallet: string, item: string, { keys }: StorageItem, args: readonly unknown[]): StorageKeyError =>
  new StorageKeyError('storage.arguments', `${pallet}.${item} is keyed by ${String(keys.length)} parts, ${String(args.length)} were given`);

const twox64 = (bytes: Uint8Array, seed = 0n): Uint8Array => u64.encode(xxhash64(bytes, seed));

const twox128 = (name: string): Uint8Array => {
  const bytes = utf8ToBytes(name);
  return concatBytes(twox64(bytes, 0n), twox64(bytes, 1n));
};

const hashers: Readonly<Record<Hasher, (part: Uint8Array) => Uint8Array>> = {
  Identity: (part) => part,
  Twox64Concat: (part) => concatBytes(twox64(part), part),
  Blake2_128Concat: (part) => concatBytes(blake2b(part, { dkLen: 16 }), part),
};

const tables: Readonly<Record<string, Pallet | undefined>> = pallets;

/** A declared storage item; throws {@link StorageKeyError} when there is none of that name. */
export const storageItem = (pallet: string, item: string): StorageItem => {
  const storage = Object.hasOwn(tables, pallet) ? tables[pallet]?.storage : undefined;
  const found = storage !== undefined && Object.hasOwn(storage, item) ? storage[item] : undefined;
  if (found === undefined) throw new StorageKeyError('storage.unknown', `${pallet}.${item} is not declared in pallets.ts`);
  return found;
};

const keyOf = (pallet: string, item: string, { keys }: StorageItem, args: readonly unknown[]): Uint8Array =>
  concatBytes(
    twox128(pallet),
    twox128(item),
    ...keys.slice(0, args.length).map(({ hasher, type }, index) => hashers[hasher](type.encode(args[index]))),
  );

/** What the keys of all entries of an item begin with; with arguments, of those entries whose key begins with these parts. */
export const storagePrefix = (pallet: string, item: string, ...args: readonly unknown[]): Uint8Array => {
  const declared = storageItem(pallet, item);
  if (args.length > declared.keys.length) throw wrongArguments(pallet, item, declared, args);
  return keyOf(pallet, item, declared, args);
};

/**
 * A key in the state: twox128(pallet) ‖ twox128(item), then each part of the entry's key, SCALE-encoded and hashed as declared
 * (serai.md §b.16). One argument per part; a tuple hashed as one is one argument.
 */
export const storageKey = (pallet: string, item: string, ...args: readonly unknown[]): Uint8Array => {
  const declared = storageItem(pallet, item);
  if (args.length !== declared.keys.length) throw wrongArguments(pallet, item, declared, args);
  return keyOf(pallet, item, declared, args);
};

/** Where a pallet keeps the version of its storage's layout since genesis, and that version (u16). */
export const storageVersion = (pallet: string): { readonly key: Uint8Array; readonly value: Uint8Array } => {
  const declared = Object.hasOwn(tables, pallet) ? tables[pallet] : undefined;
  if (declared === undefined) throw new StorageKeyError('storage.unknown', `${pallet} is not declared in pallets.ts`);
  return { key: concatBytes(twox128(pallet), twox128(':__STORAGE_VERSION__:')), value: u16.encode(declared.version ?? 0) };
};
