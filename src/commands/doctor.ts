import { existsSync } from 'node:fs';
import type { Config } from '../core/configSchema.ts';
import { exitCodeOf } from '../core/exitCodes.ts';
import { openLog } from '../core/log.ts';
import { CHECKS, findingsOf, isReady } from '../domain/health/checks.ts';
import type { Facts, KafkaFacts, NodeFacts } from '../domain/health/facts.ts';
import type { Finding } from '../domain/health/finding.ts';
import { factsOf, type Status, status } from '../domain/health/status.ts';
import type { Hex } from '../domain/hex.ts';
import { runbookOf } from '../domain/runbook.ts';
import { askCoordinator, ControlError, controlFolder } from '../drivers/http/controlSocket.ts';
import { probeKafka } from '../drivers/kafka/probeKafka.ts';
import { askCertificates } from '../drivers/libp2p/askCertificate.ts';
import { probeNode } from '../drivers/polkadot/probeNode.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { failureOf, lookAtBackups, lookAtDisks, lookAtKeys, lookAtPorts } from './lookAround.ts';
import { topicsWanted } from './prepareTopics.ts';
import { printable } from './printable.ts';
import { seraiEndpoints } from './seraiEndpoints.ts';
import { storeFolder } from './stores.ts';

export interface DoctorCommand {
  readonly json: boolean;
  /** Seconds that each of what is asked has to answer. */
  readonly timeout: number;
}

/** Milliseconds between two blocks of Serai. */
const BLOCK = 6_000;

/** How the coordinator that runs says it stands; undefined where none runs. */
const askRunning = async ({ general }: Config): Promise<Status | undefined> => {
  try {
    const { body } = await askCoordinator(controlFolder(general.data_dir, general.name), 'GET', '/status');
    const read = status.safeParse(body);
    if (read.success) return read.data;
    throw new ControlError('control.refused', 'the coordinator that runs here is of another version; use the doctor of the same one', {
      cause: read.error,
    });
  } catch (error) {
    if (error instanceof ControlError && error.code === 'control.not-running') return undefined;
    throw error;
  }
};

const lookAtNodes = (config: Config, running: Status | undefined, deadline: number): Promise<NodeFacts[]> => {
  const { genesis_hash, start_block } = config.observation;
  const expectedGenesis = genesis_hash ?? running?.chain?.genesisHash;
  const recorded = running?.chain?.finalized?.number;
  // Where work had come to stands in the store, which only one process opens: only a first start is known from outside.
  const next = recorded === undefined ? (existsSync(storeFolder(config, 'observation')) ? undefined : start_block) : recorded + 1;
  const backupBlocks = Math.ceil(config.general.backup_interval / BLOCK);
  return Promise.all(
    seraiEndpoints(config).map((endpoint) =>
      probeNode({
        ...{ endpoint, deadline, backupBlocks },
        ...(next === undefined ? {} : { next }),
        ...(expectedGenesis === undefined ? {} : { expectedGenesis }),
      }),
    ),
  );
};

const lookAtKafka = async (config: Config, deadline: number): Promise<KafkaFacts> => {
  const { kafka_host, kafka_port } = config.kafka;
  try {
    const connection = await kafkaConnection(config, openLog(config.general.log_level));
    return await probeKafka({ ...connection, wanted: topicsWanted(config), transactionalId: `${config.general.name}-doctor`, deadline });
  } catch (error) {
    return { brokers: [`${kafka_host}:${String(kafka_port)}`], failure: failureOf(error, 'kafka.client') };
  }
};

/** Whether the page of the deployment's own coordinator answers at a port. */
const isOurs = async (config: Config, running: Status | undefined, key: string, port: number): Promise<boolean> => {
  if (running === undefined) return false;
  if (key === 'connection.listen') return running.peers?.listens.some((address) => address.includes(`/tcp/${String(port)}/`)) ?? false;
  try {
    const asked = await fetch(`http://${config.http?.host ?? ''}:${String(port)}/status`, { signal: AbortSignal.timeout(5_000) });
    const { name, validator } = (await asked.json()) as Partial<Status>;
    return name === running.name && validator === running.validator;
  } catch {
    return false;
  }
};

