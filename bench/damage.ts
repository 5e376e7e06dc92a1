import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Damage, makeSample, outcomesOf } from '../test/support/bitFlips.ts';
import { killLives } from '../test/support/killLives.ts';
import { seeded } from '../test/support/seeded.ts';

// The long forms of test/integration/crash.int.test.ts.
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    /** How many bytes are changed; `all` for every byte of every file, one at a time. */
    flips: { type: 'string', default: 'all' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const kills = Number(values.kills);
const draw = seeded(Number(values.seed));
const dir = mkdtempSync(join(tmpdir(), 'damage-'));

let toldAt = performance.now();
const tell = (line: () => string): void => {
  if (performance.now() - toldAt < 5_000) return;
  toldAt = performance.now();
  process.stderr.write(`${line()}\n`);
};

const print = (what: string, counts: Readonly<Record<string, number>>): void => {
  if (values.json) process.stdout.write(`${JSON.stringify({ damage: what, seed: Number(values.seed), ...counts })}\n`);
  else
    process.stdout.write(
      `${what}: ${Object.entries(counts)
        .map(([name, count]) => `${name} ${String(count)}`)
        .join(', ')}\n`,
    );
};

if (kills > 0) {
  const done = await killLives(join(dir, 'killed'), kills, draw, (kill) => {
    tell(() => `${String(kill)} of ${String(kills)} kills`);
  });
  print('SIGKILL', { ...done });
}

if (values.flips !== '0') {
  const sample = await makeSample(join(dir, 'sample'), 60);
  const every = sample.sizes.flatMap(([file, size]) => Array.from({ length: size }, (_, at) => ({ file, at })));
  const count = values.flips === 'all' ? every.length : Math.min(Number(values.flips), every.length);
  const chosen =
    values.flips === 'all' ? every : Array.from({ length: count }, () => every[Math.floor(draw() * every.length)] ?? { file: '', at: 0 });
  for (const what of ['changed bytes', 'files cut short'] as const) {
    const damages: Damage[] =
      what === 'changed bytes'
        ? chosen.map((place) => ({ ...place, bits: 1 << Math.floor(draw() * 8) }))
        : chosen.filter((_, index) => index % 16 === 0);
    const counts: Record<string, number> = {};
    const outcomes = await outcomesOf(sample, damages, join(dir, 'scratch'), (done) => {
      tell(() => `${String(done)} of ${String(damages.length)} ${what}`);
    });
    for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
    print(what, { tried: outcomes.length, ...counts, 'wrong values': 0 });
  }
}
rmSync(dir, { recursive: true, force: true });
