import { describe, expect, it } from 'vitest';
import { actId, LETTER_DROPPED, LETTER_REPLAY, type LetterAct } from '../../../src/domain/deadLetter/acts.ts';
import { againId, type LetterData, letterOf, refusalOf } from '../../../src/domain/deadLetter/letter.ts';
import {
  allLetters,
  type Letter,
  type Letters,
  NO_LETTERS,
  openLetters,
  withAct,
  withLetter,
} from '../../../src/domain/deadLetter/letters.ts';
import { whyNotReplayed } from '../../../src/domain/deadLetter/whyNotReplayed.ts';
import type { HeldRecord } from '../../../src/domain/record/verifyTopic.ts';

const OPERATOR = '/alice/operator';

const held = (offset: number, type: string, id: string, data: unknown, more: Readonly<Record<string, string>> = {}): HeldRecord => ({
  offset: BigInt(offset),
  headers: {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: '/alice/crypto',
    ce_type: type,
    ce_time: '2026-01-02T03:04:05.000Z',
    'content-type': 'application/json',
    ce_sequence: '1',
    ce_previoushash: `0x${'00'.repeat(32)}`,
    ce_epoch: '1',
    ce_signature: `0x${'00'.repeat(64)}`,
    ...more,
  },
  value: new TextEncoder().encode(JSON.stringify(data)),
});

const refused = refusalOf('alice-serai', held(7, 'test.v1', 'seven', 7), {
  fate: 'refused',
  code: 'record.undecodable',
  cause: new Error('no'),
});

const letter = (offset: number, id: string, data: Partial<LetterData> = {}): HeldRecord =>
  held(offset, 'serai.dead-letter.v1', id, { ...refused, ...data });

const act = (type: LetterAct['type'], id: string, reason: string, source = OPERATOR): HeldRecord => {
  const record = type === LETTER_REPLAY ? { record: { headers: {}, data: 1 } } : {};
  return held(0, type, actId(type, id), { letter: id, topic: 'alice-serai', offset: '7', reason, ...record }, { ce_source: source });
};

const fold = (letters: readonly HeldRecord[], acts: readonly HeldRecord[]): Letters =>
  acts.reduce((known, record) => withAct(known, record, OPERATOR), letters.reduce(withLetter, NO_LETTERS));

const idsOf = (letters: readonly Letter[]): string[] => letters.map(({ attributes }) => attributes.id);