/** Finds out everything there is to know of a deployment from outside, and from the coordinator that runs, if one does. */
export const lookAtAll = async (config: Config, deadline: number, tell: (line: string) => void): Promise<Facts> => {
  const running = await askRunning(config);
  tell(running === undefined ? 'no coordinator runs here; looking from outside' : `the coordinator ${running.name} runs; asking it, too`);
  tell('looking at the Serai node and at Kafka …');
  const [nodes, kafka] = await Promise.all([lookAtNodes(config, running, deadline), lookAtKafka(config, deadline)]);
  const own = nodes.find(({ genesisHash }) => genesisHash !== undefined);
  const height = running?.peers?.height ?? own?.finalized?.number;
  const peers = config.connection.peers.map(({ validator, address }) => ({ validator: validator as Hex, address }));
  // Whom a running coordinator is linked to it says itself; dialled beside it, a validator would see two of us.
  const dials = running === undefined && own?.genesisHash !== undefined && height !== undefined && peers.length > 0;
  if (dials) tell(`dialling ${String(peers.length)} validators …`);
  const dialled = dials ? await askCertificates({ peers, genesis: own.genesisHash, height, deadline }) : [];
  tell('looking at folders, keys, backups and ports …');
  const now = Date.now();
  return {
    ...(running === undefined ? {} : factsOf(running)),
    now,
    nodes,
    kafka,
    dialled,
    ...(height === undefined ? {} : { height }),
    disks: await lookAtDisks(config),
    keys: await lookAtKeys(config),
    ...(config.keys.dev_account === undefined ? {} : { devAccount: config.keys.dev_account }),
    backups: running?.backups ?? (await lookAtBackups(config, now)),
    ports: await lookAtPorts(config, (key, port) => isOurs(config, running, key, port)),
  };
};

/** The exit code that `run` would end with: it meets keys before the node, and that before Kafka. 1 where nothing fails, but not all is right. */
export const exitOf = (findings: readonly Finding[]): number => {
  const codes = findings
    .filter(({ verdict }) => verdict === 'fail')
    .map(({ found, code = '' }) => exitCodeOf(Object.assign(new Error(found), { code })));
  const own = codes.filter((code) => code > 1);
  if (own.length > 0) return Math.min(...own);
  return findings.every(({ verdict }) => verdict === 'ok') ? 0 : 1;
};

/** Findings as people read them: a line for each check that is well, and what to do about each that is not. */
export const doctorText = (findings: readonly Finding[]): string => {
  const lines = CHECKS.flatMap(({ name, title }) => {
    const found = findings.filter(({ check }) => check === name);
    const wrong = found.filter(({ verdict }) => verdict !== 'ok');
    const [first] = found;
    if (first === undefined) return [];
    if (wrong.length === 0) return [`ok    ${title}: ${found.length === 1 ? printable(first.found) : `${String(found.length)} looked at`}`];
    return wrong.flatMap(({ verdict, subject, found: how, means = '', fix = '', code = '' }) => [
      `${verdict}  ${title}: ${printable(subject)}: ${printable(how)}`,
      `      ${means}`,
      `      fix: ${printable(fix)} (${runbookOf(code) ?? ''})`,
    ]);
  });
  const count = (verdict: Finding['verdict']): number => findings.filter((one) => one.verdict === verdict).length;
  const sum = `${String(count('ok'))} ok, ${String(count('warn'))} to be looked at, ${String(count('fail'))} in the way`;
  return `${[...lines, '', sum].join('\n')}\n`;
};

/** Looks at everything a coordinator needs, and says what to do about what is not as it should be; returns the exit code. */
export const runDoctor = async (config: Config, { json, timeout }: DoctorCommand): Promise<number> => {
  const tell = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const findings = findingsOf(await lookAtAll(config, timeout * 1_000, tell));
  const exit = exitOf(findings);
  if (json) {
    const told = findings.map((one) => ({
      ...one,
      ...(one.code === undefined ? {} : { runbook: runbookOf(one.code), exit: exitOf([one]) }),
    }));
    process.stdout.write(`${JSON.stringify({ ready: isReady(findings), exit, findings: told })}\n`);
  } else process.stdout.write(doctorText(findings));
  return exit;
};
