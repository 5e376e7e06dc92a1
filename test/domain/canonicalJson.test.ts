import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/domain/canonicalJson.ts';

describe('canonical JSON', () => {
  it('orders keys by code units, numbers among them too, at every depth', () => {
    expect(canonicalJson({ b: [{ z: 1, a: null }], a: 'x', 9: true, 10: false })).toBe(
      '{"10":false,"9":true,"a":"x","b":[{"a":null,"z":1}]}',
    );
  });

  it('leaves out what has no value, and refuses what JSON cannot hold', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(() => canonicalJson({ a: 1n })).toThrow(TypeError);
    expect(() => canonicalJson(Number.NaN)).toThrow(TypeError);
  });
});
