import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letterClosed, lettersStatus, letterWritten } from '../../../src/domain/deadLetter/openLetters.ts';
import { lettersStatus as schema } from '../../../src/domain/health/status.ts';
import { Draft } from '../../../src/domain/tables.ts';

const letterAt = (at: number) => ({
  at: String(at),
  by: '/x/crypto',
  time: new Date(0).toISOString(),
  topic: 'x-inbound',
  offset: String(at),
  fate: 'refused' as const,
  code: 'record.unhandled',
});

const empty = (): Draft => new Draft({ get: () => undefined, rows: () => [] });

describe('open letters', () => {
  it('are those nothing was done about, in whatever order the two topics are read, each counted once', () => {
    const acts = fc.shuffledSubarray(Array.from({ length: 20 }, (_, id) => id));
    fc.assert(
      fc.property(acts, fc.infiniteStream(fc.boolean()), (closed, first) => {
        const draft = empty();
        const writes = Array.from({ length: 20 }, (_, id) => id);
        const closes = [...closed];
        for (const isClose of first) {
          const id = isClose ? closes.shift() : writes.shift();
          if (id === undefined && writes.length === 0 && closes.length === 0) break;
          if (id === undefined) continue;
          if (isClose) letterClosed(draft, String(id));
          else letterWritten(draft, String(id), letterAt(id));
        }
        const told = schema.parse(lettersStatus(draft));
        const open = Array.from({ length: 20 }, (_, id) => id).filter((id) => !closed.includes(id));
        expect(told.open).toBe(open.length);
        expect(told.newest.map(({ at }) => Number(at))).toEqual(open.reverse().slice(0, 10));
      }),
    );
  });

  it('are counted when there are more than are kept, and the newest are shown', () => {
    const draft = empty();
    for (let id = 0; id < 1_200; id += 1) letterWritten(draft, String(id), letterAt(id));
    const { open, newest } = lettersStatus(draft);
    expect([open, newest[0]]).toEqual([1_200, letterAt(1_199)]);
    for (let id = 0; id < 1_200; id += 1) letterClosed(draft, String(id));
    expect(lettersStatus(draft)).toEqual({ open: 0, newest: [] });
  });

  it('do not tell what stands in the record, or what was said of it', () => {
    const draft = empty();
    letterWritten(draft, 'a', { ...letterAt(1), reason: 'secret', record: 'secret' } as never);
    expect(JSON.stringify(lettersStatus(draft))).not.toContain('secret');
  });
});
