import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../src/domain/hex.ts';
import { isSampled, readTraceparent, spanOf, traceOfBatch, traceOfBlock, writeTraceparent } from '../../../src/domain/tracing/trace.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes): Hex => `0x${Buffer.from(bytes).toString('hex')}`);
const ratio = fc.double({ min: 0, max: 1, noNaN: true });

describe('a trace', () => {
  it('follows from what it is about, so that all validators have the same one', () => {
    // Fixed for ever: validators of different versions meet in one trace (docs/tracing.md).
    const block = `0x${'11'.repeat(32)}` as const;
    expect(traceOfBlock(block)).toBe('449fca173a6d1f7fe46dae163fc203c8');
    expect(traceOfBatch(block, 'Bitcoin', '3')).toBe('01aba48c0ec208745f10586388f61efe');
    expect(spanOf(traceOfBlock(block), '/alice/crypto')).toBe('e6fc9f3be2873af9');
  });

  it('is told from others', () => {
    fc.assert(
      fc.property(hash, hash, (a, b) => {
        fc.pre(a !== b);
        expect(traceOfBlock(a)).not.toBe(traceOfBlock(b));
        expect(spanOf(traceOfBlock(a), 'x')).not.toBe(spanOf(traceOfBlock(b), 'x'));
      }),
    );
    // Words are kept apart.
    expect(spanOf('t', 'ab', 'c')).not.toBe(spanOf('t', 'a', 'bc'));
  });

  it('comes back as it went, in the form of W3C Trace Context', () => {
    fc.assert(
      fc.property(hash, fc.string(), (block, word) => {
        const trace = traceOfBlock(block);
        const ref = { trace, span: spanOf(trace, word) };
        expect(writeTraceparent(ref)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
        expect(readTraceparent(writeTraceparent(ref))).toEqual(ref);
      }),
    );
  });

  it.each([
    undefined,
    '',
    `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
    `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`,
    `00-${'A'.repeat(32)}-${'1'.repeat(16)}-01`,
    `01-${'1'.repeat(32)}-${'1'.repeat(16)}-01`,
    `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01-more`,
  ])('is not read from %s', (text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });

  it('that is sampled at a ratio is sampled at every higher one, and always at 1', () => {
    fc.assert(
      fc.property(hash, ratio, ratio, (block, a, b) => {
        const trace = traceOfBlock(block);
        if (isSampled(trace, Math.min(a, b))) expect(isSampled(trace, Math.max(a, b))).toBe(true);
        expect(isSampled(trace, 1)).toBe(true);
      }),
    );
  });

  it('is sampled as often as the ratio says', () => {
    const traces = Array.from({ length: 4_000 }, (_, index) => traceOfBlock(`0x${index.toString(16).padStart(64, '0')}`));
    for (const share of [0.1, 0.5, 0.9]) {
      const sampled = traces.filter((trace) => isSampled(trace, share)).length / traces.length;
      expect(Math.abs(sampled - share)).toBeLessThan(0.03);
    }
  });
});
