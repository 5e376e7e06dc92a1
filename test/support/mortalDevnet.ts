import { parseArgs } from 'node:util';
import { runDevnet } from '../../src/commands/devnet.ts';
import { BUCKETS } from '../../src/data/buckets.ts';
import type { Store, Write } from '../../src/data/store.ts';
import { silenceCallTypeWarning } from '../../src/drivers/polkadot/silenceCallTypeWarning.ts';

/**
 * The devnet in a process that dies by SIGKILL at a commit of one module's ledger: `--store alice/crypto --commit 17 --when before` ends
 * it right before the batch with that commit's number is written, `after` right after it is on disk. Without `--store` it runs to its
 * end; then the number of each ledger's last commit stands on standard error as one line of JSON.
 */
const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    cycles: { type: 'string' },
    store: { type: 'string' },
    commit: { type: 'string', default: '0' },
    when: { type: 'string', default: 'before' },
  },
});

const text = new TextDecoder();

/** The number a ledger gives the commit that a batch holds; none where something else is written. */
const commitIn = (batch: readonly Write[]): number | undefined => {
  const row = batch.find(({ bucket, key }) => bucket === BUCKETS.meta && text.decode(key) === 'commit');
  return row?.value === undefined ? undefined : Number(text.decode(row.value));
};

const commits: Record<string, number> = {};

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

const through = (store: Store, name: string): Store => ({
  get: (bucket, key) => store.get(bucket, key),
  scan: (bucket, range) => store.scan(bucket, range),
  snapshot: () => store.snapshot(),
  compact: () => store.compact(),
  close: () => store.close(),
  write: async (batch, options) => {
    const commit = commitIn(batch);
    if (commit !== undefined) commits[name] = commit;
    // A later number, where an earlier life has come that far already.
    const last = name === values.store && commit !== undefined && commit >= Number(values.commit);
    if (last && values.when === 'before') die();
    await store.write(batch, options);
    if (last) die();
  },
});

silenceCallTypeWarning();
await runDevnet({
  cycles: Number(values.cycles),
  seed: 5,
  json: true,
  timeout: 180,
  ...(values.data === undefined ? {} : { data: values.data }),
  port: 0,
  pagePort: 0,
  blockTime: 200,
  sessionBlocks: 0,
  sessions: 0,
  networks: ['Bitcoin'],
  fault: [],
  through,
});
process.stderr.write(`${JSON.stringify(commits)}\n`);
process.exit(0);
