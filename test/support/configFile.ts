import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../src/domain/hex.ts';

/** The master key of deployments that tests configure. */
export const MASTER = new Uint8Array(32).fill(7);

/** Writes a configuration for the deployment `alice` in a folder of its own, against a broker, and a node's port where one runs; returns the file. */
export const configFile = (broker: string, more = '', node = '2'): string => {
  const dir = mkdtempSync(join(tmpdir(), 'config-'));
  const [host = '', port = ''] = broker.split(':');
  const file = join(dir, 'alice.toml');
  writeFileSync(join(dir, 'master.key'), toHex(MASTER), { mode: 0o600 });
  writeFileSync(
    file,
    `[general]
name = "alice"
log_level = "silent"
data_dir = "${dir}/data"
backup_dir = "${dir}/backups"
backup_interval = "6h"
[observation]
rpc_host = "127.0.0.1"
rpc_port = ${node}
[chains]
bitcoin = true
[connection]
listen = "/ip4/127.0.0.1/tcp/0"
[keys]
dev_account = "Alice"
master_key_file = "${dir}/master.key"
[kafka]
kafka_host = "${host}"
kafka_port = ${port}
${more}
`,
  );
  return file;
};
