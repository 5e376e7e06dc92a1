import { WINDOW } from '../party/window.ts';
import { CERTIFICATE_BLOCKS } from '../peers/certificate.ts';
import { fixOf } from '../topicContract.ts';
import type { DiskFacts, Facts, Failure, NodeFacts } from './facts.ts';
import type { Finding } from './finding.ts';
import { stuckStages } from './readiness.ts';

type Judged = Omit<Finding, 'check'>;

/** Something that is looked at. It judges what is known, and says nothing of what is not. */
export interface Check {
  readonly name: string;
  /** What it is about, in a few words. */
  readonly title: string;
  readonly judge: (facts: Facts) => readonly Judged[];
}

/** Milliseconds between two blocks of Serai. */
const BLOCK = 6_000;

/** Milliseconds for which a finalized block is of now: two windows. Whoever is further behind joins no window (design §8). */
export const LIVE = 2 * WINDOW * BLOCK;

/** Blocks between best and finalized from which on signing suffers: half a window, for only its first half may be joined. */
const FINALITY_LAG = WINDOW / 2;

/** Milliseconds that a block may be ahead of our clock: what a Substrate node itself tolerates (`MAX_TIMESTAMP_DRIFT_MILLIS` of pallet-timestamp's inherent). */
const AHEAD = 30_000;

/** Milliseconds until a write is durable: commits wait for it one after the other; beyond the second, a block is not done before the next one comes. */
const SYNC = { slow: 100, standstill: BLOCK / 2 } as const;

/** How much of a certificate's time is left when it should have been renewed for long: they are replaced halfway. */
const CERTIFICATE_LEFT = CERTIFICATE_BLOCKS / 10;

const DAY = 86_400;

const limited = (text: string): string => (text.length > 500 ? `${text.slice(0, 500)}…` : text);

const ok = (subject: string, found: string): Judged => ({ subject, verdict: 'ok', found: limited(found) });

const bad =
  (verdict: 'warn' | 'fail') =>
  (subject: string, found: string, code: string, means: string, fix: string): Judged => ({
    subject,
    verdict,
    found: limited(found),
    means,
    fix,
    code,
  });
const warn = bad('warn');
const fail = bad('fail');

const failed = (subject: string, { code, text }: Failure, means: string, fix: string): Judged => fail(subject, text, code, means, fix);

const seconds = (milliseconds: number): string => `${String(Math.round(milliseconds / 1_000))} s`;

const megabytes = (bytes: number): string => `${String(Math.floor(bytes / 1e6))} MB`;

/** A check of every node; the first one is the validator's own. */
const ofNodes =
  (judge: (node: NodeFacts, facts: Facts, isOwn: boolean) => readonly Judged[]): Check['judge'] =>
  (facts) =>
    (facts.nodes ?? []).flatMap((node, index) => judge(node, facts, index === 0));

const reachable = ofNodes(({ endpoint, failure, genesisHash }, { nodes = [] }) => {
  if (failure === undefined) return genesisHash === undefined ? [] : [ok(endpoint, 'answers')];
  const others = nodes.some((other) => other.failure === undefined);
  const fix = 'start the node, or correct observation.rpc_host, rpc_port and endpoints';
  return others
    ? [warn(endpoint, failure.text, failure.code, 'another endpoint has to do for it, and none can be compared with it', fix)]
    : [failed(endpoint, failure, 'the chain is not observed, and nothing new is signed', fix)];
});

const syncing = ofNodes(({ endpoint, syncing: is }) => {
  if (is === undefined) return [];
  if (!is) return [ok(endpoint, 'in sync')];
  return [
    warn(
      endpoint,
      'it is syncing',
      'chain.syncing',
      'what it has as final may be old',
      'wait for it; a further one in observation.endpoints helps meanwhile',
    ),
  ];
});

