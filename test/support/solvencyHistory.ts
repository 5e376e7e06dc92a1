import fc from 'fast-check';
import type { SolvencyWorld } from './solvencyWorld.ts';

/** Something that happens between the chains. */
export type Happening =
  | { readonly act: 'pay-in'; readonly amounts: readonly bigint[] }
  | { readonly act: 'burn'; readonly amount: bigint }
  | { readonly act: 'serai'; readonly executes: number; readonly failing: number }
  | { readonly act: 'external'; readonly pays: number }
  | { readonly act: 'rotate' }
  | { readonly act: 'forward'; readonly fee: bigint };

export const amount = fc.bigInt({ min: 1n, max: 10_000n });

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('pay-in' as const), amounts: fc.array(amount, { minLength: 1, maxLength: 5 }) }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('burn' as const), amount: fc.bigInt({ min: 1n, max: 800n }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('serai' as const), executes: fc.nat(3), failing: fc.constantFrom(0, 2, 3) }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('external' as const), pays: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constant({ act: 'rotate' as const }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('forward' as const), fee: fc.bigInt({ min: 1n, max: 50n }) }) },
);

/** Histories in which money really goes round: each begins with something paid in and minted. */
export const history = fc
  .tuple(fc.bigInt({ min: 100n, max: 10_000n }), fc.array(happening, { minLength: 20, maxLength: 45, size: 'max' }))
  .map(([first, rest]): readonly Happening[] => [
    { act: 'pay-in', amounts: [first] },
    { act: 'external', pays: 0 },
    { act: 'serai', executes: 1, failing: 0 },
    { act: 'burn', amount: first / 2n },
    ...rest,
  ]);

export const play = (world: SolvencyWorld, history: readonly Happening[]): void => {
  for (const one of history)
    switch (one.act) {
      case 'pay-in':
        for (const paid of one.amounts) world.payIn(paid);
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
      case 'rotate':
        world.rotate();
        break;
      case 'forward':
        if (world.vault > one.fee) world.forward(one.fee);
        break;
    }
};

/** How far one topic is heard before the other is again: from a record at a time to one that is far behind. */
export const delays = fc.array(fc.oneof(fc.nat(3), fc.nat(60)), { minLength: 4, maxLength: 40 });

/** Both topics, each in its own order, heard in turns of so many records. */
export const hear = function* <A, B>(
  chain: readonly A[],
  serai: readonly B[],
  turns: readonly number[],
): Iterable<{ readonly chain: A; readonly serai?: undefined } | { readonly serai: B; readonly chain?: undefined }> {
  let [a, b] = [0, 0];
  for (let turn = 0; a < chain.length || b < serai.length; turn += 1) {
    // Whatever the turns are, both topics end.
    const many = Math.max(turns[turn % turns.length] ?? 1, turn < 2 * turns.length ? 0 : 1);
    if (turn % 2 === 0) for (const one of chain.slice(a, a + many)) yield { chain: one };
    else for (const one of serai.slice(b, b + many)) yield { serai: one };
    if (turn % 2 === 0) a += many;
    else b += many;
  }
};
