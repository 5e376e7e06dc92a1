import { describe, expect, it } from 'vitest';
import { logAlarms, logRollBack } from '../../src/core/logAlarms.ts';
import type { TopicRecord } from '../../src/domain/record.ts';
import type { Json } from '../../src/domain/tables.ts';

const recordOf = (type: string, data: Json): TopicRecord => ({
  attributes: {
    ...{ id: 'a stranger may have written this', source: '/alice/integrity', type, time: new Date(0).toISOString() },
    ...{ datacontenttype: 'application/json', sequence: 7n, previoushash: '0x', epoch: 1 },
  },
  data: new TextEncoder().encode(JSON.stringify(data)),
});

const written = (...records: readonly TopicRecord[]): unknown[] => {
  const lines: unknown[] = [];
  const take =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push([level, message, fields]);
    };
  const log = { warn: take('warn'), error: take('error') };
  logAlarms(log)('alice-reports', records);
  return lines;
};

const letter = (fate: string): TopicRecord =>
  recordOf('serai.dead-letter.v1', {
    topic: 'alice-chain',
    offset: '3',
    fate,
    code: 'record.forged',
    reason: 'by a stranger',
    record: null,
  });

describe('the alarm for what was written', () => {
  it('names the code, the place, and where the runbook says what to do', () => {
    const halt = { network: 'Bitcoin', code: 'solvency.breach', reason: 'Bitcoin is short' };
    const breach = { code: 'solvency.breach', runbook: 'docs/runbook.md#solvencybreach', network: 'Bitcoin' };
    const place = { topic: 'alice-reports', sequence: '7' };
    expect(
      written(
        recordOf('serai.report.evidence.v1', { code: 'batch.differs-on-chain', evidence: {} }),
        recordOf('serai.control.halted.v1', halt),
        recordOf('serai.control.cleared.v1', halt),
        recordOf('serai.report.solvency-stale.v1', { network: 'Monero', since: 4, block: 9, waitsFor: 'the first balances' }),
        recordOf('serai.report.quarantine.v1', { epoch: 2, reasons: ['it was restored'], head: null }),
        letter('unproven'),
      ),
    ).toEqual([
      ['warn', 'evidence', { code: 'batch.differs-on-chain', runbook: 'docs/runbook.md#batchdiffers-on-chain', ...place }],
      ['error', 'network halted', breach],
      ['warn', 'network no longer halted', breach],
      [
        'warn',
        'solvency cannot be judged',
        { code: 'solvency.stale', runbook: 'docs/runbook.md#solvencystale', network: 'Monero', since: 4 },
      ],
      ['error', 'quarantine', { code: 'store.rolled-back', runbook: 'docs/runbook.md#storerolled-back', ...place }],
      [
        'warn',
        'record refused',
        { code: 'record.forged', runbook: 'docs/runbook.md#recordforged', topic: 'alice-chain', offset: '3', fate: 'unproven' },
      ],
    ]);
  });

  it('is given once for a lane that is parked, and not for what is as it should be', () => {
    expect(written(letter('parked'), recordOf('serai.report.solvency.v1', {}), recordOf('serai.control.paused.v1', {}))).toEqual([]);
  });
});

it('the alarm for a store that was rolled back has its signs', () => {
  const lines: unknown[] = [];
  const error = (fields: object): void => {
    lines.push(fields);
  };
  logRollBack({ warn: error, error })('/alice/crypto', ['alice-reports holds more than the store knows']);
  expect(lines).toEqual([
    {
      ...{ code: 'store.rolled-back', runbook: 'docs/runbook.md#storerolled-back' },
      ...{ source: '/alice/crypto', signs: ['alice-reports holds more than the store knows'] },
    },
  ]);
});