const genesis = ofNodes(({ endpoint, genesisHash, expectedGenesis }) => {
  if (genesisHash === undefined) return [];
  if (expectedGenesis === undefined || expectedGenesis === genesisHash) return [ok(endpoint, `chain ${genesisHash.slice(0, 10)}…`)];
  return [
    fail(
      endpoint,
      `its genesis block is ${genesisHash}, and not ${expectedGenesis}`,
      'chain.wrong-genesis',
      'it is a node of another chain; run refuses it',
      'correct the endpoint or observation.genesis_hash; for another chain use another general.name and data_dir',
    ),
  ];
});

const finality = ofNodes(({ endpoint, best, finalized }, { now }) => {
  if (finalized === undefined) return [];
  const lag = best === undefined ? 0 : best.number - finalized.number;
  const age = finalized.time === undefined ? 0 : now - finalized.time;
  const found = `finalized block ${String(finalized.number)}, ${seconds(age)} old, ${String(lag)} behind the best one`;
  const fix =
    "look at the node's peers and its log; where it is in order, enough of Serai's validators are away that finality waits for them";
  if (age > LIVE)
    return [fail(endpoint, found, 'chain.stale', `windows are joined on blocks younger than ${seconds(LIVE)}: nothing is signed`, fix)];
  if (lag > FINALITY_LAG)
    return [warn(endpoint, found, 'chain.stale', 'a window is over for us before it begins, so others sign without us', fix)];
  return [ok(endpoint, found)];
});

const runtime = ofNodes(({ endpoint, runtime: found }) => {
  if (found === undefined) return [];
  if (typeof found === 'string') return [ok(endpoint, `${found} is known`)];
  return [failed(endpoint, found, 'blocks of this runtime cannot be read; the lane parks', 'install the newest coordinator')];
});

const archive = ofNodes(({ endpoint, finalized, stateFrom, next, backupBlocks }, _facts, isOwn) => {
  if (stateFrom === undefined || finalized === undefined) return [];
  const found = `keeps state from block ${String(stateFrom)} on`;
  const fix = 'run the node with --state-pruning archive, or a higher number';
  if (next !== undefined && stateFrom > next) {
    const means = `block ${String(next)} is to be read next, and is gone there`;
    return [(isOwn ? fail : warn)(endpoint, found, 'chain.pruned', means, `${fix}; or give an archive node in observation.endpoints`)];
  }
  const kept = finalized.number - stateFrom;
  if (stateFrom > 0 && backupBlocks !== undefined && kept < backupBlocks)
    return [
      warn(
        endpoint,
        `${found}: ${String(kept)} blocks`,
        'chain.pruned',
        `a backup is restored from up to ${String(backupBlocks)} blocks back, and could not be read on from there`,
        fix,
      ),
    ];
  return [ok(endpoint, found)];
});

const clock: Check['judge'] = ({ nodes = [], now }) => {
  const times = nodes.flatMap(({ best }) => best?.time ?? []);
  if (times.length === 0) return [];
  const newest = Math.max(...times);
  const ahead = newest - now;
  if (ahead > AHEAD)
    return [
      fail(
        'clock',
        `it is ${seconds(ahead)} behind the newest block`,
        'clock.behind',
        'what is old is taken for new, and certificates of TLS may not hold',
        'set the clock by NTP: timedatectl set-ntp true',
      ),
    ];
  const healthy = nodes.filter(
    ({ syncing: is, best, finalized }) => is === false && best !== undefined && best.number - (finalized?.number ?? 0) <= FINALITY_LAG,
  );
  if (healthy.length > 0 && -ahead > LIVE)
    return [
      warn(
        'clock',
        `it is ${seconds(-ahead)} ahead of the newest block`,
        'clock.ahead',
        'either no blocks are made, or the clock is wrong; then every block is taken for an old one',
        'set the clock by NTP: timedatectl set-ntp true; if it is right, look at the node',
      ),
    ];
  return [ok('clock', `agrees with the newest block within ${seconds(Math.abs(ahead))}`)];
};

