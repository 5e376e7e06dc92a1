import { z } from 'zod';
import { type Hex, toHex } from '../domain/hex.ts';
import { COORDINATOR_PORT } from '../domain/peers/addresses.ts';
import { externalNetwork, hexOf } from '../domain/processor/ids.ts';
import { decodeSs58 } from '../domain/serai/ss58.ts';
import { sourcesOf } from '../domain/topics.ts';
import { LOG_LEVELS } from './log.ts';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration with its unit, as in `6h`; read as milliseconds. */
const duration = z
  .string()
  .regex(/^[1-9][0-9]*(ms|s|m|h|d)$/, 'expected a duration with a unit, as in "30s", "10m" or "6h"')
  .transform((text) => {
    const [, count = '0', unit = 'ms'] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
    return Number(count) * UNITS[unit as keyof typeof UNITS];
  });

/** Lets combinations be checked where single keys are wrong too, so that all is listed at once. */
const isTable = ({ value }: { readonly value: unknown }): boolean => typeof value === 'object' && value !== null;

const port = z.number().int('expected a port, 1 to 65535').min(1, 'expected a port, 1 to 65535').max(65_535, 'expected a port, 1 to 65535');
const host = z.string().regex(/^[A-Za-z0-9.:_-]+$/, 'expected a host name or address');
const publicKey = z.string().regex(/^0x[0-9a-f]{64}$/, 'expected a public key: 0x and 64 lower-case hex digits');
const multiaddr = z
  .string()
  .regex(/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+(\/p2p\/[A-Za-z0-9]+)?$/, 'expected a multiaddr, as in "/ip4/0.0.0.0/tcp/30563"');

const broker = z.string().regex(/^[A-Za-z0-9._-]+:[1-9][0-9]{0,4}$/, 'expected a broker as host:port, as in "kafka-2:9092"');

/** Where a secret lies, never the secret itself: a file of its own, or `env:NAME` for a variable of the environment. */
const secretFile = z
  .string()
  .min(1)
  .regex(/^(?!env:)|^env:[A-Za-z_][A-Za-z0-9_]*$/, 'expected a file, or a variable as in "env:PASSWORD"');

const tls = z
  .strictObject({
    ca_file: z.string().min(1).optional().describe('certificate authorities to trust, in PEM; without it, those Node trusts'),
    cert_file: z.string().min(1).optional().describe('our certificate, for brokers that ask for one, in PEM'),
    key_file: secretFile.optional().describe('its private key, in PEM').meta({ secret: true }),
  })
  .refine(({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined), {
    message: 'cert_file and key_file belong together; give both, or neither',
    when: isTable,
  });

const sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('how we prove who we are; `plain` needs `kafka.tls`'),
  username: z.string().min(1).describe('who we are').meta({ example: 'coordinator' }),
  password_file: secretFile.describe('the password').meta({ secret: true, example: '/etc/serai-coordinator/kafka.password' }),
});

const kafka = z
  .strictObject({
    kafka_host: host
      .refine((name) => !name.includes(':'), 'expected a host name or an IPv4 address; for IPv6 give a name')
      .describe('a broker to begin with')
      .meta({ example: '127.0.0.1' }),
    kafka_port: port.describe('its port').meta({ example: 9092 }),
    brokers: z.array(broker).default([]).describe('further brokers to begin with, as in `"kafka-2:9092"`'),
    tls: tls.optional().describe('TLS to the brokers; `{}` to trust what Node trusts'),
    sasl: sasl.optional().describe('who we are to the brokers'),
    replication_factor: z.number().int().min(1).max(100).default(1).describe('brokers that every topic stands on'),
    min_insync_replicas: z.number().int().min(1).max(100).default(1).describe('of them, so many have a record before it counts as written'),
  })
  .refine(({ replication_factor: all, min_insync_replicas: least }) => least <= all, {
    message: 'no record could be written with fewer replicas than this; set it to at most replication_factor',
    path: ['min_insync_replicas'],
    when: isTable,
  })
  .refine(({ tls: given, sasl: user }) => user?.mechanism !== 'plain' || given !== undefined, {
    message: 'mechanism "plain" sends the password as it is, so it needs kafka.tls; "scram-sha-512" does not',
    path: ['sasl'],
    when: isTable,
  });

const kept = z.number().int().min(0).max(10_000);

const keepRule = z
  .strictObject({
    last: z.number().int().min(1).max(10_000).default(8).describe('the latest ones'),
    daily: kept.default(7).describe('the last one of so many days'),
    weekly: kept.default(4).describe('the last one of so many weeks'),
    monthly: kept.default(3).describe('the last one of so many months'),
  })
  .prefault({});

