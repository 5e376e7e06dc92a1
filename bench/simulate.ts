import { parseArgs } from 'node:util';
import { roundOf, thresholdOf, WINDOW, windowOf } from '../src/domain/party/window.ts';
import type { SignId } from '../src/domain/processor/ids.ts';
import { checkSignedOnce } from '../test/support/neverTwice.ts';
import { type Fault, SigningNetwork } from '../test/support/signingNetwork.ts';

/** Windows after which a run that is not done has failed. */
const MOST = 120;

interface Case {
  readonly n: number;
  readonly fault: Fault | 'none' | 'mixed';
  /** Seeds of the range that are run: large sets take seconds each. */
  readonly every: number;
}

const FAULTS: readonly Fault[] = ['away', 'silent', 'invalid', 'two-faced', 'lying'];

const CASES: readonly Case[] = [4, 7, 13, 100].flatMap((n) =>
  (['none', ...FAULTS, 'mixed'] as const).map((fault) => ({ n, fault, every: n === 100 ? 50 : 1 })),
);

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1..200' },
    sizes: { type: 'string', default: '4,7,13,100' },
    json: { type: 'boolean', default: false },
  },
});
const sizes = values.sizes.split(',').map(Number);
const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds);
if (range === null) {
  process.stderr.write('error: --seeds takes a range, as in 1..200\n');
  process.exit(2);
}
const [from, to] = [Number(range[1]), Number(range[2])];

/** As many key shares at fault as may be: n − t. */
const faultsOf = ({ n, fault }: Case, seed: number): Record<number, Fault> => {
  const count = fault === 'none' ? 0 : n - thresholdOf(n);
  const kinds = fault === 'mixed' ? FAULTS : [fault as Fault];
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [(index * 3 + seed) % n, kinds[(index + seed) % kinds.length] ?? 'away']),
  );
};

/** The attempt in which the signable was signed, as its set saw it first. */
const signedIn = (one: Case, seed: number): number => {
  const weights = Array.from({ length: one.n }, () => 1);
  const rough = one.fault === 'mixed' ? { late: 0.1, crashes: 0.002, skew: 2, hurry: 0.2 / one.n ** 2 } : {};
  const network = new SigningNetwork({ seed, weights, faults: faultsOf(one, seed), ...rough });
  // Half of them begin with a convened window: whoever lies as a convener, or fails in a round, has its turn.
  if (seed % 2 === 1) network.until(() => network.height >= WINDOW, 4 * WINDOW);
  network.sign('0');
  network.until(() => network.signedBy('0') === network.honest.length, MOST * WINDOW);
  const signed = network
    .reported('serai.report.signed.v1')
    .map(({ data }) => data as unknown as { readonly id: SignId; readonly signature: string });
  checkSignedOnce(network);
  return Math.min(...signed.map(({ id }) => id.attempt));
};

const count = (numbers: readonly number[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const number of [...numbers].sort((a, b) => a - b)) counts[number] = (counts[number] ?? 0) + 1;
  return counts;
};

const shown = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([value, times]) => `${value}: ${String(times)}`)
    .join(', ');

for (const one of CASES.filter(({ n }) => sizes.includes(n))) {
  const attempts: number[] = [];
  for (let seed = from; seed <= to; seed += one.every) attempts.push(signedIn(one, seed));
  const windows = count(attempts.map(windowOf));
  const rounds = count(attempts.map(roundOf));
  const { n, fault } = one;
  const faulty = fault === 'none' ? 0 : n - thresholdOf(n);
  if (values.json) process.stdout.write(`${JSON.stringify({ n, faulty, fault, runs: attempts.length, windows, rounds })}\n`);
  else
    process.stdout.write(
      `n ${String(n).padStart(3)}  ${String(faulty).padStart(2)} ${fault.padEnd(9)}  ${String(attempts.length).padStart(4)} runs  signed in window ${shown(windows)}; round ${shown(rounds)}\n`,
    );
}
