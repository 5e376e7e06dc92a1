import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/core/loadConfig.ts';

const dir = mkdtempSync(join(tmpdir(), 'kafka-config-'));

const BASE = `[general]
name = "alice"
log_level = "silent"
data_dir = "data"
backup_dir = "backups"
backup_interval = "6h"
[observation]
rpc_host = "127.0.0.1"
rpc_port = 2
[chains]
[connection]
listen = "/ip4/127.0.0.1/tcp/0"
[keys]
dev_account = "Alice"
master_key_file = "master.key"
[kafka]
`;

const load = (kafka: string, base = BASE) => {
  const file = join(dir, 'c.toml');
  writeFileSync(file, base + kafka);
  return loadConfig(file, {}, []).kafka;
};

const faultsOf = (kafka: string, base = BASE): string => {
  try {
    load(kafka, base);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

const PLACE = 'kafka_host = "kafka"\nkafka_port = 9093\n';

describe('[kafka]', () => {
  it('needs host and port only', () => {
    expect(load(PLACE)).toMatchObject({ kafka_host: 'kafka', kafka_port: 9093, brokers: [] });
  });

  it('takes TLS and SASL as tables', () => {
    const text = `${PLACE}brokers = ["kafka-2:9093"]
tls = { ca_file = "ca", cert_file = "cert", key_file = "key" }
sasl = { mechanism = "scram-sha-512", username = "u", password_file = "p" }`;
    expect(load(text)).toMatchObject({ brokers: ['kafka-2:9093'], tls: { ca_file: 'ca' }, sasl: { username: 'u' } });
  });

  it('lists bad combinations with everything else, by line', () => {
    const text = `kafka_host = "::1"
kafka_prot = 1
brokers = ["kafka-2"]
tls = { cert_file = "cert", ca = "ca" }
sasl = { mechanism = "gssapi", username = "u", password = "secret" }`;
    const faults = faultsOf(text, BASE.replace('"6h"', '"soon"'));
    for (const fault of [
      'general.backup_interval',
      'line 17: kafka.kafka_host',
      'kafka.kafka_port: missing',
      'kafka.kafka_prot is not a key',
      'line 19: kafka.brokers.0: expected a broker as host:port',
      'line 20: kafka.tls: cert_file and key_file belong together',
      'line 20: kafka.tls.ca is not a key; known here: ca_file, cert_file, key_file',
      'line 21: kafka.sasl.mechanism',
      'kafka.sasl.password_file: missing',
      'line 21: kafka.sasl.password: a secret does not stand in the configuration; put it into a file of its own and name that with kafka.sasl.password_file',
    ])
      expect(faults).toContain(fault);
    expect(faults).not.toContain('secret"');
  });

  it('sends no password in clear', () => {
    const sasl = 'sasl = { mechanism = "plain", username = "u", password_file = "p" }\n';
    expect(faultsOf(PLACE + sasl)).toContain('line 19: kafka.sasl: mechanism "plain" sends the password as it is');
    expect(faultsOf(`${PLACE}${sasl}tls = {}`)).toBe('none');
    expect(faultsOf(PLACE + sasl.replace('plain', 'scram-sha-256'))).toBe('none');
  });
});
