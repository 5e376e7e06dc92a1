import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../src/domain/hex.ts';
import { checkSuccession } from '../../../src/domain/observation/checkSuccession.ts';

const hash = (byte: string): Hex => `0x${byte.repeat(32)}`;
const contradicts = expect.objectContaining({ code: 'chain.contradiction' }) as Error;

describe('a block after the last one recorded', () => {
  const last = { number: 6, hash: hash('06') };

  it('may be any where none was recorded', () => {
    expect(() => {
      checkSuccession(undefined, { number: 12, parentHash: hash('0b') });
    }).not.toThrow();
  });

  it('is the next one, on top of it', () => {
    expect(() => {
      checkSuccession(last, { number: 7, parentHash: hash('06') });
    }).not.toThrow();
  });

  it('contradicts when it has another parent, is left out or repeated', () => {
    for (const block of [
      { number: 7, parentHash: hash('66') },
      { number: 8, parentHash: hash('06') },
      { number: 6, parentHash: hash('06') },
    ]) {
      expect(() => {
        checkSuccession(last, block);
      }).toThrow(contradicts);
    }
  });
});
