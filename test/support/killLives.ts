import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEAL_BUCKET } from '../../src/data/sealedStore.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { lastStep, openLife, openLifeStore } from './ledgerLife.ts';
import { rowsIn } from './rowsIn.ts';

/** What came of lives that were ended by SIGKILL. */
export interface Killed {
  readonly kills: number;
  /** Steps that were acknowledged in all. */
  readonly steps: number;
  /** Lives that were killed before they came to open the store. */
  readonly early: number;
  /** Lives that changed the data keys while they committed; and how often one came to its end. */
  readonly rotating: number;
  readonly rotated: number;
}

/** Every third life changes its data keys all the time. */
const ROTATING = 3;

const after = (text: string, word: string): number[] =>
  [...text.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map(([, number]) => Number(number));

/** Brings the last change of data keys to its end; how many there were. Throws where a value is left that an older key sealed, or that is lost. */
const endRotation = async (dir: string): Promise<number> => {
  const store = await openLifeStore(dir);
  await store.reseal();
  const { current, older } = store.dataKeys;
  const ledger = await openLife(store);
  lastStep(ledger);
  await ledger.close();
  const raw = await openRocksdbStore(dir);
  for await (const { bucket, value } of rowsIn(raw))
    if (bucket !== SEAL_BUCKET && Buffer.from(value).readUInt32LE(0) !== current)
      throw new Error(`a value in bucket ${String(bucket)} is sealed with an older key than ${String(current)}`);
  await raw.close();
  if (older.length > 0) throw new Error(`data keys ${older.join(', ')} are still there`);
  return current - 1;
};

/**
 * Kills a process that commits as fast as it can, again and again, at moments that `draw` (0 to 1) gives. Throws where a life does not find all that
 * was acknowledged to those before it, or finds a step that is there in part; or where, in the end, the data keys cannot be changed to the last value.
 */
export const killLives = async (
  dir: string,
  kills: number,
  draw: () => number,
  tell: (done: number) => void = () => undefined,
): Promise<Killed> => {
  let acknowledged = 0;
  let early = 0;
  let rotating = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const rotates = kill % ROTATING === ROTATING - 1;
    if (rotates) rotating += 1;
    const life = spawn(process.execPath, ['test/support/ledgerLife.ts', dir, ...(rotates ? ['rotating'] : [])], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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
  return { kills, steps: acknowledged, early, rotating, rotated: await endRotation(dir) };
};
