import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { toHex } from '../../src/domain/hex.ts';
import { fromHeaders } from '../../src/domain/record/cloudEvents.ts';
import { recordDigest } from '../../src/domain/record/recordDigest.ts';
import type { Tail } from '../../src/domain/record.ts';
import { allTopics, topicsOf } from '../../src/domain/topics.ts';
import { openEmbeddedLog } from '../../src/drivers/embeddedLog/embeddedLog.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { startCommand } from '../support/devnetProcess.ts';
import { checkSummary } from '../support/summary.ts';

const SEED = Number(process.env['SEED'] ?? 1);
const KILLS = 6;
const CYCLES = 3;

/** A small generator for when to kill: the same for the same seed. */
const random = (() => {
  let state = SEED >>> 0;
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
})();

/** Reads every record of a validator's log and checks each topic's chains; returns the ids by topic. */
const readLog = async (dir: string, name: string): Promise<Map<string, string[]>> => {
  const log = await openEmbeddedLog(await openRocksdbStore(join(dir, name, 'log')));
  const ids = new Map<string, string[]>();
  for (const topic of allTopics(topicsOf(name), ['Bitcoin'])) {
    const end = await log.end(topic);
    const tails = new Map<string, Tail>();
    const own: string[] = [];
    let read = 0n;
    await new Promise<void>((resolve, reject) => {
      if (end === 0n) resolve();
      const stop = log.read(
        topic,
        0n,
        ({ offset, headers, value }) => {
          const attributes = fromHeaders(headers);
          const { source, sequence, previoushash, type, id } = attributes;
          const tail = tails.get(source) ?? { sequence: 0n, digest: toHex(new Uint8Array(32)) };
          expect({ topic, offset, sequence, previoushash }).toEqual({
            topic,
            offset: read,
            sequence: tail.sequence + 1n,
            previoushash: tail.digest,
          });
          tails.set(source, { sequence, digest: toHex(recordDigest(topic, { attributes, data: value })) });
          if (type !== 'serai.epoch.opened.v1') own.push(id);
          read += 1n;
          if (read === end) {
            void stop();
            resolve();
          }
          return Promise.resolve();
        },
        reject,
      );
    });
    ids.set(topic, own);
  }
  await log.close();
  return ids;
};

it(`survives SIGKILL at any moment (SEED=${String(SEED)})`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kill-'));
  const start = () => startCommand('devnet', '--cycles', String(CYCLES), '--seed', '5', '--json', '--data', dir);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { process: running, ended } = start();
    await Promise.race([sleep(800 + random() * 5_000), ended]);
    running.kill('SIGKILL');
    await ended;
  }
  const { code, stdout, stderr } = await start().ended;
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain('alarm');
  const { batches, outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
  expect(batches.map(({ id }) => id)).toEqual([0, 1, 2]);
  expect(new Set(outputs.map(({ id }) => id)).size).toBe(CYCLES);

  for (const name of ['alice', 'bob', 'charlie', 'dave']) {
    for (const [topic, ids] of await readLog(dir, name)) {
      const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
      expect({ topic, twice }).toEqual({ topic, twice: [] });
    }
    const dead = (await readLog(dir, name)).get(topicsOf(name).deadLetter);
    expect(dead).toEqual([]);
  }
  rmSync(dir, { recursive: true, force: true });
});
