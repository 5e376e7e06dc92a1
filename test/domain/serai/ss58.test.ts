import { checkAddress, decodeAddress, encodeAddress } from '@polkadot/util-crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSs58, encodeSs58 } from '../../../src/domain/serai/ss58.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Prefixes of networks; 46 and 47 are reserved and never given out. */
const prefix = fc.integer({ min: 0, max: 16_383 }).filter((value) => value !== 46 && value !== 47);

describe('SS58 addresses', () => {
  it('are those of Substrate', () => {
    fc.assert(
      fc.property(key, (bytes) => {
        expect(encodeSs58(bytes)).toBe(encodeAddress(bytes, 42));
      }),
    );
  });

  it('are read whatever network they name', () => {
    fc.assert(
      fc.property(key, prefix, (bytes, network) => {
        expect(decodeSs58(encodeAddress(bytes, network))).toEqual(bytes);
      }),
    );
  });

  it('are refused with one character changed, missing or added, as Substrate refuses them', () => {
    const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl ';
    const change = fc.record({ at: fc.nat(60), remove: fc.nat(1), put: fc.constantFrom('', ...alphabet.split('')) });
    fc.assert(
      fc.property(key, prefix, change, (bytes, network, { at, remove, put }) => {
        const address = encodeAddress(bytes, network);
        const changed = address.slice(0, at) + put + address.slice(at + remove);
        if (changed === address) return;
        // One in 65,536 changes has the right checksum by chance: then Substrate has to agree.
        const read = decodeSs58(changed);
        if (read !== undefined) expect(decodeAddress(changed)).toEqual(read);
        else expect(checkAddress(changed, network)[0]).toBe(false);
      }),
    );
  });

  it.each([
    ['an empty text', ''],
    ['a key of one byte', encodeAddress(Uint8Array.of(1), 42)],
    ['a key of 33 bytes', encodeAddress(new Uint8Array(33), 42)],
    ['a very long text', '5'.repeat(100_000)],
  ])('are not %s', (_, text) => {
    expect(decodeSs58(text)).toBeUndefined();
  });
});
