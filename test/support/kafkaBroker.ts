import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { freePort } from './freePort.ts';
import { type Certificates, makeCertificates } from './kafkaCertificates.ts';
import { brokerPossible, has, JARS } from './kafkaJars.ts';

export { brokerPossible };

/** Whether it can make certificates for one, too. */
export const securedBrokerPossible: boolean = brokerPossible && has('openssl', 'version');

interface Ports {
  readonly plain: number;
  readonly controller: number;
  /** Only with security. */
  readonly secured?: { readonly tls: number; readonly mutual: number; readonly sasl: number };
}

const at = (name: string, port: number): string => `${name}://127.0.0.1:${String(port)}`;

const securedProperties = ({ brokerFile, caFile }: Certificates, { username, password }: Login): string => `
ssl.keystore.type=PEM
ssl.keystore.location=${brokerFile}
ssl.truststore.type=PEM
ssl.truststore.location=${caFile}
listener.name.mutual.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
`;

const properties = ({ plain, controller, secured }: Ports, dir: string, more: string): string => {
  const listeners = [
    at('PLAINTEXT', plain),
    ...(secured === undefined ? [] : [at('SSL', secured.tls), at('MUTUAL', secured.mutual), at('SASL_SSL', secured.sasl)]),
  ].join(',');
  return `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${String(controller)}
listeners=${listeners},${at('CONTROLLER', controller)}
advertised.listeners=${listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,MUTUAL:SSL,SASL_SSL:SASL_SSL
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${dir}/data
num.network.threads=2
num.io.threads=2
background.threads=2
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=2097152
${more}`;
};

interface Login {
  readonly username: string;
  readonly password: string;
}

/** The listeners of a broker that speak TLS and SASL, and what opens them. */
export interface Secured extends Login {
  readonly certificates: Certificates;
  /** TLS. */
  readonly tls: string;
  /** TLS that asks for the client's certificate. */
  readonly mutual: string;
  /** TLS with SASL: PLAIN and both SCRAMs. */
  readonly sasl: string;
}

/** A real Kafka broker, for the tests of one file. */
export interface Broker {
  readonly address: string;
  /** Kills it at once; it keeps its data and can be started again. */
  readonly kill: () => Promise<void>;
  /** Starts it again on its data and address. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface SecuredBroker extends Broker {
  readonly secured: Secured;
}

/** Starts a broker that has listeners for TLS and SASL besides the plain one. */
export const startSecuredBroker = async (): Promise<SecuredBroker> => {
  const certificates = makeCertificates(mkdtempSync(join(tmpdir(), 'kafka-certificates-')));
  const login = { username: 'alice', password: `a ${randomBytes(8).toString('hex')}` };
  const ports = { tls: await freePort(), mutual: await freePort(), sasl: await freePort() };
  const broker = await start('', { ports, login, certificates });
  const address = (port: number): string => `127.0.0.1:${String(port)}`;
  return {
    ...broker,
    secured: { ...login, certificates, tls: address(ports.tls), mutual: address(ports.mutual), sasl: address(ports.sasl) },
  };
};

interface Security {
  readonly ports: { readonly tls: number; readonly mutual: number; readonly sasl: number };
  readonly login: Login;
  readonly certificates: Certificates;
}

/** Starts a broker and waits until it answers; `more` goes to the end of its properties. Without a port it gets a free one. */
export const startBroker = (more = '', port?: number): Promise<Broker> => start(more, undefined, port);

const scram = ({ username, password }: Login): string[] =>
  ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`]);

const start = async (more: string, security?: Security, wanted?: number): Promise<Broker> => {
  const dir = mkdtempSync(join(tmpdir(), 'kafka-'));
  const [port, controller] = [wanted ?? (await freePort()), await freePort()];
  const file = join(dir, 'server.properties');
  const ports: Ports = { plain: port, controller, ...(security === undefined ? {} : { secured: security.ports }) };
  writeFileSync(file, properties(ports, dir, security === undefined ? more : securedProperties(security.certificates, security.login)));
  const classpath = ['-cp', `${JARS}/*`];
  // A dash in front would be taken for an option.
  const cluster = `A${randomBytes(16).toString('base64url').slice(1)}`;
  const users = security === undefined ? [] : scram(security.login);
  const format = ['kafka.tools.StorageTool', 'format', '--standalone', '-t', cluster, '-c', file, ...users];
  execFileSync('java', [...classpath, ...format], { stdio: 'ignore' });
  const out = openSync(join(dir, 'broker.log'), 'w');
  const memory = ['-Xmx256m', '-Xms64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const run = (): ChildProcess => spawn('java', [...memory, ...classpath, 'kafka.Kafka', file], { stdio: ['ignore', out, out] });
  let broker = run();
  const kill = (): void => {
    broker.kill('SIGKILL');
  };
  process.once('exit', kill);
  const address = `127.0.0.1:${String(port)}`;
  const started = async (): Promise<void> => {
    try {
      await answers(address, broker);
    } catch (cause) {
      kill();
      throw new Error(`the broker did not start:\n${readFileSync(join(dir, 'broker.log'), 'utf8').slice(-2000)}`, { cause });
    }
  };
  await started();
  const ended = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const running = broker;
    const late = setTimeout(() => running.kill('SIGKILL'), 10_000);
    await new Promise((done) => {
      running.once('exit', done);
      running.kill(signal);
    });
    clearTimeout(late);
  };
  return {
    address,
    kill: () => ended('SIGKILL'),
    restart: async () => {
      broker = run();
      await started();
    },
    stop: async () => {
      if (broker.exitCode === null && broker.signalCode === null) await ended('SIGTERM');
      process.off('exit', kill);
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

const answers = async (address: string, broker: ChildProcess): Promise<void> => {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
  for (let tries = 0; tries < 180; tries += 1) {
    if (broker.exitCode !== null) throw new Error(`it ended with ${String(broker.exitCode)}`);
    try {
      await admin.connect();
      await admin.listTopics();
      await admin.disconnect();
      return;
    } catch {
      await sleep(500);
    }
  }
  throw new Error('no answer within 90 s');
};
