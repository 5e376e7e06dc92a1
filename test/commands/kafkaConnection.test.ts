import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { kafkaConnection } from '../../src/commands/kafkaConnection.ts';
import type { Config } from '../../src/core/configSchema.ts';

const dir = mkdtempSync(join(tmpdir(), 'kafka-connection-'));
const log = { debug: () => undefined, warn: () => undefined };

const fileOf = (name: string, text: string, mode = 0o600): string => {
  const file = join(dir, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
};

const connectionOf = (kafka: Partial<Config['kafka']>) =>
  kafkaConnection(
    { general: { name: 'alice' }, kafka: { kafka_host: 'k', kafka_port: 1, brokers: ['k:1', 'k2:1'], ...kafka } } as Config,
    log,
  );

const sasl = (password_file: string): Config['kafka']['sasl'] => ({ mechanism: 'scram-sha-512', username: 'u', password_file });

describe('the connection to Kafka that a configuration describes', () => {
  it('names each broker once', async () => {
    expect(await connectionOf({})).toMatchObject({ brokers: ['k:1', 'k2:1'], clientId: 'alice' });
  });

  it('reads the password from its file, and shows it to nobody', async () => {
    const connection = await connectionOf({ sasl: sasl(fileOf('password', 'hunter2\n')) });
    expect(new TextDecoder().decode(connection.sasl?.password.expose())).toBe('hunter2');
    expect(inspect(connection, { depth: 9, showHidden: true }) + JSON.stringify(connection)).not.toContain('hunter2');
  });

  it('refuses secrets that others can read, that are empty, or not there', async () => {
    const open = fileOf('open', 'hunter2', 0o644);
    await expect(connectionOf({ sasl: sasl(open) })).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining(`chmod 600 ${open}`) as string,
    });
    await expect(connectionOf({ sasl: sasl(fileOf('empty', '\n')) })).rejects.toThrow('is empty');
    await expect(connectionOf({ sasl: sasl(join(dir, 'none')) })).rejects.toMatchObject({ code: 'config.missing' });
  });

  it('refuses what is no certificate', async () => {
    await expect(connectionOf({ tls: { ca_file: fileOf('ca', 'none') } })).rejects.toThrow('kafka.tls.ca_file');
    await expect(connectionOf({ tls: { ca_file: join(dir, 'none') } })).rejects.toMatchObject({ code: 'config.missing' });
  });
});