const s3 = z.strictObject({
  endpoint: z
    .string()
    .regex(/^https?:\/\/[^/]+/, 'expected the address of an S3 service, as in "https://s3.eu-central-1.amazonaws.com"')
    .describe('address of the service')
    .meta({ example: 'https://s3.eu-central-1.amazonaws.com' }),
  region: z.string().min(1).default('us-east-1').describe('its region'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket')
    .describe('the bucket')
    .meta({ example: 'coordinator-backups' }),
  prefix: z
    .string()
    .regex(/^([A-Za-z0-9._-]+\/)*$/, 'expected a prefix that ends with a slash, as in "coordinator/"')
    .default('')
    .describe('what names of objects begin with'),
  access_key_id: z.string().min(1).describe('who we are to the service').meta({ hidden: true, example: '…' }),
  secret_key_file: secretFile.describe('the secret access key').meta({ secret: true, example: '/etc/serai-coordinator/s3.secret' }),
});

/** Who may be pinned under a deployment's name. */
const pinnableSources = (name: string): string[] => {
  const { processor, ...own } = sourcesOf(name);
  return [...externalNetwork.options.map(processor), ...Object.values(own)];
};

const interest = z.string().transform((text, context): Hex => {
  if (/^0x([0-9a-fA-F]{2})+$/.test(text)) return text.toLowerCase() as Hex;
  const account = decodeSs58(text);
  if (account !== undefined) return toHex(account);
  context.addIssue('expected an SS58 address, or an external address as 0x and hex');
  return z.NEVER;
});

const smallestUnit = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,19})$/, 'expected an amount in the coin\'s smallest unit, as in "1000"')
  .transform(BigInt);

const breaches = z
  .number()
  .int()
  .min(1)
  .max(1_000)
  .describe('checks in a row that lack more than is tolerated, until the network is halted');
const clears = z.number().int().min(1).max(10_000).describe('good checks in a row, until the halt ends');
const acknowledge = z.boolean().describe("whether the operator's word is needed as well: `solvency acknowledge`");

/** What holds for a coin; of what is not given, what holds for all. */
const coinRules = (coin: string) =>
  z
    .strictObject({
      tolerance: smallestUnit.describe(`what may be missing of ${coin}`).meta({ unit: 'smallest unit' }),
      breaches,
      clears,
      acknowledge,
    })
    .partial()
    .describe(`rules for ${coin}`);

/**
 * The configuration file, section by section (specification, Configurations; design §12). What a key means stands here alone: the reference
 * (docs/configuration.md), `config init` and `config show` are made from it. `unit`, `kind` (a type's name), `example`, `secret` (names a
 * place where a secret lies) and `hidden` (not to be shown) are told with `meta`.
 */
