import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPatientStore, type PatientStore, type PatientStoreOptions } from '../../src/data/patientStore.ts';
import type { Store } from '../../src/data/store.ts';
import { StoreError } from '../../src/data/storeError.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { lasting, storeOver } from '../support/storeOver.ts';

const byte = (value: number): Uint8Array => Uint8Array.of(value);
const put = (value: number) => [{ bucket: 1, key: byte(value), value: byte(value) }];

/** A disk with faults to be switched, and a clock that moves when somebody waits. */
const disk = () => {
  const kept = openMemoryStore();
  const state = { free: 1e9, fault: undefined as StoreError | undefined, opened: 0, now: 0 };
  const pauses: (() => void)[] = [];
  const driver = (): Promise<Store> => {
    state.opened += 1;
    let open = true;
    const mustWork = (): void => {
      if (!open) throw new StoreError('store.closed', 'closed');
    };
    return Promise.resolve(
      storeOver(kept, {
        get: (...args) => {
          mustWork();
          return kept.get(...args);
        },
        async *scan(...args) {
          for await (const row of kept.scan(...args)) {
            mustWork();
            yield row;
          }
        },
        write: (...args) => {
          mustWork();
          return state.fault === undefined ? kept.write(...args) : Promise.reject(state.fault);
        },
        close: () => {
          open = false;
          return Promise.resolve();
        },
      }),
    );
  };
  const options: PatientStoreOptions = {
    dir: '/disk',
    driver,
    room: () => Promise.resolve(state.free),
    reserve: 256e6,
    now: () => state.now,
    pause: (milliseconds) =>
      new Promise((resolve) => {
        pauses.push(() => {
          state.now += milliseconds;
          resolve();
        });
      }),
  };
  /** Lets time pass for those who wait. */
  const pass = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    for (const go of pauses.splice(0)) go();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { state, options, pass, kept };
};

/** Whether a promise has settled by now. */
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
};

const read = async (store: PatientStore): Promise<number[]> => {
  const found: number[] = [];
  for await (const [key] of store.scan(1)) found.push(...key);
  return found;
};

describe('a store without room', () => {
  it('takes no work before anything fails, says why, and goes on when there is room', async () => {
    const { state, options, pass } = disk();
    const store = await openPatientStore(options);
    await store.write(put(1));
    expect(store.waits()).toBeUndefined();
    state.free = 100e6;
    state.now += 5_000;
    const waiting = [store.write(put(2)), store.write(put(3))];
    await pass();
    await pass();
    expect(await settled(Promise.all(waiting))).toBe(false);
    expect(store.waits()).toMatchObject({
      writes: 2,
      reason: expect.stringContaining('only 100 MB are free on the disk of /disk') as string,
    });
    expect(await read(store)).toEqual([1]);
    state.free = 260e6;
    await pass();
    expect(await settled(Promise.all(waiting))).toBe(false);
    state.free = 400e6;
    await pass();
    await pass();
    await Promise.all(waiting);
    expect(await read(store)).toEqual([1, 2, 3]);
    expect(store.waits()).toBeUndefined();
  });

  it.each(['store.full', 'store.read-only'] as const)(
    'does a write again that failed with %s, on a store that is opened again',
    async (code) => {
      const { state, options, pass } = disk();
      const store = await openPatientStore(options);
      await store.write(put(1));
      state.fault = new StoreError(code, 'no space left on device');
      const scan = store.scan(1)[Symbol.asyncIterator]();
      const writing = store.write(put(2));
      await pass();
      await pass();
      expect(await settled(writing)).toBe(false);
      expect(store.waits()?.reason).toBe('no space left on device');
      state.fault = undefined;
      await pass();
      await pass();
      await writing;
      expect(state.opened).toBeGreaterThan(1);
      expect(await read(store)).toEqual([1, 2]);
      // What had begun to read goes on reading.
      expect(await scan.next()).toEqual({ done: false, value: [byte(1), byte(1)] });
      expect(await scan.next()).toEqual({ done: false, value: [byte(2), byte(2)] });
    },
  );

  it('lets go of what it could not write when it is to end', async () => {
    const { state, options, pass } = disk();
    const store = await openPatientStore(options);
    state.free = 0;
    const writing = store.write(put(1));
    const refused = expect(writing).rejects.toMatchObject({ code: 'store.full' });
    await pass();
    store.giveUp();
    await pass();
    await refused;
    await store.close();
  });

  it('does not wait for what no room mends', async () => {
    const { state, options } = disk();
    const store = await openPatientStore(options);
    state.fault = new StoreError('store.corrupt', 'damaged');
    await expect(store.write(put(1))).rejects.toMatchObject({ code: 'store.corrupt' });
  });
});

describe('a scan below which the store is opened again', () => {
  it.each([
    [{}, [1, 2, 3, 4, 5, 6]],
    [{ reverse: true }, [6, 5, 4, 3, 2, 1]],
    [{ gte: byte(2), lt: byte(6), limit: 3 }, [2, 3, 4]],
    [{ reverse: true, gte: byte(2), limit: 4 }, [6, 5, 4, 3]],
  ] as const)('gives each row once, in order: %j', async (range, expected) => {
    const { state, options, pass, kept } = disk();
    const store = await openPatientStore(options);
    for (const value of [1, 2, 3, 4, 5, 6]) await lasting(kept).write(put(value));
    const found: number[] = [];
    for await (const [key] of store.scan(1, range)) {
      found.push(...key);
      state.fault = new StoreError('store.full', 'full');
      const writing = store.write([{ bucket: 2, key: byte(1), value: byte(1) }]);
      await pass();
      state.fault = undefined;
      while (!(await settled(writing))) await pass();
    }
    expect(found).toEqual(expected);
    expect(state.opened).toBeGreaterThan(expected.length);
  });
});

describe('a real database whose files may not grow', () => {
  // Every file of the process is limited, so writes fail in the middle, again and again.
  it.runIf(process.platform === 'linux')('loses nothing that was acknowledged', async () => {
    const dir = join(mkdtempSync(join(tmpdir(), 'full-')), 'store');
    const child = spawn('bash', ['-c', `ulimit -f 200; exec "$0" test/support/fillStore.ts "$1" 600`, process.execPath, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    const { written, waited } = JSON.parse(said) as { written: number; waited: number };
    expect({ code, written }).toEqual({ code: 0, written: 600 });
    expect(waited).toBeGreaterThan(0);
    const store = await openRocksdbStore(dir);
    let rows = 0;
    for await (const [key, value] of store.scan(1)) {
      expect(Buffer.from(key).readUInt32BE(0)).toBe(rows);
      expect(value.length).toBe(1_000);
      rows += 1;
    }
    expect(rows).toBe(600);
    await store.close();
  });
});
