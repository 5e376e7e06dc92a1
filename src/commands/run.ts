import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { enabledNetworks } from '../core/enabledNetworks.ts';
import { openLog } from '../core/log.ts';
import { logParked } from '../core/logParked.ts';
import { supervise } from '../core/supervise.ts';
import { openSealedStore } from '../data/sealedStore.ts';
import { toHex } from '../domain/hex.ts';
import { Secret } from '../domain/sealing/secret.ts';
import { devAccount, type Sr25519Pair, signSr25519, sr25519Pair } from '../domain/threshold/schnorrkel.ts';
import { openKafka } from '../drivers/kafka/openKafka.ts';
import { openLibp2p } from '../drivers/libp2p/libp2pNetwork.ts';
import { openSeraiClient } from '../drivers/polkadot/openSeraiClient.ts';
import { openRocksdbStore } from '../drivers/rocksdb/rocksdbStore.ts';
import { openCoordinator } from '../modules/coordinator.ts';
import { deriver, masterKey, pinsOf, signingSecretsOf } from './deploymentKeys.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { onSignals } from './onSignals.ts';
import { prepareTopics, topicsWanted } from './prepareTopics.ts';
import { readSecretHex } from './secretFile.ts';
import { seraiEndpoints } from './seraiEndpoints.ts';

/** Milliseconds the node and Kafka have to answer at the start. */
const CONNECT = 10_000;

/** Milliseconds that what is in flight may take to finish. */
const DRAIN = 10_000;

/** The Serai key: of a development account, or from its file. */
const seraiKey = async ({ keys }: Config): Promise<Sr25519Pair> => {
  if (keys.serai_key_file !== undefined) return sr25519Pair(await readSecretHex(keys.serai_key_file, 'keys.serai_key_file', [32, 64]));
  if (keys.dev_account !== undefined) return devAccount(keys.dev_account);
  throw new ConfigError('config.invalid', '[keys] needs serai_key_file, or dev_account on a development chain');
};

/** Runs the coordinator a configuration describes, until a signal. */
export const runCoordinator = async (config: Config): Promise<void> => {
  const { general, observation, connection } = config;
  const log = openLog(general.log_level);
  const key = await seraiKey(config);
  const master = await masterKey(config);
  const derive = deriver(master, general.name);
  const endpoints = seraiEndpoints(config);
  await using opened = new AsyncDisposableStack();

  const kafka = await kafkaConnection(config, log.child({ part: 'kafka' }));
  // Both are tried, so that one start tells of everything that cannot be reached.
  const [chainTried, busTried] = await Promise.allSettled([
    openSeraiClient({
      endpoints,
      log: log.child({ part: 'chain' }),
      connectDeadline: CONNECT,
      withBatches: observation.addresses_of_interest.length > 0,
      ...(observation.genesis_hash === undefined ? {} : { expectedGenesis: observation.genesis_hash }),
    }),
    openKafka({
      ...kafka,
      transactionalId: `${general.name}-coordinator`,
      connectDeadline: CONNECT,
    }),
  ]);
  if (chainTried.status === 'fulfilled') opened.defer(() => chainTried.value.close());
  if (busTried.status === 'fulfilled') opened.defer(() => busTried.value.close());
  if (chainTried.status === 'rejected') {
    if (busTried.status === 'rejected') process.stderr.write(`error: ${(busTried.reason as Error).message}\n`);
    throw chainTried.reason;
  }
  if (busTried.status === 'rejected') throw busTried.reason;
  const chain = chainTried.value;
  await prepareTopics({
    topics: busTried.value.topics,
    wanted: topicsWanted(config),
    brokers: kafka.brokers,
    warn: (deviations) => {
      log.warn({ deviations }, 'kafka.topics');
    },
  });

  const signingSecrets = signingSecretsOf(derive);
  const stop$ = new Subject<void>();
  const random = (length: number): Uint8Array => randomBytes(length);
  const validator = toHex(key.publicKey);
  const coordinator = opened.adopt(
    await openCoordinator({
      name: general.name,
      networks: enabledNetworks(config),
      openStore: async (module) =>
        openSealedStore(await openRocksdbStore(join(general.data_dir, general.name, module)), {
          storeId: `${general.name}/${module}`,
          key: new Secret(derive('store')),
          random,
        }),
      bus: busTried.value,
      chain,
      openPeers: (epoch, height) =>
        openLibp2p({
          listen: connection.listen,
          peers: () => connection.peers.map(({ validator: peer, address }) => ({ validator: peer as `0x${string}`, address })),
          identitySeed: derive('libp2p'),
          validator,
          genesisHash: chain.genesisHash,
          epoch,
          sign: (message) => signSr25519(key.secretKey, message),
          height: () => Math.max(0, height()),
          log: (event, details) => {
            log.info(details, event);
          },
        }),
      key: { publicKey: validator, secretKey: key.secretKey },
      signingSecrets,
      pins: pinsOf(config, signingSecrets),
      random,
      interest: observation.addresses_of_interest,
      startHeight: observation.start_block,
      parked: logParked(log),
      stop$,
    }),
    ({ close }) => close(),
  );
  const running = supervise(coordinator.routes, stop$);
  const release = onSignals(() => {
    running.stop(DRAIN);
  });
  log.info({ name: general.name, endpoints, validator }, 'coordinator.running');
  try {
    await running.ended;
  } finally {
    release();
  }
};
