import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bookChain, bookExternal, closeBatches, type DoublePayment } from '../../../src/domain/solvency/book.ts';
import { balancesOf, Journal } from '../../../src/domain/solvency/journal.ts';
import { acknowledge, type Judged, judge, type Rules, SOLVENT } from '../../../src/domain/solvency/judge.ts';
import { linesOf, type Sum, sumOf } from '../../../src/domain/solvency/sum.ts';
import { Draft } from '../../../src/domain/tables.ts';
import { amount, delays, hear, history, play } from '../../support/solvencyHistory.ts';
import { SolvencyWorld } from '../../support/solvencyWorld.ts';

interface Heard {
  readonly draft: Draft;
  /** Every sum that could be made on the way, and at the end. */
  readonly sums: readonly Sum[];
  readonly doubles: readonly DoublePayment[];
  /** Messages heard when each sum was made. */
  readonly at: readonly number[];
}

/** Hears both topics, each in its order, and sums up whenever it can be done. */
const hearAll = (world: SolvencyWorld, turns: readonly number[]): Heard => {
  const draft = new Draft({ get: () => undefined, rows: () => [] });
  const sums: Sum[] = [];
  const at: number[] = [];
  const doubles: DoublePayment[] = [];
  let heard = 0;
  for (const { chain, serai } of hear(world.chain, world.serai, turns)) {
    if (chain !== undefined) bookChain(draft, chain);
    if (serai !== undefined) doubles.push(...bookExternal(draft, serai));
    closeBatches(draft);
    heard += 1;
    const sum = sumOf(draft, 'Bitcoin', 'Bitcoin');
    if ('waitsFor' in sum) continue;
    sums.push(sum);
    at.push(heard);
  }
  return { draft, sums, doubles, at };
};

const journalOf = (world: SolvencyWorld, turns: readonly number[]): Journal => {
  const journal = new Journal('Bitcoin');
  for (const { chain, serai } of hear(world.chain, world.serai, turns)) {
    if (chain !== undefined) journal.hearChain(chain);
    if (serai !== undefined) journal.hearExternal(serai);
  }
  return journal;
};

/** What a history has in it that a sum may get wrong. */
const hardPartsOf = ({ chain, serai, vaults, fees }: SolvencyWorld): Record<string, boolean> => {
  const isTwice = (of: readonly string[]): boolean => new Set(of).size < of.length;
  const all = <T>(kind: T | undefined): T[] => (kind === undefined ? [] : [kind]);
  return {
    'several instructions of a batch fail': isTwice(
      chain.flatMap(({ type, data }) => all(type === 'serai.in-instructions.instruction-failure.v1' ? String(data.id) : undefined)),
    ),
    'a block burns twice': isTwice(
      chain.flatMap(({ type, data }) => all(type === 'serai.coins.burn-with-instruction.v1' ? String(data.block.number) : undefined)),
    ),
    'several burns are paid': serai.filter(({ type, data }) => type === 'serai.external.output.v1' && data.payments.length > 0).length > 1,
    'a fee is paid': fees > 0n,
    'two vaults hold something': vaults.filter((held) => held > 0n).length > 1,
  };
};

describe('the histories that sums are proven by', () => {
  it('have in them what a sum may get wrong', () => {
    const seen = fc.sample(history, { numRuns: 100, seed: 1 }).map((all) => {
      const world = new SolvencyWorld();
      play(world, all);
      return hardPartsOf(world);
    });
    for (const part of Object.keys(seen[0] ?? {})) expect(seen.filter((parts) => parts[part]).length, part).toBeGreaterThan(20);
  });
});

