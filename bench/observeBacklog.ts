import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silenceCallTypeWarning } from '../src/drivers/polkadot/silenceCallTypeWarning.ts';
import { openRocksdbStore } from '../src/drivers/rocksdb/rocksdbStore.ts';
import { openObserver } from '../test/support/observer.ts';

/** A process that observes a backlog wholly, from node to log, and tells how long it took and how much memory at most. */
const [url = '', last = '0'] = process.argv.slice(2);
const dir = await mkdtemp(join(tmpdir(), 'serai-bench-backlog-'));
silenceCallTypeWarning();
const id = `serai.chain.block.v1/${last}`;
const done = Promise.withResolvers<undefined>();
const observer = await openObserver({
  endpoints: [url],
  store: await openRocksdbStore(join(dir, 'store')),
  log: await openRocksdbStore(join(dir, 'log')),
  heard: ({ headers }) => {
    if (headers['ce_id'] === id) done.resolve(undefined);
  },
});
const began = performance.now();
await Promise.race([done.promise, observer.ended]);
const seconds = (performance.now() - began) / 1000;
process.send?.({ blocksPerSecond: (Number(last) + 1) / seconds, megabytes: process.resourceUsage().maxRSS / 1024 });
await observer.stop();
await rm(dir, { recursive: true, force: true });
process.exit(0);
