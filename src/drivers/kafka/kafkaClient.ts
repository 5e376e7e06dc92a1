import { createSecureContext, type SecureContext } from 'node:tls';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import type { Secret } from '../../domain/sealing/secret.ts';
import { KafkaError } from './kafkaError.ts';

/** TLS to the brokers: whom we trust, and who we are where they ask for it. All in PEM. */
export interface KafkaTls {
  /** Certificate authorities; without them, those Node trusts. */
  readonly ca?: string;
  readonly client?: { readonly certificate: string; readonly key: Secret };
}

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** Who we are to the brokers. */
export interface KafkaSasl {
  readonly mechanism: (typeof SASL_MECHANISMS)[number];
  readonly username: string;
  readonly password: Secret;
}

/** Where the client's own words go, and what an operator should hear; pino's loggers fit. */
export interface KafkaLog {
  debug(fields: Readonly<Record<string, unknown>>, event: string): void;
  warn(fields: Readonly<Record<string, unknown>>, event: string): void;
}

/** Where the brokers are, and how they are spoken to. */
export interface KafkaConnection {
  /** As in `localhost:9092`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
  readonly log: KafkaLog;
}

const text = new TextDecoder();

const secureContext = ({ ca, client }: KafkaTls): SecureContext => {
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(client === undefined ? {} : { cert: client.certificate, key: text.decode(client.key.expose()) }),
      minVersion: 'TLSv1.2',
    });
  } catch (cause) {
    throw new KafkaError(
      'kafka.tls',
      `the certificates under kafka.tls cannot be used (${String(cause)}); they must be PEM, and cert_file must belong to key_file`,
      { cause },
    );
  }
};

/** What the client takes: the password is read from its secret at each use, and printing the options does not show it. */
const saslOptions = ({ mechanism, username, password }: KafkaSasl): SASLOptions =>
  Object.defineProperty({ mechanism, username } as SASLOptions, 'password', {
    enumerable: false,
    get: () => text.decode(password.expose()),
  });

/** The Kafka client for a connection; nothing is connected yet. */
export const kafkaClient = ({ brokers, clientId, tls, sasl, log }: KafkaConnection, connectionTimeout: number): Kafka =>
  new Kafka({
    clientId,
    brokers: [...brokers],
    ...(tls === undefined ? {} : { ssl: { secureContext: secureContext(tls) } }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
    connectionTimeout,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ log: { message, ...fields } }) => {
        log.debug({ message, error: fields['error'] as unknown }, 'kafka.client');
      },
  });