describe('dead letters', () => {
  it('fit into a record, whatever a stranger wrote', () => {
    const headers = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${String(index)}`, '\u0001'.repeat(5_000)]));
    const record = { offset: 3n, headers, value: new Uint8Array(1_000_000) };
    const { data } = letterOf(
      refusalOf('alice-serai', record, { fate: 'unproven', code: 'record.malformed', cause: '\u0001'.repeat(1e6) }),
      '/alice/crypto',
    );
    expect(JSON.stringify(data).length).toBeLessThan(150_000);
    const largest = { ...record, headers: {}, value: new Uint8Array(400_000) };
    const whole = refusalOf('alice-serai', largest, { fate: 'unproven', code: 'record.malformed', cause: 'x' });
    expect(whole.record.data).toHaveLength(800_002);
    expect(JSON.stringify(whole).length).toBeLessThan(900_000);
  });

  it('are open until something was done about them', () => {
    const known = fold(
      [letter(0, 'a'), letter(2, 'b'), letter(4, 'c')],
      [act(LETTER_DROPPED, 'a', 'not needed'), act(LETTER_REPLAY, 'c', 'mended')],
    );
    expect(idsOf(openLetters(known))).toEqual(['b']);
    expect(idsOf(allLetters(known))).toEqual(['a', 'b', 'c']);
    expect(allLetters(known).map((one) => one.act)).toEqual([
      { letter: 'a', what: 'dropped', time: '2026-01-02T03:04:05.000Z', reason: 'not needed' },
      undefined,
      { letter: 'c', what: 'replayed', time: '2026-01-02T03:04:05.000Z', reason: 'mended' },
    ]);
  });

  it('are closed by the first act, and by the operator only', () => {
    const known = fold(
      [letter(0, 'a'), letter(2, 'b')],
      [act(LETTER_DROPPED, 'a', 'first'), act(LETTER_REPLAY, 'a', 'second'), act(LETTER_DROPPED, 'b', 'x', '/alice/processor/bitcoin')],
    );
    expect(allLetters(known).map((one) => one.act?.reason)).toEqual(['first', undefined]);
  });

  it('count once by their id; what is none is counted apart', () => {
    const foreign = { offset: 9n, headers: {}, value: new Uint8Array([0xff]) };
    const known = fold([letter(0, 'a'), letter(2, 'a', { code: 'another' }), foreign, held(11, 'other.v1', 'b', refused)], [foreign]);
    expect(allLetters(known).map(({ code }) => code)).toEqual(['record.undecodable']);
    expect(known.strange).toBe(2);
  });

  it('have an id for each refusal, and for each code where a lane is parked', () => {
    expect(letterOf(refused, '/alice/crypto').id).toBe('serai.dead-letter.v1/alice-serai/7/alice/crypto');
    expect(letterOf({ ...refused, fate: 'parked' }, '/alice/crypto').id).toBe(
      'serai.dead-letter.v1/alice-serai/7/record.undecodable/alice/crypto',
    );
    expect(againId(againId('a', 3n), 14n)).toBe('a/again/14');
  });

  it('keep the time of the record they are about, where it says one', () => {
    expect(letterOf(refused, '/alice/crypto').time).toBe('2026-01-02T03:04:05.000Z');
    const timeless = refusalOf('t', { offset: 1n, headers: { ce_time: 'noon' }, value: new Uint8Array() }, { ...refused, cause: '' });
    expect(letterOf(timeless, '/alice/crypto').time).toBe(new Date(0).toISOString());
  });

  it('leave out what would not fit into a record', () => {
    const large = { ...held(1, 'test.v1', 'large', 0), value: new Uint8Array(500_000) };
    const refusal = refusalOf('t', large, { fate: 'refused', code: 'c', cause: 'x'.repeat(10_000) });
    expect(refusal.record.data).toBeNull();
    expect(refusal.reason.length).toBe(4_000);
  });
});

describe('what can be replayed', () => {
  it.each<readonly [string, Partial<LetterData>, RegExp | undefined]>([
    ['a record its source wrote', {}, undefined],
    ['a parked one', { fate: 'parked' }, /tried again by itself/],
    ['one of another source, perhaps', { fate: 'unproven', code: 'record.forged' }, /not proven to be its source's \(record\.forged\)/],
    ['an order', { topic: 'alice-control' }, /give that order again/],
    ['one whose bytes are not there', { record: { headers: {}, data: null } }, /they stand on alice-serai/],
  ])('%s', (_what, data, expected) => {
    const [one] = allLetters(fold([letter(0, 'a', data)], []));
    const why = one === undefined ? 'there is none' : whyNotReplayed('alice', one);
    if (expected === undefined) expect(why).toBeUndefined();
    else expect(why).toMatch(expected);
  });

  it('takes a module that reads orders', () => {
    const [one] = allLetters(fold([held(0, 'serai.dead-letter.v1', 'a', refused, { ce_source: '/alice/processor/bitcoin' })], []));
    expect(one === undefined ? '' : whyNotReplayed('alice', one)).toBe('/alice/processor/bitcoin takes no orders');
    for (const module of ['crypto', 'connection', 'integrity']) {
      const [own] = allLetters(fold([held(0, 'serai.dead-letter.v1', 'a', refused, { ce_source: `/alice/${module}` })], []));
      expect(own === undefined ? '' : whyNotReplayed('alice', own), module).toBeUndefined();
    }
  });
});
