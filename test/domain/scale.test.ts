import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/domain/hex.ts';
import type { Codec } from '../../src/domain/scale.ts';
import {
  bool,
  boundedBytes,
  bytes,
  compact,
  compactU32,
  compactU64,
  enumOf,
  names,
  option,
  ScaleError,
  struct,
  text,
  tuple,
  u8,
  u16,
  u32,
  u64,
  u128,
  vec,
  vecBytes,
} from '../../src/domain/scale.ts';

const value = expect.objectContaining({ code: 'scale.value' }) as ScaleError;
const truncated = expect.objectContaining({ code: 'scale.truncated' }) as ScaleError;
const rest = expect.objectContaining({ code: 'scale.rest' }) as ScaleError;

describe('integers', () => {
  it.each([
    ['u8', u8, 69, '0x45'],
    ['u16', u16, 42, '0x2a00'],
    ['u32', u32, 16_777_215, '0xffffff00'],
    ['u64', u64, 2n ** 64n - 2n, '0xfeffffffffffffff'],
    ['u128', u128, 1n, '0x01000000000000000000000000000000'],
  ])('writes %s little-endian', (_name, codec: Codec<number> | Codec<bigint>, number, hex) => {
    expect(toHex((codec as Codec<number | bigint>).encode(number))).toBe(hex);
    expect(codec.decode(fromHex(hex))).toBe(number);
  });

  it.each([
    [0n, '0x00'],
    [63n, '0xfc'],
    [64n, '0x0101'],
    [16_383n, '0xfdff'],
    [16_384n, '0x02000100'],
    [2n ** 30n - 1n, '0xfeffffff'],
    [2n ** 30n, '0x0300000040'],
    [2n ** 64n - 1n, '0x13ffffffffffffffff'],
    [2n ** 536n - 1n, `0xff${'ff'.repeat(67)}`],
  ])('writes %s in its shortest compact form', (number, hex) => {
    expect(toHex(compact.encode(number))).toBe(hex);
    expect(compact.decode(fromHex(hex))).toBe(number);
  });

  it.each(['0x0100', '0x02000000', '0x03ffffff3f', '0x070000004000'])('refuses the longer compact form %s', (hex) => {
    expect(() => compact.decode(fromHex(hex))).toThrow(value);
  });

  it('refuses numbers out of range', () => {
    for (const wrong of [-1, 256, 1.5, Number.NaN]) expect(() => u8.encode(wrong)).toThrow(value);
    for (const wrong of [-1n, 2n ** 64n]) expect(() => u64.encode(wrong)).toThrow(value);
    expect(() => compactU64.encode(2n ** 64n)).toThrow(value);
    expect(() => compactU32.encode(2 ** 32)).toThrow(value);
    expect(() => compactU32.encode(0.5)).toThrow(value);
    expect(() => compactU32.decode(fromHex('0x070000000001'))).toThrow(value);
  });
});

describe('bytes and text', () => {
  it('refuses other lengths', () => {
    expect(() => bytes(4).encode(new Uint8Array(3))).toThrow(value);
    expect(() => boundedBytes(2).encode(new Uint8Array(3))).toThrow(value);
    expect(() => boundedBytes(2).decode(Uint8Array.of(12, 1, 2, 3))).toThrow(value);
  });

  it('refuses a length that cannot be there before making room for it', () => {
    expect(() => vecBytes.decode(fromHex('0xfeffffff00'))).toThrow(truncated);
    expect(() => vec(u32).decode(fromHex('0xfeffffff00'))).toThrow(truncated);
  });

  it('refuses text that is not UTF-8', () => {
    expect(() => text.decode(Uint8Array.of(4, 0xff))).toThrow(value);
    expect(() => text.encode('\ud800')).toThrow(value);
    expect(text.decode(text.encode('﻿é'))).toBe('﻿é');
  });
});

describe('combinators', () => {
  const shape = enumOf({ Circle: { index: 3, fields: { radius: u8 } }, Point: { index: 0, fields: {} } });

  it('write fields and items in order', () => {
    expect(toHex(struct({ b: u8, a: u16 }).encode({ a: 1, b: 2 }))).toBe('0x020100');
    expect(toHex(tuple(u8, bool, option(u8)).encode([1, true, null]))).toBe('0x010100');
    expect(toHex(vec(option(u8)).encode([7, null]))).toBe('0x08010700');
  });

  it('write variants by index', () => {
    expect(toHex(shape.encode({ tag: 'Circle', radius: 9 }))).toBe('0x0309');
    expect(shape.decode(Uint8Array.of(0))).toEqual({ tag: 'Point' });
    expect(names({ No: 1, Yes: 4 }).decode(Uint8Array.of(4))).toBe('Yes');
  });

  it('refuse what is not a variant', () => {
    expect(() => shape.decode(Uint8Array.of(1))).toThrow(value);
    expect(() => shape.encode({ tag: 'Square' } as never)).toThrow(value);
    expect(() => names({ No: 1 }).encode('constructor' as never)).toThrow(value);
    expect(() => bool.decode(Uint8Array.of(2))).toThrow(value);
    expect(() => option(u8).decode(Uint8Array.of(2, 0))).toThrow(value);
    expect(() => vec(u8, 1).encode([1, 2])).toThrow(value);
  });
});

describe('decode', () => {
  const codec = struct({ id: u32, texts: vec(text), weight: compact, maybe: option(vecBytes) });
  const arbitrary = fc.record({
    id: fc.nat(),
    texts: fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }),
    weight: fc.bigInt({ min: 0n, max: 2n ** 536n - 1n }),
    maybe: fc.option(fc.uint8Array({ maxLength: 80 })),
  });

  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(arbitrary, (wanted) => {
        expect(codec.decode(codec.encode(wanted))).toEqual(wanted);
      }),
    );
  });

  it('wants the whole, and nothing more', () => {
    fc.assert(
      fc.property(arbitrary, fc.nat(), (wanted, cut) => {
        const encoded = codec.encode(wanted);
        expect(() => codec.decode(encoded.slice(0, cut % encoded.length))).toThrow(truncated);
        expect(() => codec.decode(Uint8Array.of(...encoded, 0))).toThrow(rest);
      }),
    );
  });
});
