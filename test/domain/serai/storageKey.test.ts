import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/domain/hex.ts';
import { pallets } from '../../../src/domain/serai/pallets.ts';
import { storageItem, storageKey, storagePrefix, storageVersion } from '../../../src/domain/serai/storageKey.ts';
import { xxhash64 } from '../../../src/domain/serai/xxhash64.ts';
import { golden, goldenPresent } from '../../support/golden.ts';
import { fromGolden } from './fromGolden.ts';

interface Recorded {
  readonly pallet: string;
  readonly item: string;
  readonly args: readonly unknown[];
  readonly key: string;
}

const argumentsOf = ({ pallet, item, args }: Recorded): unknown[] => {
  const { keys } = storageItem(pallet, item);
  return keys.map(({ type }, index) => fromGolden(type, args[index]));
};

describe.skipIf(!goldenPresent)('the storage of the real runtime', () => {
  it('has the keys we compute', () => {
    const { keys } = golden('storage_keys.json') as { keys: readonly Recorded[] };
    expect(keys.map((one) => toHex(storageKey(one.pallet, one.item, ...argumentsOf(one))))).toEqual(keys.map(({ key }) => key));
  });

  const items = Object.entries(pallets).flatMap(([pallet, { storage }]) =>
    Object.entries(storage).map(([item, { value }]) => ({ prefix: toHex(storagePrefix(pallet, item)), value })),
  );

  it.each(['genesis_local.json', 'genesis_dev.json'])('holds in %s only what is declared, as our types decode and re-encode it', (file) => {
    const { top } = golden(file) as { top: Readonly<Record<string, string>> };
    const versions = new Map<string, string>(
      Object.keys(pallets).map((pallet) => {
        const { key, value } = storageVersion(pallet);
        return [toHex(key), toHex(value)] as const;
      }),
    );
    const wellKnown: string[] = [];
    for (const [key, hex] of Object.entries(top)) {
      const item = items.find(({ prefix }) => key.startsWith(prefix));
      const ours = item === undefined ? versions.get(key) : toHex(item.value.encode(item.value.decode(fromHex(hex))));
      if (ours === undefined) wellKnown.push(new TextDecoder().decode(fromHex(key)));
      else expect(ours).toBe(hex);
    }
    expect(wellKnown.toSorted()).toEqual([':code', ':extrinsic_index', ':grandpa_authorities']);
  });
});

describe('storageKey', () => {
  it('hashes as twox128 does', () => {
    expect(toHex(storageKey('System', 'Events'))).toBe('0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7');
  });

  it('refuses what is not declared, and arguments which are not the key', () => {
    expect(() => storageKey('System', 'Nothing')).toThrow(expect.objectContaining({ code: 'storage.unknown' }));
    expect(() => storageKey('constructor', 'name')).toThrow(expect.objectContaining({ code: 'storage.unknown' }));
    expect(() => storageKey('Coins', 'Supply')).toThrow(expect.objectContaining({ code: 'storage.arguments' }));
    expect(() => storageKey('System', 'Number', 1)).toThrow(expect.objectContaining({ code: 'storage.arguments' }));
  });

  it('gives the prefix of entries that share the first parts', () => {
    const account = new Uint8Array(32).fill(7);
    const whole = toHex(storageKey('Coins', 'Balances', account, 'Monero'));
    expect(whole.startsWith(toHex(storagePrefix('Coins', 'Balances', account)))).toBe(true);
  });
});

describe('xxhash64', () => {
  it.each([
    ['', 0n, 0xef46db3751d8e999n],
    ['a', 0n, 0xd24ec4f1a98c6e5bn],
    ['abc', 0n, 0x44bc2cf5ad770999n],
    ['Nobody inspects the spammish repetition', 0n, 0xfbcea83c8a378bf1n],
  ])('of %j with seed %s', (text, seed, expected) => {
    expect(xxhash64(new TextEncoder().encode(text), seed)).toBe(expected);
  });
});
