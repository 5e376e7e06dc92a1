import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STANDSTILL, type Stage, stuckStages } from '../../../src/domain/health/readiness.ts';

const NOW = 1_000_000;

const stage = (more: Partial<Stage>): Stage => ({ name: 'a', waiting: 1, movedAt: NOW - STANDSTILL - 1, ...more });

describe('readiness', () => {
  it('names a stage that has work and makes no progress, since when and why', () => {
    expect(stuckStages([stage({ name: 'sends', waiting: 3, reason: 'no broker answers' }), stage({ movedAt: NOW })], NOW)).toEqual([
      { stage: 'sends', since: '1970-01-01T00:16:29.999Z', waiting: 3, why: 'no broker answers' },
    ]);
  });

  it.each([
    ['nothing to do', { waiting: 0 }],
    ['moved just now', { movedAt: NOW - STANDSTILL }],
    ['which is optional', { optional: true }],
    ['more patience', { patience: STANDSTILL + 1 }],
  ])('holds with a stage that has %s', (_name, more) => {
    expect(stuckStages([stage(more)], NOW)).toEqual([]);
  });

  it('names exactly those that have work, had none of it done for longer than their patience, and are needed', () => {
    const anyStage = fc.record(
      { name: fc.string(), waiting: fc.nat(3), movedAt: fc.nat(NOW), optional: fc.boolean(), patience: fc.nat(NOW) },
      { requiredKeys: ['name', 'waiting', 'movedAt'] },
    );
    fc.assert(
      fc.property(fc.array(anyStage), (stages) => {
        const wanted = stages.filter((one) => one.waiting > 0 && one.optional !== true && one.movedAt < NOW - (one.patience ?? STANDSTILL));
        expect(stuckStages(stages, NOW).map(({ stage: name }) => name)).toEqual(wanted.map(({ name }) => name));
      }),
    );
  });
});
