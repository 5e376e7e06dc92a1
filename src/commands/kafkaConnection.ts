import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { Secret } from '../domain/sealing/secret.ts';
import type { KafkaConnection, KafkaSasl, KafkaTls } from '../drivers/kafka/kafkaClient.ts';
import { readSecretText } from './secretFile.ts';

const readCertificate = async (file: string, what: string): Promise<string> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('config.missing', `cannot read ${what} ${file}; put the certificate there, in PEM`, { cause });
  }
  try {
    new X509Certificate(text);
  } catch (cause) {
    throw new ConfigError('config.invalid', `${what} ${file} holds no certificate in PEM`, { cause });
  }
  return text;
};

const secretOf = async (file: string, what: string, expected: string): Promise<Secret> =>
  new Secret(new TextEncoder().encode(await readSecretText(file, what, expected)));

const tlsOf = async ({ ca_file, cert_file, key_file }: NonNullable<Config['kafka']['tls']>): Promise<KafkaTls> => ({
  ...(ca_file === undefined ? {} : { ca: await readCertificate(ca_file, 'kafka.tls.ca_file') }),
  ...(cert_file === undefined || key_file === undefined
    ? {}
    : {
        client: {
          certificate: await readCertificate(cert_file, 'kafka.tls.cert_file'),
          key: await secretOf(key_file, 'kafka.tls.key_file', 'the private key in PEM'),
        },
      }),
});

const saslOf = async ({ mechanism, username, password_file }: NonNullable<Config['kafka']['sasl']>): Promise<KafkaSasl> => ({
  mechanism,
  username,
  password: await secretOf(password_file, 'kafka.sasl.password_file', 'the password'),
});

/** How a configuration says Kafka is to be spoken to; certificates and secrets are read from their files. */
export const kafkaConnection = async ({ general, kafka }: Config, log: KafkaConnection['log']): Promise<KafkaConnection> => ({
  brokers: [...new Set([`${kafka.kafka_host}:${String(kafka.kafka_port)}`, ...kafka.brokers])],
  clientId: general.name,
  ...(kafka.tls === undefined ? {} : { tls: await tlsOf(kafka.tls) }),
  ...(kafka.sasl === undefined ? {} : { sasl: await saslOf(kafka.sasl) }),
  log,
});
