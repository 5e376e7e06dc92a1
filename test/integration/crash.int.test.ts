import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Damage, makeSample, type Outcome, outcomesOf } from '../support/bitFlips.ts';
import { killLives } from '../support/killLives.ts';
import { seeded } from '../support/seeded.ts';

const SEED = Number(process.env['SEED'] ?? 1);
const KILLS = 12;
const DAMAGES = 160;

describe('a store', () => {
  it(`has every acknowledged commit, and none in part, after SIGKILL at any moment (SEED=${String(SEED)})`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'killed-'));
    const { steps, rotated } = await killLives(join(dir, 'store'), KILLS, seeded(SEED));
    expect(steps).toBeGreaterThan(0);
    // Some of the lives changed their data keys meanwhile: what was interrupted went on.
    expect(rotated).toBeGreaterThan(0);
    rmSync(dir, { recursive: true });
  });

  it(`never gives a wrong value, whichever byte of whichever file is changed, and wherever one is cut short (SEED=${String(SEED)})`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'flipped-'));
    const sample = await makeSample(join(dir, 'store'), 60);
    const draw = seeded(SEED);
    const counts: Partial<Record<Outcome, number>> = {};
    // Tables, logs and manifests, each as often; the rest is settings and what RocksDB says to itself.
    const files = sample.sizes.filter(([file]) => !/^(OPTIONS|LOG|LOCK|IDENTITY)/.test(file));
    const damages = Array.from({ length: DAMAGES }, (_, index): Damage => {
      const [file = '', size = 0] = files[index % files.length] ?? [];
      const at = Math.floor(draw() * size);
      return index % 5 === 0 ? { file, at } : { file, at, bits: 1 << Math.floor(draw() * 8) };
    });
    for (const outcome of await outcomesOf(sample, damages, join(dir, 'scratch'))) counts[outcome] = (counts[outcome] ?? 0) + 1;
    expect(counts.named).toBeGreaterThan(0);
    expect(counts['rolled back']).toBeGreaterThan(0);
    rmSync(dir, { recursive: true });
  });
});
