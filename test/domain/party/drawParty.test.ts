import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/domain/hex.ts';
import { attemptStream, encodeSignId, keyGenStream } from '../../../src/domain/party/attemptStream.ts';
import { chaChaRng } from '../../../src/domain/party/chaChaRng.ts';
import { drawParty } from '../../../src/domain/party/drawParty.ts';
import type { SignId } from '../../../src/domain/processor/ids.ts';

const counting = Uint8Array.from({ length: 32 }, (_, index) => index);
const zero = new Uint8Array(32);

describe('the generator', () => {
  it('begins with the first u64 of ChaCha20 under an all-zero seed (RFC 8439 appendix A.1)', () => {
    expect(chaChaRng(zero)()).toBe(0x903df1a0ade0b876n);
  });

  it('goes on past one block of keystream', () => {
    const next = chaChaRng(zero);
    const values = Array.from({ length: 9 }, next);
    // The second block of the keystream under an all-zero key and nonce begins 9f07e7be 5551387a (RFC 8439 appendix A.1, test vector 2).
    expect(values[8]).toBe(0x7a385155bee7079fn);
  });

  it('separates draws by stream', () => {
    expect(chaChaRng(zero, 1n)()).not.toBe(chaChaRng(zero, 0n)());
  });
});

describe('the draw', () => {
  it.each([
    [zero, 4, 3, 0n, [3, 1, 2]],
    [zero, 7, 5, 0n, [1, 7, 3, 4, 6]],
    [counting, 4, 3, 0n, [2, 3, 4]],
    [counting, 4, 3, 15716081293017067976n, [3, 1, 4]],
    [counting, 150, 10, 1n, [132, 45, 100, 75, 147, 140, 27, 143, 32, 94]],
  ])('equals the vectors of docs/protocol.md', (blockHash, participants, threshold, stream, party) => {
    expect(drawParty({ blockHash, participants, threshold, stream })).toEqual(party);
  });

  it('gives t distinct participants of 1..n, and the smaller party begins the larger', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.integer({ min: 1, max: 150 }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        (blockHash, participants, stream) => {
          const all = drawParty({ blockHash, participants, threshold: participants, stream });
          expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: participants }, (_, index) => index + 1));
          const threshold = Math.ceil(participants / 2);
          expect(drawParty({ blockHash, participants, threshold, stream })).toEqual(all.slice(0, threshold));
        },
      ),
    );
  });

  it.each([
    [new Uint8Array(31), 4, 3, 0n],
    [zero, 0, 1, 0n],
    [zero, 4, 5, 0n],
    [zero, 4, 0, 0n],
    [zero, 1.5, 1, 0n],
    [zero, 4, 3, 2n ** 64n],
    [zero, 4, 3, -1n],
  ])('refuses what has no draw', (blockHash, participants, threshold, stream) => {
    expect(() => drawParty({ blockHash, participants, threshold, stream })).toThrow(RangeError);
  });
});

describe('the stream of an attempt', () => {
  const batch: SignId = { set: { network: 'Bitcoin', session: 0 }, kind: 'batch', id: '0', attempt: 0 };

  it('equals the vectors of docs/protocol.md', () => {
    expect(toHex(encodeSignId(batch))).toBe('0x0000000001010000000000000000');
    expect(attemptStream(batch)).toBe(15716081293017067976n);
    expect(attemptStream({ ...batch, id: '7', attempt: 128 })).toBe(5168388390984082972n);
    const plan: SignId = { set: { network: 'Monero', session: 3 }, kind: 'plan', id: toHex(fromHex('11'.repeat(32))), attempt: 0 };
    expect(attemptStream(plan)).toBe(5187124576262114835n);
    expect(keyGenStream({ set: { network: 'Bitcoin', session: 0 }, attempt: 0 })).toBe(16999739842322865706n);
  });
});
