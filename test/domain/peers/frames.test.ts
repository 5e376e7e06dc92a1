import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, FRAME_LIMIT, type Frame, FrameCutter, TEXT_LIMIT } from '../../../src/domain/peers/frames.ts';
import { PeerError } from '../../../src/domain/peers/peerError.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const frame: fc.Arbitrary<Exclude<Frame, { kind: 'unknown' }>> = fc.oneof(
  fc.record({ kind: fc.constant('data' as const), epoch: u32, sequence: u32, body: bytes(300) }),
  fc.record({ kind: fc.constant('ack' as const), epoch: u32, sequence: u32 }),
  fc.record({ kind: fc.constantFrom('ping' as const, 'pong' as const), nonce: u32 }),
  fc.record({
    kind: fc.constantFrom('certificate' as const, 'hello' as const, 'addresses' as const, 'view' as const, 'bye' as const),
    payload: bytes(100),
  }),
);

const cutAll = (cutter: FrameCutter): Uint8Array[] => {
  const all: Uint8Array[] = [];
  for (let next = cutter.next(FRAME_LIMIT); next !== undefined; next = cutter.next(FRAME_LIMIT)) all.push(next);
  return all;
};

describe('frames', () => {
  it('are read as they were written, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (frames, lengths) => {
        const stream = Buffer.concat(frames.map(encodeFrame));
        const cutter = new FrameCutter();
        const heard: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const length = lengths[turn % lengths.length] ?? 1;
          cutter.push(new Uint8Array(stream.subarray(at, at + length)));
          heard.push(...cutAll(cutter));
          at += length;
        }
        expect(heard.map((said) => decodeFrame(said))).toEqual(frames.map((one) => decodeFrame(encodeFrame(one).subarray(4))));
        expect(heard.map((said) => decodeFrame(said).kind)).toEqual(frames.map(({ kind }) => kind));
        expect(cutter.held).toBe(0);
      }),
    );
  });

  it('are refused with an error of ours, or understood: never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (said) => {
        try {
          decodeFrame(said);
        } catch (error) {
          expect(error).toBeInstanceOf(PeerError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('claim no more than they may, and not nothing', () => {
    const claiming = (length: number, limit: number): FrameCutter => {
      const cutter = new FrameCutter();
      const head = new Uint8Array(4);
      new DataView(head.buffer).setUint32(0, length, true);
      cutter.push(head);
      expect(() => cutter.next(limit)).toThrow(PeerError);
      return cutter;
    };
    claiming(0, 100);
    claiming(101, 100);
    claiming(0xffff_ffff, FRAME_LIMIT);
  });

  it('of a kind from 128 on are passed over; below, they do not exist', () => {
    expect(decodeFrame(Uint8Array.of(200, 1, 2, 3))).toEqual({ kind: 'unknown' });
    expect(() => decodeFrame(Uint8Array.of(99))).toThrow('does not exist');
    const long = new Uint8Array(TEXT_LIMIT + 2);
    long[0] = 1;
    expect(() => decodeFrame(long)).toThrow('bytes');
  });

  it('do not keep the chunk they came in', () => {
    const cutter = new FrameCutter();
    const chunk = new Uint8Array(60_000);
    chunk.set(encodeFrame({ kind: 'ping', nonce: 7 }));
    cutter.push(chunk.subarray(0, 9));
    expect(cutter.next(FRAME_LIMIT)?.buffer.byteLength).toBe(5);
  });

  it('that trickle in byte by byte take no more room than their bytes', () => {
    const cutter = new FrameCutter();
    const bytes = encodeFrame({ kind: 'data', epoch: 1, sequence: 1, body: new Uint8Array(100_000).fill(7) });
    for (const byte of bytes.subarray(0, -1)) cutter.push(Uint8Array.of(byte));
    expect(cutter.held).toBe(bytes.length - 1);
    expect(cutter.pieces).toBeLessThan(40);
    cutter.push(bytes.subarray(-1));
    expect(cutAll(cutter)).toEqual([bytes.subarray(4)]);
  });
});
