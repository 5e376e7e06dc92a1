import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readiness, STANDSTILL, type Stage } from '../../../src/domain/health/readiness.ts';

const NOW = 1_000_000;

const stage = (more: Partial<Stage>): Stage => ({ name: 'a', waiting: 1, movedAt: NOW - STANDSTILL - 1, ...more });

describe('readiness', () => {
  it('names a stage that has work and makes no progress, since when and why', () => {
    expect(readiness([stage({ name: 'sends', waiting: 3, reason: 'no broker answers' }), stage({ movedAt: NOW })], NOW)).toEqual({
      ready: false,
      stuck: [{ stage: 'sends', since: '1970-01-01T00:16:29.999Z', waiting: 3, why: 'no broker answers' }],
    });
  });

  it.each([
    ['nothing to do', { waiting: 0 }],
    ['moved just now', { movedAt: NOW - STANDSTILL }],
    ['which is optional', { optional: true }],
  ])('holds with a stage that has %s', (_name, more) => {
    expect(readiness([stage(more)], NOW)).toEqual({ ready: true, stuck: [] });
  });

  it('holds exactly while nothing is stuck', () => {
    const anyStage = fc.record({ name: fc.string(), waiting: fc.nat(3), movedAt: fc.nat(NOW), optional: fc.boolean() });
    fc.assert(
      fc.property(fc.array(anyStage), (stages) => {
        const { ready, stuck } = readiness(stages, NOW);
        expect(ready).toBe(stuck.length === 0);
        expect(stuck).toHaveLength(stages.filter((one) => one.waiting > 0 && !one.optional && one.movedAt < NOW - STANDSTILL).length);
      }),
    );
  });
});
