import { randomBytes } from 'node:crypto';
import { openPatientStore } from '../../src/data/patientStore.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';

// Writes rows of 1 kB, one synced write each, however often the disk refuses; says at the end how many, and how often it had to wait.
const [dir = '', rows = '0'] = process.argv.slice(2);
let waited = 0;
const store = await openPatientStore({
  dir,
  driver: openRocksdbStore,
  room: () => Promise.resolve(Number.POSITIVE_INFINITY),
  reserve: 0,
  now: Date.now,
  pause: () => {
    waited += 1;
    return Promise.resolve();
  },
});
for (let row = 0; row < Number(rows); row += 1) {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(row);
  await store.write([{ bucket: 1, key, value: randomBytes(1_000) }]);
}
await store.close();
process.stdout.write(JSON.stringify({ written: Number(rows), waited }));
