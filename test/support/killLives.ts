import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** What came of lives that were ended by SIGKILL. */
export interface Killed {
  readonly kills: number;
  /** Steps that were acknowledged in all. */
  readonly steps: number;
  /** Lives that were killed before they came to open the store. */
  readonly early: number;
}

const after = (text: string, word: string): number[] =>
  [...text.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map(([, number]) => Number(number));

/**
 * Kills a process that commits as fast as it can, again and again, at moments that `draw` (0 to 1) gives. Throws where a life does not find all that
 * was acknowledged to those before it, or finds a step that is there in part.
 */
export const killLives = async (
  dir: string,
  kills: number,
  draw: () => number,
  tell: (done: number) => void = () => undefined,
): Promise<Killed> => {
  let acknowledged = 0;
  let early = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const life = spawn(process.execPath, ['test/support/ledgerLife.ts', dir], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, failed] = ['', ''];
    const found = Promise.withResolvers<undefined>();
    life.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (said.includes('found ')) found.resolve(undefined);
    });
    life.stderr.on('data', (chunk: Buffer) => {
      failed += chunk.toString('utf8');
    });
    const ended = new Promise<void>((resolve) => {
      life.once('close', () => {
        resolve();
      });
    });
    // Some die while they open the store, most while they commit.
    if (draw() < 0.1) await Promise.race([sleep(draw() * 400), ended]);
    else {
      await Promise.race([found.promise, ended]);
      await Promise.race([sleep(draw() * 60), ended]);
    }
    const alive = life.exitCode === null;
    life.kill('SIGKILL');
    await ended;
    if (!alive) throw new Error(`kill ${String(kill)}: the life ended by itself: ${failed}`);
    const [there] = after(said, 'found');
    if (there === undefined) early += 1;
    else if (there < acknowledged)
      throw new Error(`kill ${String(kill)}: step ${String(acknowledged)} was acknowledged, ${String(there)} is the last there`);
    // Steps are acknowledged in order, so the last line that came through stands for all before it.
    acknowledged = Math.max(acknowledged, there ?? 0, ...after(said, 'done').slice(-1));
    tell(kill + 1);
  }
  return { kills, steps: acknowledged, early };
};
