import { SigningNetwork } from '../test/support/signingNetwork.ts';
import { type Figure, median } from './figure.ts';

const SETS = [4, 16, 64, 150];
const ROUNDS = 3;

/** The slope of a line through points in logarithms: how a quantity grows. */
const exponent = (points: readonly (readonly [x: number, y: number])[]): number => {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (index: 0 | 1): number => logs.reduce((sum, point) => sum + point[index], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const over = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return over / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
};

interface Cost {
  /** Milliseconds of processor time of one member. */
  readonly perMember: number;
  /** Microseconds for each message, command, reply or block that was handled. */
  readonly perMessage: number;
}

/** What a signature costs a set of n: decisions alone, with digests in place of every signature. */
const signatureCost = (n: number, seed: number): Cost => {
  const network = new SigningNetwork({ seed, weights: Array.from({ length: n }, () => 1) });
  const began = process.cpuUsage();
  network.sign('0');
  network.until(() => network.signedBy('0') === n, 40);
  const { user, system } = process.cpuUsage(began);
  return { perMember: (user + system) / 1_000 / n, perMessage: (user + system) / network.handled };
};

/** Our own processor time for a signature, apart from mathematics, and how it grows with the set. */
export const signing = (report: (figure: Figure) => void): Promise<void> => {
  const common = { bench: 'signing', reference: null, referenceName: null, goal: null };
  for (let warm = 0; warm < 5; warm += 1) signatureCost(16, warm);
  const costs = SETS.map((n) => {
    const rounds = Array.from({ length: ROUNDS }, (_, seed) => signatureCost(n, seed));
    return {
      n,
      perMember: median(rounds.map(({ perMember }) => perMember)),
      perMessage: median(rounds.map(({ perMessage }) => perMessage)),
    };
  });
  for (const { n, perMember } of costs)
    report({ ...common, case: `a signature, one of ${String(n)} members`, unit: 'ms', ours: perMember });
  report({ ...common, case: 'a signature: growth exponent', unit: '', ours: exponent(costs.map(({ n, perMember }) => [n, perMember])) });
  const smallest = costs[0]?.perMessage ?? 0;
  for (const { n, perMessage } of costs.slice(1))
    report({
      ...common,
      case: `a message, one of ${String(n)} members`,
      unit: 'us',
      ours: perMessage,
      reference: smallest,
      referenceName: 'a message, one of 4 members',
      goal: '<=1.5',
    });
  return Promise.resolve();
};
