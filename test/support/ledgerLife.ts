import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { Ledger } from '../../src/data/ledger.ts';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import { openSealedStore, type SealedStore } from '../../src/data/sealedStore.ts';
import { Secret } from '../../src/domain/sealing/secret.ts';
import type { Draft, View } from '../../src/domain/tables.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';

/** Rows of a table that commits write in turn, two with the same number each. */
const PLACES = 40;

/** Rows of the outbox that are left unsent. */
const UNSENT = 100;

const KEY = new Secret(new Uint8Array(32).fill(7));
const random = (length: number): Uint8Array => randomBytes(length);

/** Opens the store of a life. */
export const openLifeStore = async (dir: string): Promise<SealedStore> => {
  const store = await openRocksdbStore(dir);
  try {
    return await openSealedStore(store, { storeId: 'life', key: KEY, random });
  } catch (error) {
    await store.close();
    throw error;
  }
};

/** Opens a ledger on it, as a module has it. */
export const openLife = async (store: SealedStore): Promise<Ledger> => {
  const writer = new RecordWriter(
    {
      source: '/life/test',
      signingSecret: new Uint8Array(32).fill(1),
      keys: { epoch: 1, secret: new Uint8Array(32).fill(2) },
      counterpart: () => 'open',
      random,
    },
    [],
  );
  return Ledger.open(store, writer);
};

/** The number of the last step that is there; throws where it is not there as a whole, or one before it is missing. */
export const lastStep = (view: Ledger): number => {
  const last = Number(view.cursor('step') ?? 0);
  const expected = (place: number): number | undefined => {
    const step = last - ((((last - place) % PLACES) + PLACES) % PLACES);
    return step <= 0 ? undefined : step;
  };
  for (let place = 0; place < PLACES; place += 1)
    for (const half of ['a', 'b'])
      if (view.get('steps', `${half}${String(place)}`) !== expected(place))
        throw new Error(
          `step ${String(last)}: ${half}${String(place)} is ${JSON.stringify(view.get('steps', `${half}${String(place)}`))}, not ${String(expected(place))}`,
        );
  if (view.waiting < Math.min(last, UNSENT)) throw new Error(`step ${String(last)}: the outbox has ${String(view.waiting)} rows`);
  return last;
};

/** What one step commits: two rows, a row of the outbox, a mark, and the cursor. */
export const step = (number: number) => ({
  cursor: { name: 'step', value: number },
  marks: [{ id: `step/${String(number)}`, digest: `0x${number.toString(16).padStart(64, '0')}` }] as const,
  decide: (draft: Draft): void => {
    draft.put('steps', `a${String(number % PLACES)}`, number);
    draft.put('steps', `b${String(number % PLACES)}`, number);
    draft.do('lane', { number, filling: 'x'.repeat(200) });
  },
});

/** A view's rows, so that two can be compared. */
export const stepsIn = (view: View): string => JSON.stringify([...view.rows('steps')].sort());

// As a program: says what it found, then commits without end and says each number once it is durable; with `rotating` its data keys change meanwhile.
const [dir, rotating] = process.argv.slice(2);
if (dir !== undefined && process.argv[1]?.endsWith('ledgerLife.ts') === true) {
  const store = await openLifeStore(dir);
  const ledger = await openLife(store);
  let next = lastStep(ledger);
  writeSync(1, `found ${String(next)}\n`);
  const go = async (): Promise<never> => {
    for (;;) {
      next += 1;
      const own = next;
      await ledger.commit(step(own));
      if (own > UNSENT) ledger.lane('lane').sent(own - UNSENT);
      writeSync(1, `done ${String(own)}\n`);
    }
  };
  const rotate = async (): Promise<never> => {
    for (;;) {
      if (store.dataKeys.older.length === 0) await store.newDataKey();
      await store.reseal();
    }
  };
  await Promise.all([...Array.from({ length: 8 }, go), ...(rotating === undefined ? [] : [rotate()])]);
}