const ofKafka =
  (judge: (kafka: NonNullable<Facts['kafka']>, where: string) => readonly Judged[]): Check['judge'] =>
  ({ kafka }) =>
    kafka === undefined ? [] : judge(kafka, kafka.brokers.join(', '));

const kafkaReachable = ofKafka(({ failure, alive, brokers }, where) => {
  if (failure !== undefined)
    return [
      failed(
        where,
        failure,
        'modules and processors do not hear of each other',
        failure.code.startsWith('config.')
          ? 'correct [kafka] (docs/kafka.md), or put there what it names'
          : 'start it, or correct [kafka] (docs/kafka.md)',
      ),
    ];
  return alive === undefined
    ? []
    : [ok(where, `${String(alive)} ${alive === 1 ? 'broker answers' : 'brokers answer'}; ${String(brokers.length)} given`)];
});

const kafkaVersion = ofKafka((kafka, where) => {
  if (!('updateFeatures' in kafka)) return [];
  if ((kafka.updateFeatures ?? -1) >= 1) return [ok(where, 'Kafka 3.3 or later')];
  return [warn(where, 'Kafka before 3.3', 'kafka.version', 'it is not tested against', 'upgrade the brokers')];
});

const topics = ofKafka(({ topics: verdicts = [], brokers }) =>
  verdicts.flatMap(({ wanted: { topic }, verdict, deviations }): Judged[] => {
    if (verdict === 'right') return [ok(topic, 'as it should be')];
    if (verdict === 'missing') return [ok(topic, 'not there yet; run creates it')];
    return deviations.map((deviation) =>
      (deviation.weight === 'wrong' ? fail : warn)(
        topic,
        `${deviation.setting} is ${deviation.found}, wanted ${deviation.wanted}`,
        'kafka.topics',
        deviation.why,
        fixOf(deviation, brokers),
      ),
    );
  }),
);

const inSync = ofKafka(({ replicas = [] }) =>
  replicas.map(({ topic, replicas: all, inSync: there, least }) => {
    const found = `${String(there)} of ${String(all)} replicas in sync, ${String(least)} needed`;
    const fix = 'start the brokers that are away, or look at why they lag (kafka-topics --describe --under-replicated-partitions)';
    if (there < least) return fail(topic, found, 'kafka.in-sync', 'nothing can be written to it', fix);
    if (there < all) return warn(topic, found, 'kafka.in-sync', 'the loss of further brokers stops writing', fix);
    return ok(topic, found);
  }),
);

const transactions = ofKafka(({ transaction }, where) => {
  if (transaction === undefined) return [];
  if (transaction === 'committed') return [ok(where, 'a transaction was committed')];
  return [
    failed(
      where,
      transaction,
      'records cannot be appended exactly once, so none are',
      'see docs/kafka.md: permissions, and transaction.state.log.replication.factor of the brokers',
    ),
  ];
});

const links: Check['judge'] = ({ peers = [], height }) =>
  peers.map(({ validator, state, lastError, address, certificateUntil }) => {
    if (state !== 'connected') {
      const why = lastError === null ? state : `${state}: ${lastError.text}`;
      const fix =
        address === null
          ? 'add its address to connection.peers, or ask its operator for one'
          : `see that ${address} is reached from here; ask its operator`;
      return warn(validator, why, lastError?.code ?? 'peer.no-address', 'it signs with us only while there is a link', fix);
    }
    const left = certificateUntil === null || height === undefined ? CERTIFICATE_BLOCKS : certificateUntil - height;
    if (left >= CERTIFICATE_LEFT) return ok(validator, 'connected');
    return warn(
      validator,
      `its certificate has ${String(left)} blocks left`,
      'peer.expired',
      'it should have been renewed; the link ends with it',
      "ask its operator whether its node's finalized head rises",
    );
  });

