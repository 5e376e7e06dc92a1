import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/domain/hex.ts';
import { eventRecords } from '../../../src/domain/serai/events.ts';
import { block, header, headerHash } from '../../../src/domain/serai/header.ts';
import { golden, goldenPresent } from '../../support/golden.ts';

interface Recorded {
  readonly number: number;
  readonly hash: string;
  readonly header: {
    readonly parentHash: string;
    readonly number: string;
    readonly stateRoot: string;
    readonly extrinsicsRoot: string;
    readonly digest: { readonly logs: readonly string[] };
  };
  readonly events: string | null;
  readonly blockBin: string;
}

describe.skipIf(!goldenPresent)('the blocks of a real node', () => {
  const blocks = goldenPresent ? (golden('node/blocks.json') as { blocks: readonly Recorded[] }).blocks : [];

  it.each(blocks.map((recorded) => [recorded.number, recorded] as const))('block %i', (_number, recorded) => {
    const value = {
      parentHash: fromHex(recorded.header.parentHash),
      number: BigInt(recorded.header.number),
      stateRoot: fromHex(recorded.header.stateRoot),
      extrinsicsRoot: fromHex(recorded.header.extrinsicsRoot),
      digest: recorded.header.digest.logs.map(fromHex),
    };
    expect(toHex(headerHash(value))).toBe(recorded.hash);
    expect(header.decode(header.encode(value))).toEqual(value);
    const decoded = block.decode(fromHex(recorded.blockBin));
    expect(decoded.header).toEqual(value);
    expect(toHex(block.encode(decoded))).toBe(recorded.blockBin);
    if (recorded.events !== null) expect(toHex(eventRecords.encode(eventRecords.decode(fromHex(recorded.events))))).toBe(recorded.events);
  });
});

describe('header', () => {
  it('refuses a log which is none', () => {
    const value = {
      parentHash: new Uint8Array(32),
      number: 1n,
      stateRoot: new Uint8Array(32),
      extrinsicsRoot: new Uint8Array(32),
      digest: [Uint8Array.of(9)],
    };
    expect(() => header.encode(value)).toThrow(expect.objectContaining({ code: 'scale.value' }));
  });
});
