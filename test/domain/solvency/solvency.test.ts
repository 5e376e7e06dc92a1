import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bookChain, bookExternal, closeBatches, type DoublePayment } from '../../../src/domain/solvency/book.ts';
import { acknowledge, type Judged, judge, type Rules, SOLVENT } from '../../../src/domain/solvency/judge.ts';
import { linesOf, type Sum, sumOf } from '../../../src/domain/solvency/sum.ts';
import { Draft } from '../../../src/domain/tables.ts';
import { SolvencyWorld } from '../../support/solvencyWorld.ts';

type Act =
  | { readonly act: 'pay-in' | 'burn'; readonly amount: bigint }
  | { readonly act: 'serai'; readonly executes: number; readonly failing: number }
  | { readonly act: 'external'; readonly pays: number }
  | { readonly act: 'forward'; readonly fee: bigint };

const amount = fc.bigInt({ min: 1n, max: 10_000n });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constantFrom('pay-in' as const, 'burn' as const), amount }),
  fc.record({ act: fc.constant('serai' as const), executes: fc.nat(3), failing: fc.constantFrom(0, 2, 3) }),
  fc.record({ act: fc.constant('external' as const), pays: fc.nat(3) }),
  fc.record({ act: fc.constant('forward' as const), fee: fc.bigInt({ min: 1n, max: 50n }) }),
);
const acts = fc.array(act, { maxLength: 60 });
/** Which topic is heard of next; when one has nothing more, the other is. */
const order = fc.infiniteStream(fc.boolean());

const play = (world: SolvencyWorld, all: readonly Act[]): void => {
  for (const one of all)
    switch (one.act) {
      case 'pay-in':
        world.payIn(one.amount);
        break;
      case 'burn':
        world.burn(one.amount);
        break;
      case 'serai':
        world.seraiBlock(one.executes, one.failing);
        break;
      case 'external':
        world.externalBlock(one.pays);
        break;
      case 'forward':
        if (world.vault > one.fee) world.forward(one.fee);
        break;
    }
};

interface Heard {
  readonly draft: Draft;
  /** Every sum that could be made on the way, and at the end. */
  readonly sums: readonly Sum[];
  readonly doubles: readonly DoublePayment[];
  /** Messages heard when each sum was made. */
  readonly at: readonly number[];
}

/** Hears both topics, each in its order, interleaved at will. */
const hear = (world: SolvencyWorld, next: Iterator<boolean>): Heard => {
  const draft = new Draft({ get: () => undefined, rows: () => [] });
  const [chain, serai] = [[...world.chain], [...world.serai]];
  const sums: Sum[] = [];
  const at: number[] = [];
  const doubles: DoublePayment[] = [];
  let heard = 0;
  while (chain.length + serai.length > 0) {
    const first = serai.length === 0 || (chain.length > 0 && next.next().value === true);
    const message = first ? chain.shift() : undefined;
    const external = first ? undefined : serai.shift();
    if (message !== undefined) bookChain(draft, message);
    if (external !== undefined) doubles.push(...bookExternal(draft, external));
    closeBatches(draft);
    heard += 1;
    const sum = sumOf(draft, 'Bitcoin', 'Bitcoin');
    if ('waitsFor' in sum) continue;
    sums.push(sum);
    at.push(heard);
  }
  return { draft, sums, doubles, at };
};

describe('the sum of a coin', () => {
  it('is even for an honest vault at every moment, whatever happened and in whatever order it is heard of', () => {
    fc.assert(
      fc.property(acts, order, (all, next) => {
        const world = new SolvencyWorld();
        play(world, all);
        const { sums, doubles } = hear(world, next);
        expect(sums.filter(({ difference }) => difference !== '0')).toEqual([]);
        expect(doubles).toEqual([]);
      }),
    );
  });

  it('comes to what is really there once both chains are known', () => {
    fc.assert(
      fc.property(acts, order, (all, next) => {
        const world = new SolvencyWorld();
        play(world, all);
        world.payIn(5n);
        world.externalBlock(0);
        world.seraiBlock(0);
        const { sums, draft } = hear(world, next);
        expect(sums.at(-1)).toMatchObject({
          booked: world.supply.toString(),
          pendingIn: world.pendingIn.toString(),
          pendingOut: world.pendingOut.toString(),
          failed: world.failed.toString(),
          fees: world.fees.toString(),
          vault: world.vault.toString(),
        });
        const lines = linesOf(draft, 'Bitcoin', 'Bitcoin');
        expect(lines.every(({ from }) => from.length > 0)).toBe(true);
      }),
    );
  });

  it('lacks what was stolen, from then on', () => {
    fc.assert(
      fc.property(acts, acts, amount, order, (before, after, stolen, next) => {
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
        const { sums, at } = hear(world, next);
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
    expect(hear(world, [true, false][Symbol.iterator]()).sums.at(-1)?.difference).toBe('-7');
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
    const { doubles } = hear(world, [][Symbol.iterator]());
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
    expect(acknowledge(good, rules).state).toBe('solvent');
    const early = acknowledge(halted, rules);
    expect(early.state).toBe('halted');
    expect(check([0, 0, 0, 0], rules, early).state).toBe('solvent');
    expect(check([-11, 0, 0, 0, 0], rules, early).state).toBe('solvent');
  });

  it('always comes for a theft above the tolerance, within so many checks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 1_000 }), fc.array(fc.integer({ min: -10, max: 50 })), (theft, before) => {
        const judged = check(before);
        expect(check([-theft, -theft, -theft], RULES, judged).state).toBe('halted');
      }),
    );
  });
});