const dials: Check['judge'] = ({ dialled = [], height }) =>
  dialled.map(({ validator, address, certificate }) => {
    if (typeof certificate === 'number')
      return ok(
        validator,
        `answers at ${address}${height === undefined ? '' : `, certificate valid for ${String(certificate - height)} blocks`}`,
      );
    return warn(
      validator,
      `${address}: ${certificate.text}`,
      certificate.code,
      'it signs with us only while there is a link',
      'correct connection.peers, open the way through firewalls, or ask its operator',
    );
  });

const ofDisks =
  (judge: (disk: DiskFacts, subject: string) => readonly Judged[]): Check['judge'] =>
  ({ disks = [] }) =>
    disks.flatMap((disk) => judge(disk, `${disk.key} ${disk.dir}`));

const diskWritable = ofDisks(({ failure, open, dir }, subject) => {
  if (failure !== undefined)
    return [failed(subject, failure, 'nothing can be kept there', 'give the folder to the user of the coordinator, or correct its key')];
  if (open === true) return [fail(subject, 'others can look into it', 'store.permissions', 'run refuses it', `chmod 700 ${dir}`)];
  return open === undefined ? [] : [ok(subject, 'can be written to, by us alone')];
});

const room = ofDisks(({ free, size, reserve }, subject) => {
  if (free === undefined) return [];
  const found = `${megabytes(free)} free`;
  const fix = 'make room, or give it a larger disk';
  if (free < reserve)
    return [fail(subject, found, 'store.full', `less than ${megabytes(reserve)} (general.min_free_mb): no work is taken`, fix)];
  if (free < 4 * reserve || (size !== undefined && free < size / 20))
    return [warn(subject, found, 'store.full', `with less than ${megabytes(reserve)} no work is taken`, fix)];
  return [ok(subject, found)];
});

const syncTime = ofDisks(({ syncTime: time }, subject) => {
  if (time === undefined) return [];
  const found = `a write is durable in ${time < 10 ? time.toFixed(1) : String(Math.round(time))} ms`;
  const fix = 'use a local SSD, and no disk that others load';
  if (time > SYNC.standstill) return [fail(subject, found, 'store.slow', 'a block is not done before the next one comes', fix)];
  if (time > SYNC.slow) return [warn(subject, found, 'store.slow', 'every commit waits for it', fix)];
  return [ok(subject, found)];
});

/** What to do about a key that cannot be used. */
const fixOfKey = ({ code }: Failure, key: string): string => {
  if (code !== 'config.missing') return `do what it says, or bring back the right one from where you keep a copy (docs/data.md)`;
  return key === 'keys.master_key_file' ? `correct ${key}, or make one: keys create` : `put it there, or correct ${key}`;
};

const keys: Check['judge'] = ({ keys: all = [], devAccount, nodes = [] }) => {
  const types = nodes.flatMap(({ chainType }) => chainType ?? []);
  const isPublic = types.some((type) => type !== 'Development' && type !== 'Local');
  const account =
    devAccount === undefined
      ? []
      : isPublic
        ? [
            fail(
              'keys.dev_account',
              `${devAccount}, on a chain that is not for development`,
              'key.development',
              'everyone can sign in its name',
              'give keys.serai_key_file instead',
            ),
          ]
        : [ok('keys.dev_account', `${devAccount}, whose secret everyone knows`)];
  return [
    ...account,
    ...all.map(({ key, place, failure, besideData }) => {
      const subject = `${key} ${place}`;
      if (failure !== undefined) return failed(subject, failure, 'run cannot start', fixOfKey(failure, key));
      if (besideData === true && devAccount === undefined)
        return warn(
          subject,
          'it lies on the disk of general.data_dir',
          'key.beside-data',
          'who has the disk has the state and its key',
          'keep it on another medium, or under a passphrase (keys create)',
        );
      return ok(subject, 'can be read, by us alone');
    }),
  ];
};

