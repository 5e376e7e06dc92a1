import { describe, expect, it } from 'vitest';
import type { TopicRecord } from '../../src/domain/record.ts';
import { batchesOf } from '../../src/drivers/kafka/batches.ts';

const record = (sequence: number, size: number, signed: boolean): TopicRecord => ({
  attributes: {
    id: String(sequence),
    source: '/a',
    type: 'test.v1',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    sequence: BigInt(sequence),
    previoushash: `0x${'00'.repeat(32)}`,
    epoch: 1,
    ...(signed ? { signature: `0x${'00'.repeat(64)}` as const } : {}),
  },
  data: new Uint8Array(size),
});

const sequences = (records: readonly TopicRecord[]): number[][] =>
  batchesOf(records).map((batch) => batch.map(({ headers }) => Number(headers?.['ce_sequence'])));

describe('batches', () => {
  it('are one where all fits', () => {
    expect(sequences([record(1, 10, false), record(2, 10, true), record(3, 10, true)])).toEqual([[1, 2, 3]]);
  });

  it('hold runs whole', () => {
    expect(sequences([record(1, 400_000, true), record(2, 400_000, false), record(3, 400_000, true)])).toEqual([[1], [2, 3]]);
  });

  it('cut a run that is too large for one', () => {
    expect(sequences([record(1, 500_000, false), record(2, 500_000, false), record(3, 300_000, true)])).toEqual([[1], [2, 3]]);
    expect(sequences([record(1, 2_000_000, true)])).toEqual([[1]]);
  });

  it('are none of nothing', () => {
    expect(batchesOf([])).toEqual([]);
  });
});
