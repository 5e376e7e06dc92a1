import { parseArgs } from 'node:util';
import { fuzzPeers } from '../test/support/fuzzPeers.ts';
import { seedOfRun } from '../test/support/seeded.ts';

/** Growth of the heap, in bytes, that is no leak: caches that fill, code that was compiled. */
const SLACK = 8 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(seedOfRun()) },
    json: { type: 'boolean', default: false },
  },
});
const [runs, seed] = [Number(values.runs), Number(values.seed)];
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
  process.stderr.write('error: --runs takes a whole number, as in 1000000; so does --seed\n');
  process.exit(2);
}
const began = performance.now();
let told = 0;
const result = await fuzzPeers({
  runs,
  seed,
  progress: (done) => {
    if (performance.now() - told < 5_000) return;
    told = performance.now();
    process.stderr.write(`${String(done)} of ${String(runs)}\n`);
  },
});
const seconds = Math.round((performance.now() - began) / 100) / 10;
const passed = result.accepted === 0 && result.crashes.length === 0 && (result.leaked ?? 0) < SLACK;
if (values.json) process.stdout.write(`${JSON.stringify({ ...result, seed, seconds, passed })}\n`);
else
  process.stdout.write(
    `${String(result.runs)} malformed frames and handshakes (${String(result.overSockets)} over sockets, seed ${String(seed)}) in ${String(seconds)} s: ${String(result.ended)} links ended, ${String(result.accepted)} messages accepted, ${String(result.crashes.length)} crashes, heap ${result.leaked === null ? 'not measured' : `${String(Math.round(result.leaked / 1024))} kB more`}\n${result.crashes.map((crash) => `${crash}\n`).join('')}`,
  );
process.exit(passed ? 0 : 1);
