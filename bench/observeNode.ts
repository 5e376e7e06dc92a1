import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSeraiNode } from '../src/devnet/node/seraiNode.ts';
import { openRocksdbStore } from '../src/drivers/rocksdb/rocksdbStore.ts';
import { transfers } from './transfers.ts';

/** A simulated node in a process of its own: makes the blocks it is told to, then serves them. */
const dir = await mkdtemp(join(tmpdir(), 'serai-bench-node-'));
let clock = 1_790_000_000_000;
const node = await openSeraiNode({ store: await openRocksdbStore(dir), port: 0, blockTime: 0, now: () => (clock += 6_000) });
process.on('message', (blocks: number) => {
  void (async () => {
    for (let made = 0; made < blocks; made += 1) await node.produceBlock(transfers);
    process.send?.({ url: node.url, finalized: node.finalizedNumber() });
  })();
});
process.on('disconnect', () => {
  void node
    .close()
    .then(() => rm(dir, { recursive: true, force: true }))
    .then(() => process.exit(0));
});
