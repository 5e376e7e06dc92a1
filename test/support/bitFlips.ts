import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { checkStore } from '../../src/data/checkStore.ts';
import { StoreError } from '../../src/data/storeError.ts';
import { lastStep, openLife, openLifeStore, step, stepsIn } from './ledgerLife.ts';

/** What a change of one byte, or a file cut short, came to. */
export type Outcome =
  /** RocksDB ended the whole process: `data check`, which reads in a process of its own, names the place and the way out. */
  | 'ended'
  /** The store was not opened, or a value not read, with an error that names the place and the way out. */
  | 'named'
  /** Commits at the end are missing, and nothing else: others have seen more of us, so it is noticed as a roll-back. */
  | 'rolled back'
  /** All is there as it was. */
  | 'without meaning';

/** A change of a file on disk. */
export interface Damage {
  readonly file: string;
  readonly at: number;
  /** The bits that are turned; without them the file ends there. */
  readonly bits?: number;
}

/** A store of a few commits, half of them in tables and half in its log, and what it held after each. */
export interface Sample {
  readonly dir: string;
  readonly states: ReadonlyMap<number, string>;
  readonly sizes: readonly (readonly [file: string, size: number])[];
}

/** What is tried in a process of its own, as RocksDB may end it. */
interface Trial {
  readonly dir: string;
  readonly states: readonly (readonly [number, string])[];
  readonly scratch: string;
  readonly damages: readonly Damage[];
}

/** Makes such a store. */
export const makeSample = async (dir: string, commits: number): Promise<Sample> => {
  const states = new Map<number, string>();
  for (const [from, to] of [
    [1, Math.floor(commits / 2)],
    [Math.floor(commits / 2) + 1, commits],
  ] as const) {
    const ledger = await openLife(await openLifeStore(dir));
    states.set(from - 1, stepsIn(ledger));
    for (let number = from; number <= to; number += 1) {
      await ledger.commit(step(number));
      states.set(number, stepsIn(ledger));
    }
    await ledger.close();
  }
  const sizes = readdirSync(dir).map((file) => [file, readFileSync(join(dir, file)).length] as const);
  return { dir, states, sizes: sizes.filter(([, size]) => size > 0) };
};

/** What a damage comes to: throws where a wrong value was read, or an error says neither place nor way out. */
const outcomeOf = async (
  { dir, states }: Pick<Sample, 'dir' | 'states'>,
  { file, at, bits }: Damage,
  scratch: string,
): Promise<Outcome> => {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  for (const name of readdirSync(dir)) copyFileSync(join(dir, name), join(scratch, name));
  const path = join(scratch, file);
  const bytes = readFileSync(path);
  if (bits === undefined) writeFileSync(path, bytes.subarray(0, at));
  else {
    bytes[at] = (bytes[at] ?? 0) ^ bits;
    writeFileSync(path, bytes);
  }
  try {
    const store = await openLifeStore(scratch);
    try {
      const { faults } = await checkStore(store);
      if (faults.length > 0) {
        if (!faults.every((fault) => /restore/.test(fault))) throw new Error(`no way out of ${faults.join('; ')}`);
        return 'named';
      }
    } finally {
      await store.close();
    }
    const ledger = await openLife(await openLifeStore(scratch));
    try {
      const last = lastStep(ledger);
      if (stepsIn(ledger) !== states.get(last)) throw new Error(`${file} ${String(at)}: step ${String(last)} is not as it was`);
      return last === Math.max(...states.keys()) ? 'without meaning' : 'rolled back';
    } finally {
      await ledger.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'store.locked') throw error;
    if (!error.message.includes(scratch) && !error.message.includes('store life'))
      throw new Error(`no place in ${error.message}`, { cause: error });
    return 'named';
  }
};

/** What each damage comes to, in order; throws where a wrong value was read, or an error says neither place nor way out. */
export const outcomesOf = async (
  sample: Sample,
  damages: readonly Damage[],
  scratch: string,
  tell: (done: number) => void = () => undefined,
): Promise<Outcome[]> => {
  const outcomes: Outcome[] = [];
  while (outcomes.length < damages.length) {
    const trial: Trial = { dir: sample.dir, states: [...sample.states], scratch, damages: damages.slice(outcomes.length) };
    const child = spawn(process.execPath, ['test/support/bitFlips.ts', '--trial'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let [said, failed, heard] = ['', '', 0];
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const lines = said.split('\n');
      for (const line of lines.slice(heard, -1)) {
        outcomes.push(line as Outcome);
        tell(outcomes.length);
      }
      heard = lines.length - 1;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      failed += chunk.toString('utf8');
    });
    child.stdin.end(JSON.stringify(trial));
    const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve) => {
      child.once('close', (...ended) => {
        resolve(ended);
      });
    });
    if (signal === 'SIGABRT' || signal === 'SIGSEGV') outcomes.push('ended');
    else if (code !== 0) throw new Error(`${JSON.stringify(damages[outcomes.length])}: ${failed}`);
  }
  return outcomes;
};

// As a program: tries what it is given, and says what each came to.
if (process.argv[2] === '--trial') {
  const { dir, states, scratch, damages } = JSON.parse(readFileSync(0, 'utf8')) as Trial;
  for (const damage of damages) writeSync(1, `${await outcomeOf({ dir, states: new Map(states) }, damage, scratch)}\n`);
}