describe('the sum of a coin', () => {
  it('is even for an honest vault at every moment, whatever happened and in whatever order it is heard of', () => {
    fc.assert(
      fc.property(history, delays, (all, next) => {
        const world = new SolvencyWorld();
        play(world, all);
        const { sums, doubles } = hearAll(world, next);
        expect(sums.filter(({ difference }) => difference !== '0')).toEqual([]);
        expect(doubles).toEqual([]);
      }),
    );
  });

  it('comes to what is really there once both chains are known', () => {
    fc.assert(
      fc.property(history, delays, (all, next) => {
        const world = new SolvencyWorld();
        play(world, all);
        world.payIn(5n);
        world.externalBlock(0);
        world.seraiBlock(0);
        const { sums, draft } = hearAll(world, next);
        expect(sums.at(-1)).toMatchObject({
          booked: world.supply.toString(),
          pendingIn: world.pendingIn.toString(),
          pendingOut: world.pendingOut.toString(),
          failed: world.failed.toString(),
          fees: world.fees.toString(),
          vault: world.vault.toString(),
        });
        const lines = linesOf(draft, 'Bitcoin', 'Bitcoin');
        expect(lines.filter(({ from }) => !/\d/.test(from))).toEqual([]);
        expect(lines.filter(({ account }) => account === 'vault').map(({ amount: held }) => BigInt(held))).toEqual(world.vaults);
      }),
    );
  });

  it('is what its journal comes to, entry by entry, whatever was heard first', () => {
    fc.assert(
      fc.property(history, delays, (all, next) => {
        const world = new SolvencyWorld();
        play(world, all);
        const postings = [...journalOf(world, next).postings()];
        expect(balancesOf(postings)).toEqual({
          ...{ vault: world.vault, fees: world.fees, booked: world.supply, failed: world.failed },
          ...{ 'pending-in': world.pendingIn, 'pending-out': world.pendingOut },
        });
        expect(postings.filter(({ from }) => !/block (0x[0-9a-f]{64}|\d+)/.test(from))).toEqual([]);
      }),
    );
  });

  it('shows by its journal which side a difference comes from', () => {
    const world = new SolvencyWorld();
    world.payIn(100n);
    world.externalBlock(0, 30n);
    world.seraiBlock(1);
    const stolen = balancesOf(journalOf(world, [1]).postings());
    expect([world.vault - stolen.vault, world.supply - stolen.booked]).toEqual([-30n, 0n]);
    world.mint(7n);
    const minted = balancesOf(journalOf(world, [1]).postings());
    expect([world.vault - minted.vault, world.supply - minted.booked]).toEqual([-30n, 7n]);
  });

  it('counts a batch that is proposed again after it was executed once', () => {
    const world = new SolvencyWorld();
    world.payIn(10n);
    world.externalBlock(0);
    world.seraiBlock(1);
    world.payIn(5n);
    world.externalBlock(0);
    const [proposed] = world.serai;
    if (proposed === undefined) throw new Error('nothing was proposed');
    world.serai.splice(2, 0, proposed);
    const { sums } = hearAll(world, [100]);
    expect(sums.at(-1)).toMatchObject({ pendingIn: '5', difference: '0' });
  });

  it('lacks what was stolen, from then on', () => {
    fc.assert(
      fc.property(history, history, amount, delays, (before, after, stolen, next) => {
        const world = new SolvencyWorld();
        play(world, before);
        world.payIn(20_000n);
        world.externalBlock(1);
        world.externalBlock(0, stolen);
        const from = world.chain.length + world.serai.length;
        play(world, after);
        world.externalBlock(0, 0n);
        world.payIn(1n);
        world.externalBlock(0);
        const { sums, at } = hearAll(world, next);
        expect(sums.at(-1)?.difference).toBe((-stolen).toString());
        const late = sums.filter((_, place) => (at[place] ?? 0) > from);
        expect(late.every(({ difference }) => difference === (-stolen).toString() || difference === '0')).toBe(true);
      }),
    );
  });

  it('lacks what was minted for nothing', () => {
    const world = new SolvencyWorld();
    world.payIn(10n);
    world.externalBlock(0);
    world.seraiBlock(1);
    world.mint(7n);
    expect(hearAll(world, [1]).sums.at(-1)?.difference).toBe('-7');
  });

  it('names a burn that is paid twice', () => {
    const world = new SolvencyWorld();
    world.payIn(10n);
    world.externalBlock(0);
    world.seraiBlock(1);
    world.burn(4n);
    world.seraiBlock(0);
    world.externalBlock(1);
    const paid = world.serai.find(({ type }) => type === 'serai.external.output.v1');
    if (paid?.type !== 'serai.external.output.v1') throw new Error('nothing was paid');
    world.serai.push({ ...paid, data: { ...paid.data, plan: `0x${'99'.repeat(32)}` } });
    const { doubles } = hearAll(world, [100]);
    expect(doubles).toEqual([{ network: 'Bitcoin', block: 2, index: 0, plan: `0x${'99'.repeat(32)}` }]);
  });
});

const RULES: Rules = { tolerance: 10n, breaches: 3, clears: 4, acknowledge: false };
const check = (differences: readonly number[], rules = RULES, from: Judged = SOLVENT): Judged =>
  differences.reduce((judged, difference) => judge(judged, { difference: String(difference) }, rules), from);

describe('the verdict', () => {
  it('halts after so many breaches in a row, not before', () => {
    expect(check([-11, -11]).state).toBe('doubtful');
    expect(check([-11, -11, 0, -11, -11]).state).toBe('doubtful');
    expect(check([-11, -11, -11]).state).toBe('halted');
    expect(check([-10, -10, -10, -10, -10]).state).toBe('solvent');
  });

  it('clears after so many good checks in a row', () => {
    const halted = check([-11, -11, -11]);
    expect(check([0, 0, 0], RULES, halted).state).toBe('halted');
    expect(check([0, 0, -11, 0, 0, 0], RULES, halted).state).toBe('halted');
    expect(check([0, 0, 0, 0], RULES, halted).state).toBe('solvent');
  });

  it('waits for the operator where so configured, and for good checks all the same', () => {
    const rules = { ...RULES, acknowledge: true };
    const halted = check([-11, -11, -11], rules);
    const good = check([0, 0, 0, 0, 0], rules, halted);
    expect(good.state).toBe('halted');
    expect(acknowledge(good, rules, false).state).toBe('solvent');
    const early = acknowledge(halted, rules, false);
    expect(early.state).toBe('halted');
    expect(check([0, 0, 0, 0], rules, early).state).toBe('solvent');
    expect(check([-11, 0, 0, 0, 0], rules, early).state).toBe('solvent');
  });

  it('ends at once with the word of an operator who wants it so, and comes again where coins still lack', () => {
    const over = acknowledge(check([-11, -11, -11]), RULES, true);
    expect(over).toEqual(SOLVENT);
    expect(check([-11, -11, -11], RULES, over).state).toBe('halted');
  });
});
