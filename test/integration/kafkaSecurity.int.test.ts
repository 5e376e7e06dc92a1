import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/domain/hex.ts';
import { Secret } from '../../src/domain/sealing/secret.ts';
import { type KafkaSasl, type KafkaTls, kafkaClient, SASL_MECHANISMS } from '../../src/drivers/kafka/kafkaClient.ts';
import { openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { configFile } from '../support/configFile.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { type SecuredBroker, securedBrokerPossible, startSecuredBroker } from '../support/kafkaBroker.ts';

const log = { debug: () => undefined, warn: () => undefined };
const secret = (text: string): Secret => new Secret(new TextEncoder().encode(text));

interface How {
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
}

let topics = 0;

/** Connects, appends a record, and reads it back. */
const roundTrip = async (address: string, how: How): Promise<string> => {
  topics += 1;
  const topic = `secured-${String(topics)}`;
  const bus = await openKafka({ brokers: [address], clientId: 'secured', transactionalId: `secured-${String(topics)}`, log, ...how });
  try {
    await bus.createTopics([topic]);
    const attributes = {
      id: 'one',
      source: '/a',
      type: 'test.v1',
      time: new Date(0).toISOString(),
      datacontenttype: 'application/json',
      sequence: 1n,
      previoushash: toHex(new Uint8Array(32)),
      epoch: 1,
    };
    await bus.append(topic, [{ attributes, data: new TextEncoder().encode('{}') }]);
    return await new Promise((resolve, reject) => {
      const stop = bus.read(
        topic,
        0n,
        ({ headers }) => {
          void stop().then(() => {
            resolve(headers['ce_id'] ?? '');
          });
          return Promise.resolve();
        },
        reject,
      );
    });
  } finally {
    await bus.close();
  }
};

describe.runIf(securedBrokerPossible)('kafka with TLS and SASL, on a real broker', () => {
  let broker: SecuredBroker;
  let tls: KafkaTls;
  let mutual: KafkaTls;
  let sasl: (mechanism: KafkaSasl['mechanism'], password?: string) => KafkaSasl;
  beforeAll(async () => {
    broker = await startSecuredBroker();
    const { certificates, username, password: right } = broker.secured;
    tls = { ca: certificates.ca };
    mutual = { ca: certificates.ca, client: { certificate: certificates.certificate, key: secret(certificates.key) } };
    sasl = (mechanism, password = right) => ({ mechanism, username, password: secret(password) });
  });
  afterAll(async () => {
    await broker.stop();
  });

  /** What connecting is refused with, and in how many milliseconds. */
  const refusal = async (
    address: string,
    how: How,
  ): Promise<{ readonly code: string; readonly message: string; readonly took: number }> => {
    const began = performance.now();
    try {
      await roundTrip(address, how);
    } catch (error) {
      const { code = '', message } = error as Error & { code?: string };
      return { code, message, took: performance.now() - began };
    }
    throw new Error('it was let in');
  };

  it('goes on without either', async () => {
    expect(await roundTrip(broker.address, {})).toBe('one');
  });

  it('connects, appends and reads over TLS', async () => {
    expect(await roundTrip(broker.secured.tls, { tls })).toBe('one');
  });

  it('shows its certificate where the broker asks for it', async () => {
    expect(await roundTrip(broker.secured.mutual, { tls: mutual })).toBe('one');
  });

  it.each(SASL_MECHANISMS)('logs in by %s', async (mechanism) => {
    expect(await roundTrip(broker.secured.sasl, { tls, sasl: sasl(mechanism) })).toBe('one');
  });

  it.each(SASL_MECHANISMS)('is refused by %s with a wrong password, by name and at once', async (mechanism) => {
    const { code, message, took } = await refusal(broker.secured.sasl, { tls, sasl: sasl(mechanism, 'wrong') });
    expect(code).toBe('kafka.auth');
    expect(message).toContain('kafka.sasl');
    expect(message).not.toContain('wrong');
    expect(took).toBeLessThan(5_000);
  });

  it('refuses a broker whose certificate another authority issued', async () => {
    const { code, message, took } = await refusal(broker.secured.tls, { tls: { ca: broker.secured.certificates.otherCa } });
    expect(code).toBe('kafka.tls');
    expect(message).toContain('kafka.tls.ca_file');
    expect(took).toBeLessThan(10_000);
  });

  it('refuses a broker of its own authority where only known ones are trusted', async () => {
    expect(await refusal(broker.secured.tls, { tls: {} })).toMatchObject({ code: 'kafka.tls' });
  });

  it('is refused without a certificate where one is asked for', async () => {
    const { code, message } = await refusal(broker.secured.mutual, { tls });
    expect(message).toContain('kafka.tls.cert_file');
    expect(code).toBe('kafka.tls');
  });

  it('says that a listener does not speak TLS', async () => {
    const { code, message } = await refusal(broker.address, { tls });
    expect(message).toContain('does not seem to speak TLS');
    expect(code).toBe('kafka.tls');
  });

  it.each(['tls', 'sasl'] as const)('hints at what a listener for %s may want', async (listener) => {
    const { code, message } = await refusal(broker.secured[listener], {});
    expect(message).toContain('see kafka.tls and kafka.sasl');
    expect(code).toBe('kafka.unreachable');
  });

  it('is configured by files: exit 0, and 4 with a wrong password', async () => {
    const { certificates, password, username, sasl: address } = broker.secured;
    const passwordFile = join(mkdtempSync(join(tmpdir(), 'password-')), 'password');
    const more = `tls = { ca_file = "${certificates.caFile}" }
sasl = { mechanism = "scram-sha-512", username = "${username}", password_file = "${passwordFile}" }`;
    const config = configFile(address, more);
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    expect(await runCommand('topics', '--config', config, '--create')).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(passwordFile, 'another one\n');
    const { code, stderr } = await runCommand('topics', '--config', config);
    expect(code).toBe(4);
    expect(stderr).toContain('correct kafka.sasl');
    expect(stderr).not.toContain('another one');
  });

  it('shows neither password nor key when it is printed', () => {
    const client = kafkaClient({ brokers: ['a:1'], clientId: 'c', log, tls: mutual, sasl: sasl('plain', 'not to be seen') }, 1);
    const shown = [inspect(client, { depth: 9, showHidden: true }), JSON.stringify(sasl('plain', 'not to be seen')), inspect(mutual)];
    expect(shown.join()).not.toContain('not to be seen');
    expect(shown.join()).not.toContain('PRIVATE KEY');
  });
});

describe('kafka with certificates that are none', () => {
  it('says so before it connects', async () => {
    const tls = { client: { certificate: 'none', key: secret('none') } };
    const opening = openKafka({ brokers: ['127.0.0.1:1'], clientId: 'c', transactionalId: 't', log, tls });
    await expect(opening).rejects.toMatchObject({ code: 'kafka.tls', message: expect.stringContaining('must be PEM') as string });
  });
});
