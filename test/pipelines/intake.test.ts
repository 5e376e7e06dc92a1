import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { PlacedRecord, VerifiedRun } from '../../src/data/topicStep.ts';
import { intake } from '../../src/pipelines/intake.ts';
import type { StoredRecord } from '../../src/streams/fromTopic.ts';
import { delivery } from '../support/delivery.ts';
import { refused, rehearse } from '../support/rehearse.ts';

const stored = (offset: bigint, signed: boolean): StoredRecord => ({
  offset,
  headers: { signed: String(signed) },
  value: new Uint8Array(),
});

const placed = ({ offset, headers, value }: StoredRecord): PlacedRecord => ({
  offset,
  data: value,
  attributes: {
    id: String(offset),
    source: '/a',
    type: 't',
    time: '',
    datacontenttype: '',
    sequence: offset,
    previoushash: '0x',
    epoch: 1,
    ...(headers['signed'] === 'true' ? { signature: '0x' as const } : {}),
  },
});

const proven = (runs: readonly (readonly PlacedRecord[])[]) => of(runs.map((value) => ({ ok: true, value }) as const));

const verified = (records: readonly PlacedRecord[]): VerifiedRun => ({ records, fresh: records, seen: {} });

describe('intake', () => {
  it('commits a run once it is signed, and acks its records only then', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, expectSubscriptions, flush }) => {
      const envelopes$ = hot(' -ab------|', { a: envelope('a', stored(0n, false)), b: envelope('b', stored(1n, true)) });
      const commit$ = cold('     ---|');
      const commits = '          --^--!';
      const expected = '         ---------|';
      const runs: bigint[][] = [];
      const commit = ({ records }: VerifiedRun) => {
        runs.push(records.map(({ offset }) => offset));
        return commit$;
      };
      expectObservable(intake({ envelopes$, decode: placed, prove: proven, verify: verified, commit, runLimit: 8, delivery })).toBe(
        expected.trim(),
      );
      expectSubscriptions(commit$.subscriptions).toBe(commits.trim());
      flush();
      expect(runs).toEqual([[0n, 1n]]);
      expect([...fates.values()]).toEqual([[{ ok: true }], [{ ok: true }]]);
    });
  });

  it('commits runs one after the other', () => {
    rehearse(({ hot, cold, envelope, expectObservable, expectSubscriptions }) => {
      const envelopes$ = hot(' -ab------|', { a: envelope('a', stored(0n, true)), b: envelope('b', stored(1n, true)) });
      const commit$ = cold('     ---|');
      const commits = ['-^--!', '----^--!'];
      expectObservable(
        intake({ envelopes$, decode: placed, prove: proven, verify: verified, commit: () => commit$, runLimit: 8, delivery }),
      ).toBe('---------|');
      expectSubscriptions(commit$.subscriptions).toBe(commits);
    });
  });

  it('nacks what it cannot decode or verify, and goes on', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, flush }) => {
      const envelopes$ = hot('-a-b-c-|', {
        a: envelope('a', stored(0n, true)),
        b: envelope('b', stored(1n, true)),
        c: envelope('c', stored(2n, true)),
      });
      const decode = (record: StoredRecord): PlacedRecord => {
        if (record.offset === 0n) throw new Error('garbage');
        return placed(record);
      };
      const verify = (records: readonly PlacedRecord[]): VerifiedRun => {
        if (records[0]?.offset === 1n) throw Object.assign(new Error('forged'), { code: 'record.forged' });
        return verified(records);
      };
      expectObservable(intake({ envelopes$, decode, prove: proven, verify, commit: () => cold('|'), runLimit: 8, delivery })).toBe(
        '-------|',
      );
      flush();
      expect([...fates.values()]).toEqual([[refused('poison', 'record.malformed')], [refused('poison', 'record.forged')], [{ ok: true }]]);
    });
  });

  it('ends when a commit fails for good, and leaves its records open', () => {
    rehearse(({ hot, cold, envelope, fates, expectObservable, flush }) => {
      const envelopes$ = hot('-a-|', { a: envelope('a', stored(0n, true)) });
      const commit = () => cold<never>('-#', undefined, new Error('fatal'));
      expectObservable(intake({ envelopes$, decode: placed, prove: proven, verify: verified, commit, runLimit: 8, delivery })).toBe(
        '--#',
        undefined,
        new Error('fatal'),
      );
      flush();
      expect(fates.get('a')).toEqual([]);
    });
  });
});
