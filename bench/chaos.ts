import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkTopics, type Death, drawDeaths, live } from '../test/support/deaths.ts';

/** Deaths on one folder: over one key generation and two signatures, so that each finds something under way. */
const EACH = 10;

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
});
if (!/^[1-9]\d{0,5}$/.test(values.kills) || !/^\d{1,9}$/.test(values.seed)) {
  process.stderr.write('error: --kills and --seed take whole numbers, as in --kills 100 --seed 1\n');
  process.exit(2);
}

const shown = ({ store, commit, when }: Death): string => `${when} commit ${String(commit)} of ${store}`;

/** Kills the devnet at these commits, lets it end, and holds its topics against each other. */
const endure = async (deaths: readonly Death[]): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'chaos-'));
  for (const death of deaths) {
    const { signal, stderr } = await live(dir, 1, death);
    if (signal !== 'SIGKILL') throw new Error(`did not come to die ${shown(death)}\n${stderr}`);
    if (!values.json) process.stdout.write(`killed ${shown(death)}\n`);
  }
  const { code, stderr } = await live(dir, 1);
  if (code !== 0) throw new Error(`did not end after these deaths; its folder is ${dir}\n${stderr}`);
  await checkTopics(dir);
  await rm(dir, { recursive: true, force: true });
};

const kills = Number(values.kills);
for (let [done, seed] = [0, Number(values.seed)]; done < kills; seed += 1) {
  const deaths = drawDeaths(seed, Math.min(EACH, kills - done));
  try {
    await endure(deaths);
  } catch (error) {
    process.stderr.write(`error: with --seed ${String(seed)} --kills ${String(deaths.length)}: ${String(error)}\n`);
    process.exit(1);
  }
  done += deaths.length;
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, deaths, whole: true })}\n`);
  else process.stdout.write(`${String(done)} of ${String(kills)} kills: nothing lost, nothing twice (seed ${String(seed)})\n`);
}
