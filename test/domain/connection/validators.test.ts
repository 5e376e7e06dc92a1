import { describe, expect, it } from 'vitest';
import { lastGivenUp, lastReceived, nextPlace, placeOf, receivedUpTo } from '../../../src/domain/connection/places.ts';
import {
  admitted,
  changesOf,
  heightHeard,
  isGone,
  RETIRED_FOR,
  understandChain,
  want,
  wantedLinks,
} from '../../../src/domain/connection/validators.ts';
import type { Hex } from '../../../src/domain/hex.ts';
import type { TopicRecord } from '../../../src/domain/record.ts';
import { Draft, type Json } from '../../../src/domain/tables.ts';

const empty = { get: () => undefined, rows: () => [] };
const key = (number: number): Hex => `0x${String(number).padStart(2, '0').repeat(32)}`;
const block = { number: 1, hash: key(9) };

const tell = (draft: Draft, type: string, data: Json): void => {
  understandChain({ attributes: { type } } as TopicRecord, data)(draft);
};

const participants = (draft: Draft, session: number, numbers: readonly number[], network = 'Bitcoin'): void => {
  tell(draft, 'serai.validator-sets.participants.v1', {
    block,
    set: { network, session },
    participants: numbers.map((number) => ({ address: 'x', publicKey: key(number), weight: 1 })),
  });
};

const height = (draft: Draft, number: number): void => {
  tell(draft, 'serai.chain.block.v1', {
    number,
    hash: key(9),
    parentHash: key(9),
    stateRoot: key(9),
    extrinsicsRoot: key(9),
    time: 0,
  });
};

describe('who is admitted', () => {
  it('is in a set that is coming, current or just retired, of any external network', () => {
    const draft = new Draft(empty);
    participants(draft, 0, [1, 2]);
    participants(draft, 1, [2, 3]);
    participants(draft, 0, [4], 'Monero');
    participants(draft, 0, [5], 'Serai');
    expect(admitted(draft).sort()).toEqual([key(1), key(2), key(3), key(4)]);
  });

  it('loses its place some time after its set was retired, with the links that were wanted and what waits', () => {
    const draft = new Draft(empty);
    height(draft, 10);
    participants(draft, 0, [1, 2]);
    want(draft, [key(1), key(2)]);
    nextPlace(draft, key(1), 1);
    participants(draft, 1, [2]);
    tell(draft, 'serai.validator-sets.set-retired.v1', {
      block,
      event: { index: 0, extrinsic: null },
      set: { network: 'Bitcoin', session: 0 },
    });
    height(draft, 10 + RETIRED_FOR);
    expect(admitted(draft)).toContain(key(1));
    const before = changesOf(draft);
    height(draft, 11 + RETIRED_FOR);
    expect(admitted(draft)).toEqual([key(2)]);
    expect(wantedLinks(draft)).toEqual([key(2)]);
    expect([isGone(draft, key(1)), isGone(draft, key(2))]).toEqual([true, false]);
    expect(lastGivenUp(draft, key(1))).toEqual({ epoch: 1, sequence: 1 });
    expect(changesOf(draft)).toBeGreaterThan(before);
    participants(draft, 2, [1]);
    expect([isGone(draft, key(1)), admitted(draft).includes(key(1))]).toEqual([false, true]);
  });

  it('loses its place at once where it is removed, or told without', () => {
    const draft = new Draft(empty);
    participants(draft, 0, [1, 2, 3]);
    tell(draft, 'serai.validator-sets.participant-removed.v1', {
      block,
      event: { index: 0, extrinsic: null },
      set: { network: 'Bitcoin', session: 0 },
      removed: { address: 'x', publicKey: key(1) },
    });
    expect(admitted(draft).sort()).toEqual([key(2), key(3)]);
    participants(draft, 0, [2]);
    expect(admitted(draft)).toEqual([key(2)]);
  });

  it('is not of sets before the last one, though nobody said that they were retired', () => {
    const draft = new Draft(empty);
    height(draft, 5);
    for (const session of [0, 1, 2]) participants(draft, session, [session + 1]);
    height(draft, 6 + RETIRED_FOR);
    expect(admitted(draft).sort()).toEqual([key(2), key(3)]);
    expect(heightHeard(draft)).toBe(6 + RETIRED_FOR);
  });
});

describe('the number of a message', () => {
  const at = (epoch: number, sequence: number) => ({ epoch, sequence });

  it('is the next, known, or beyond a gap', () => {
    const draft = new Draft(empty);
    expect(placeOf(draft, key(1), at(4, 17))).toBe('next');
    receivedUpTo(draft, key(1), at(4, 17));
    expect([at(4, 17), at(4, 1), at(3, 99)].map((place) => placeOf(draft, key(1), place))).toEqual(['known', 'known', 'known']);
    expect([at(4, 18), at(5, 1)].map((place) => placeOf(draft, key(1), place))).toEqual(['next', 'next']);
    expect([at(4, 19), at(5, 2)].map((place) => placeOf(draft, key(1), place))).toEqual(['gap', 'gap']);
    expect(lastReceived(draft, key(1))).toEqual(at(4, 17));
  });

  it('begins anew with each epoch of the sender, for each receiver', () => {
    const draft = new Draft(empty);
    expect([nextPlace(draft, key(1), 1), nextPlace(draft, key(1), 1), nextPlace(draft, key(2), 1), nextPlace(draft, key(1), 2)]).toEqual([
      at(1, 1),
      at(1, 2),
      at(1, 1),
      at(2, 1),
    ]);
  });
});
