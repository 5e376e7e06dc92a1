import { TopicError } from '../../domain/topicError.ts';
import type { KafkaConnection } from './kafkaClient.ts';
import { KafkaError } from './kafkaError.ts';

/** An error and everything that caused it, outermost first. */
const chainOf = (error: unknown): readonly unknown[] => {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && !chain.includes(at); at = at instanceof Error ? at.cause : undefined) chain.push(at);
  return chain;
};

const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|EPROTO)/;
const NEWER_PRODUCER = /newer (producer|epoch)|old epoch|PRODUCER_FENCED/i;
const NO_TLS = /before secure TLS connection|disconnected before secure/i;
const BROKEN_OFF = /closed connection|ECONNRESET|EPIPE/i;
const NO_LINK = /connection error|connection timeout|timed out|ECONN/i;

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

const typeOf = (error: unknown): string => (error instanceof Error && 'type' in error ? String(error.type) : '');

type Secured = Pick<KafkaConnection, 'brokers' | 'tls' | 'sasl'>;

const tlsAdvice = (text: string): string => {
  if (NO_TLS.test(text)) return 'its listener does not seem to speak TLS: remove kafka.tls, or give the port of a TLS listener';
  if (/alert/i.test(text))
    return 'the broker refused our certificate: give kafka.tls.cert_file and key_file with a certificate that the broker trusts';
  if (/ALTNAME|HOSTNAME/i.test(text)) return 'its certificate is for another name: connect by a name that stands in the certificate';
  if (/EXPIRED|NOT_YET_VALID/i.test(text)) return 'its certificate is not valid now: renew it, or correct the clock';
  return 'its certificate is not trusted: give kafka.tls.ca_file with the authority that issued it';
};

/** The error of ours for one of the client's: it says what happened, where, and what to do. */
export const explainKafka = (cause: unknown, { brokers, tls, sasl }: Secured): Error => {
  if (cause instanceof TopicError || cause instanceof KafkaError) return cause;
  const text = String(cause);
  const where = brokers.join(', ');
  const chain = chainOf(cause);
  if (chain.some((error) => typeOf(error) === 'INVALID_PRODUCER_EPOCH' || NEWER_PRODUCER.test(String(error))))
    return new KafkaError(
      'kafka.fenced',
      'another instance of this coordinator has taken over on Kafka, and only one may run; or this one stood still for longer than a transaction may last: then start it again',
      { cause },
    );
  if (/does not host this topic|UNKNOWN_TOPIC/i.test(text))
    return new TopicError('topic.unknown', `the topic is not there: ${text}`, { cause });
  if (chain.map(typeOf).some((type) => /^(MESSAGE|RECORD_LIST)_TOO_LARGE$/.test(type)))
    return new KafkaError(
      'kafka.too-large',
      `Kafka at ${where} does not take a record of this size (${text}); raise max.message.bytes of the topic with kafka-configs`,
      { cause },
    );
  const refused = chain.map(typeOf).find((type) => type.endsWith('AUTHORIZATION_FAILED'));
  if (refused !== undefined)
    return new KafkaError(
      'kafka.refused',
      `Kafka at ${where} does not allow this to ${sasl?.username ?? 'us'} (${refused}: ${text}); grant it with kafka-acls, as docs/kafka.md lists`,
      { cause },
    );
  if (chain.some((error) => nameOf(error) === 'KafkaJSSASLAuthenticationError') && !BROKEN_OFF.test(text) && !NO_LINK.test(text))
    return new KafkaError(
      'kafka.auth',
      `Kafka at ${where} does not accept us as ${sasl?.username ?? 'nobody'} by ${sasl?.mechanism ?? 'no mechanism'} (${text}); correct kafka.sasl: mechanism, username, or the password in password_file`,
      { cause },
    );
  if (tls !== undefined && (chain.some((error) => TLS_CODE.test(codeOf(error))) || NO_TLS.test(text)))
    return new KafkaError('kafka.tls', `no TLS connection to Kafka at ${where} (${text}); ${tlsAdvice(text)}`, { cause });
  return new KafkaError(
    'kafka.unreachable',
    `no Kafka broker answers at ${where} (${text}); start it, or correct kafka.kafka_host and kafka.kafka_port${
      BROKEN_OFF.test(text) ? '; a listener for TLS or SASL also breaks off who does not speak it: see kafka.tls and kafka.sasl' : ''
    }`,
    { cause },
  );
};