const backups: Check['judge'] = ({ backups: all = [] }) =>
  all.map(({ module, made, age, failing, interval }) => {
    const fix = 'look at the place it goes to; "backup create" takes one now';
    if (failing !== null)
      return warn(
        module,
        failing,
        made === null ? 'backup.none' : 'backup.failed',
        'what happens since the latest one would be lost with the disk',
        fix,
      );
    if (made === null || age === null) return warn(module, 'there is none', 'backup.none', 'the state would be lost with the disk', fix);
    const found = `the latest is ${age < 2 * DAY ? `${String(Math.round(age / 360) / 10)} h` : `${String(Math.round(age / DAY))} days`} old`;
    if (age > 2 * interval) return warn(module, found, 'backup.old', 'what happened since would be lost with the disk', fix);
    return ok(module, found);
  });

const ports: Check['judge'] = ({ ports: all = [] }) =>
  all.map(({ key, address, use, failure }) => {
    const subject = `${key} ${address}`;
    if (failure !== undefined) return failed(subject, failure, 'run cannot listen there', `correct ${key}`);
    if (use === 'taken')
      return fail(
        subject,
        'another program has it',
        'port.in-use',
        'run cannot listen there',
        `end what listens there (ss -ltnp), or change ${key}`,
      );
    return ok(subject, use === 'ours' ? 'the coordinator that runs has it' : 'free');
  });

const stages: Check['judge'] = ({ stages: all, now }) => {
  if (all === undefined) return [];
  const stuck = stuckStages(all, now);
  if (stuck.length === 0) return [ok('pipeline', 'every stage that has work makes progress')];
  return stuck.map(({ stage, since, waiting, why }) =>
    fail(
      stage,
      `stands still since ${since} with ${String(waiting)}: ${why}`,
      'stage.stuck',
      'what waits in it is not done',
      'see the reason, and what else is found here',
    ),
  );
};

/**
 * Everything that is looked at: by `doctor` from outside, by the coordinator that runs of itself. Readiness, `/status` and the metrics are made
 * of the same findings (decisions: "One list of checks").
 */
export const CHECKS: readonly Check[] = [
  { name: 'stages', title: 'the pipeline moves', judge: stages },
  { name: 'node.reachable', title: 'the Serai node answers', judge: reachable },
  { name: 'node.syncing', title: 'it is in sync', judge: syncing },
  { name: 'node.genesis', title: 'it is of our chain', judge: genesis },
  { name: 'node.finality', title: 'finality keeps up', judge: finality },
  { name: 'node.runtime', title: 'its runtime is known', judge: runtime },
  { name: 'node.archive', title: 'it keeps enough state', judge: archive },
  { name: 'clock', title: 'the clock is right', judge: clock },
  { name: 'broker.reachable', title: 'Kafka answers', judge: kafkaReachable },
  { name: 'broker.version', title: 'its version', judge: kafkaVersion },
  { name: 'broker.topics', title: 'topics are set up as they should be', judge: topics },
  { name: 'broker.in-sync', title: 'replicas are in sync', judge: inSync },
  { name: 'broker.transactions', title: 'transactions and idempotent writes', judge: transactions },
  { name: 'peers.linked', title: 'links to the other validators', judge: links },
  { name: 'peers.dialled', title: 'the other validators answer', judge: dials },
  { name: 'disk.writable', title: 'folders can be written to', judge: diskWritable },
  { name: 'disk.room', title: 'there is room', judge: room },
  { name: 'disk.sync', title: 'writes are durable in time', judge: syncTime },
  { name: 'keys', title: 'keys can be read', judge: keys },
  { name: 'backups', title: 'backups are fresh', judge: backups },
  { name: 'ports', title: 'ports are free', judge: ports },
];

/** Every finding there is about what is known, in the order of the checks. */
export const findingsOf = (facts: Facts): Finding[] =>
  CHECKS.flatMap(({ name, judge }) => judge(facts).map((found) => ({ check: name, ...found })));

/** Whether nothing keeps the coordinator from its duty. */
export const isReady = (findings: readonly Finding[]): boolean => findings.every(({ verdict }) => verdict !== 'fail');
