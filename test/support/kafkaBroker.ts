import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

const has = (program: string, argument: string): boolean => spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;

/** Whether this machine can run a real broker. */
export const brokerPossible: boolean = has('java', '-version') && has('mvn', '-v');

const JARS = resolve('node_modules/.cache/kafka-4.1.2');

const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => {
        done(port);
      });
    });
  });

const properties = (port: number, controller: number, dir: string): string => `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${String(controller)}
listeners=PLAINTEXT://127.0.0.1:${String(port)},CONTROLLER://127.0.0.1:${String(controller)}
advertised.listeners=PLAINTEXT://127.0.0.1:${String(port)}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
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
`;

/** A real Kafka broker, for the tests of one file. */
export interface Broker {
  readonly address: string;
  readonly stop: () => Promise<void>;
}

/** Starts a broker on a free port and waits until it answers. */
export const startBroker = async (): Promise<Broker> => {
  if (!existsSync(join(JARS, 'kafka_2.13-4.1.2.jar')))
    execFileSync('mvn', [
      '-q',
      '-B',
      '-f',
      'test/support/kafka/pom.xml',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${JARS}`,
    ]);
  const dir = mkdtempSync(join(tmpdir(), 'kafka-'));
  const [port, controller] = [await freePort(), await freePort()];
  const file = join(dir, 'server.properties');
  writeFileSync(file, properties(port, controller, dir));
  const classpath = ['-cp', `${JARS}/*`];
  const cluster = randomBytes(16).toString('base64url');
  execFileSync('java', [...classpath, 'kafka.tools.StorageTool', 'format', '--standalone', '-t', cluster, '-c', file], { stdio: 'ignore' });
  const out = openSync(join(dir, 'broker.log'), 'w');
  const memory = ['-Xmx256m', '-Xms64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const broker = spawn('java', [...memory, ...classpath, 'kafka.Kafka', file], { stdio: ['ignore', out, out] });
  const kill = (): void => {
    broker.kill('SIGKILL');
  };
  process.once('exit', kill);
  const address = `127.0.0.1:${String(port)}`;
  try {
    await answers(address, broker);
  } catch (cause) {
    kill();
    throw new Error(`the broker did not start:\n${readFileSync(join(dir, 'broker.log'), 'utf8').slice(-2000)}`, { cause });
  }
  return {
    address,
    stop: async () => {
      const gone = new Promise((done) => broker.once('exit', done));
      broker.kill('SIGTERM');
      await Promise.race([gone, sleep(10_000).then(kill)]);
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
