import { KeyGenNetwork } from '../test/support/keyGenNetwork.ts';
import { SigningNetwork } from '../test/support/signingNetwork.ts';
import { type Figure, median } from './figure.ts';

const SETS = [4, 16, 64, 150];
const ROUNDS = 3;

/** A round measures so many messages at least: a small set is over before the collector of garbage has had its turn. */
const MESSAGES = 10_000;

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
  /** Microseconds for each message of another member: from its parsing to all that it leads to. */
  readonly perMessage: number;
}

type Heard = SigningNetwork['heard'];

/** A set that is ready to do something; returns a function that does it and tells what its members heard. */
type Prepare = (n: number, seed: number) => () => Heard;

/** What it costs, over as many sets as it takes to handle enough messages. */
const costOf = (prepare: Prepare, n: number, round: number): Cost => {
  let [microseconds, sets] = [0, 0];
  const heard = { messages: 0, milliseconds: 0 };
  while (heard.messages < MESSAGES) {
    const act = prepare(n, round * 10_000 + sets);
    const began = process.cpuUsage();
    const { messages, milliseconds } = act();
    const { user, system } = process.cpuUsage(began);
    microseconds += user + system;
    heard.messages += messages;
    heard.milliseconds += milliseconds;
    sets += 1;
  }
  return { perMember: microseconds / 1_000 / n / sets, perMessage: (heard.milliseconds * 1_000) / heard.messages };
};

const equal = (n: number): number[] => Array.from({ length: n }, () => 1);

/** A signature: decisions alone, with digests in place of every other signature. */
const signature: Prepare = (n, seed) => {
  const network = new SigningNetwork({ seed, weights: equal(n) });
  return () => {
    network.sign('0');
    network.until(() => network.signedBy('0') === n, 40);
    return network.heard;
  };
};

/** The generation of a key, from the block of the new set to the confirmed key: as for a signature. */
const keyGeneration: Prepare = (n, seed) => {
  const network = new KeyGenNetwork({ seed, weights: equal(n), model: true });
  return () => {
    network.run();
    if (network.taken === undefined) throw new Error('the set must have its keys');
    return network.heard;
  };
};

/** Our own processor time for a signature and for a key generation, apart from mathematics, and how it grows with the set. */
export const signing = (report: (figure: Figure) => void): Promise<void> => {
  for (const [name, once] of [
    ['a signature', signature],
    ['a key generation', keyGeneration],
  ] as const)
    reportGrowth(report, name, once);
  return Promise.resolve();
};

const reportGrowth = (report: (figure: Figure) => void, name: string, once: Prepare): void => {
  const common = { bench: 'signing', reference: null, referenceName: null, goal: null };
  costOf(once, 16, ROUNDS);
  const costs = SETS.map((n) => {
    const rounds = Array.from({ length: ROUNDS }, (_, round) => costOf(once, n, round));
    return {
      n,
      perMember: median(rounds.map(({ perMember }) => perMember)),
      perMessage: median(rounds.map(({ perMessage }) => perMessage)),
    };
  });
  for (const { n, perMember } of costs) report({ ...common, case: `${name}, one of ${String(n)}`, unit: 'ms', ours: perMember });
  report({ ...common, case: `${name}: growth exponent`, unit: '', ours: exponent(costs.map(({ n, perMember }) => [n, perMember])) });
  const smallest = costs[0]?.perMessage ?? 0;
  for (const { n, perMessage } of costs.slice(1))
    report({
      ...common,
      case: `${name}: a message, one of ${String(n)}`,
      unit: 'us',
      ours: perMessage,
      reference: smallest,
      referenceName: 'a message, one of 4',
      goal: '<=1.5',
    });
};