export const configSchema = z
  .strictObject({
    general: z
      .strictObject({
        name: z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,40}$/, 'expected a lower-case name: letters, digits and dashes')
          .describe('identity of the deployment: its topics, stores and backups are named after it')
          .meta({ example: 'validator' }),
        log_level: z.enum(LOG_LEVELS).describe('how much the log says; `log-level` changes it while it runs').meta({ example: 'info' }),
        data_dir: z.string().min(1).describe('folder of all state, open to its user alone').meta({ example: '/var/lib/serai-coordinator' }),
        store: z.string().min(1).default('rocksdb').describe('the driver that keeps state'),
        min_free_mb: z
          .number()
          .int()
          .min(0)
          .max(1_000_000)
          .default(256)
          .describe('room that stays free on the disk of `data_dir`: with less, no work is taken')
          .meta({ unit: 'MB' }),
        backup_dir: z
          .string()
          .min(1)
          .describe('folder of the backups, better on another disk')
          .meta({ example: '/var/backups/serai-coordinator' }),
        backup_interval: duration.describe('time between two backups').meta({ kind: 'duration', example: '6h' }),
        backup_keep: keepRule.describe('which backups are kept (docs/data.md)'),
      })
      .describe('the deployment'),
    backup: z
      .strictObject({ s3: s3.optional().describe('an S3-compatible service') })
      .optional()
      .describe('where backups go besides `general.backup_dir`'),
    kafka: kafka.describe('the message bus (docs/kafka.md)'),
    observation: z
      .strictObject({
        rpc_host: host.describe("the validator's own Serai node").meta({ example: '127.0.0.1' }),
        rpc_port: port.describe('its WebSocket port').meta({ example: 9944 }),
        endpoints: z
          .array(z.string().regex(/^wss?:\/\/.+/, 'expected a WebSocket address, as in "ws://node:9944"'))
          .default([])
          .describe('further nodes, for failover and to compare with, as in `"ws://node:9944"`'),
        addresses_of_interest: z
          .array(interest)
          .prefault([])
          .describe('accounts whose instructions are published: SS58, or an external address as 0x and hex'),
        genesis_hash: hexOf(32)
          .optional()
          .describe('the chain to be on; without it, the one found at the first start')
          .meta({ kind: '32 bytes of hex' }),
        start_block: z
          .number()
          .int('expected a height')
          .min(0, 'expected a height')
          .default(0)
          .describe('where to begin when nothing was observed yet; a node that has thrown away older state cannot give what was before')
          .meta({ unit: 'height' }),
      })
      .describe('the Serai chain (docs/observation.md)'),
    chains: z
      .strictObject({
        bitcoin: z.boolean().default(false).describe('whether Bitcoin is served; its processor must run').meta({ example: true }),
        ethereum: z.boolean().default(false).describe('whether Ethereum is served; its processor must run'),
        monero: z.boolean().default(false).describe('whether Monero is served; its processor must run'),
      })
      .describe('the external networks'),
    connection: z
      .strictObject({
        listen: z
          .union([multiaddr, z.array(multiaddr).min(1).max(8)])
          .transform((given) => (typeof given === 'string' ? [given] : given))
          .describe('the address other validators connect to, or a list of them, as for IPv4 and IPv6')
          .meta({ kind: 'multiaddr, or list of multiaddrs', example: '/ip4/0.0.0.0/tcp/30563' }),
        announce: z
          .array(multiaddr)
          .max(8)
          .default([])
          .describe('where others reach us, as in `"/dns4/host/tcp/30563"`; without it, where we listen')
          .meta({ kind: 'list of multiaddrs' }),
        peers: z
          .array(z.strictObject({ validator: publicKey, address: multiaddr }))
          .default([])
          .describe(
            'validators whose address is known beforehand: `{ validator = "0x…", address = "/dns4/host/tcp/30563" }`; others are learnt',
          )
          .meta({ kind: 'list of tables' }),
        peer_port: port.default(COORDINATOR_PORT).describe('of coordinators beside the Serai nodes that ours knows of'),
        private_addresses: z
          .boolean()
          .optional()
          .describe('whether addresses that others name may lead into a private network; without it, where `listen` is an address of one'),
      })
      .describe('the other validators (docs/peers.md)'),
    solvency: z
      .strictObject({
        breaches: breaches.default(3),
        clears: clears.default(10),
        acknowledge: acknowledge.default(false),
        stale_blocks: z
          .number()
          .int()
          .min(1)
          .max(100_000)
          .default(100)
          .describe('for so long nothing may be said of a network')
          .meta({ unit: 'Serai blocks' }),
        coins: z
          .strictObject({ Bitcoin: coinRules('Bitcoin'), Ether: coinRules('Ether'), Dai: coinRules('Dai'), Monero: coinRules('Monero') })
          .partial()
          .default({})
          .describe('by coin: what may be missing, and what holds for it instead of the above'),
      })
      .prefault({})
      .describe('when a network counts as insolvent (docs/solvency.md)'),
    http: z
      .strictObject({
        host: host.default('127.0.0.1').describe('where to listen; who can reach it can read it'),
        port: port.describe('its port').meta({ example: 9616 }),
        names: z
          .array(z.string().regex(/^[a-z0-9.-]+$/, 'expected a host name in lower case, without a port'))
          .default([])
          .describe('names under which a browser may ask for the page and `/status`, besides localhost and addresses: as behind a proxy'),
      })
      .optional()
      .describe('health, metrics and the page (docs/health.md); without it, nowhere')
      .meta({ example: {} }),
    tracing: z
      .strictObject({
        endpoint: z
          .url({ protocol: /^https?$/, error: 'expected the address of an OTLP endpoint, as in "http://127.0.0.1:4318"' })
          .describe('OTLP over HTTP; `/v1/traces` is added where it has no path')
          .meta({ kind: 'address', example: 'http://127.0.0.1:4318' }),
        headers_file: secretFile.optional().describe('headers to send along, `name: value` on a line each').meta({ secret: true }),
        ratio: z
          .number()
          .gt(0, 'expected a number above 0, up to 1')
          .max(1, 'expected a number above 0, up to 1')
          .default(1)
          .describe('how much of all traces is told, by their ids: validators with the same ratio tell of the same ones'),
      })
      .optional()
      .describe('where traces are told (docs/tracing.md); without it none are made'),
    keys: z
      .strictObject({
        dev_account: z
          .enum(['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie'])
          .optional()
          .describe('a development account instead of a key file; everyone knows its secret'),
        serai_key_file: secretFile
          .optional()
          .describe('the Serai key: 32 or 64 bytes of hex')
          .meta({ secret: true, example: '/etc/serai-coordinator/serai.key' }),
        master_key_file: secretFile
          .describe('the master key: 32 bytes of hex, or a keystore under a passphrase that `keys create` makes')
          .meta({ secret: true, example: '/etc/serai-coordinator/master.key' }),
        passphrase_file: secretFile
          .optional()
          .describe("the keystore's passphrase; without it, it is asked for on the terminal")
          .meta({ secret: true }),
        pins: z
          .record(z.string(), publicKey)
          .default({})
          .describe('Ed25519 public keys of the processors that write to our topics, by source')
          .meta({ kind: 'public key by name' }),
      })
      .refine(({ dev_account, serai_key_file }) => (dev_account === undefined) !== (serai_key_file === undefined), {
        message: 'give serai_key_file, or dev_account on a development chain; not both',
        when: isTable,
      })
      .describe('keys (docs/data.md)'),
  })
  .superRefine(({ general, keys }, context) => {
    const known = pinnableSources(general.name);
    for (const source of Object.keys(keys.pins))
      if (!known.includes(source))
        context.addIssue({
          code: 'custom',
          path: ['keys', 'pins', source],
          message: `nobody of that name writes here; there are ${known.join(', ')}`,
        });
  });

/** A configuration that was read and checked. */
export type Config = z.infer<typeof configSchema>;
