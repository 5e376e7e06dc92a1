import { z } from 'zod';
import { type Hex, toHex } from '../domain/hex.ts';
import { COORDINATOR_PORT } from '../domain/peers/addresses.ts';
import { hexOf } from '../domain/processor/ids.ts';
import { decodeSs58 } from '../domain/serai/ss58.ts';
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

const tls = z
  .strictObject({
    /** Without it, the authorities Node trusts. */
    ca_file: z.string().min(1).optional(),
    cert_file: z.string().min(1).optional(),
    key_file: z.string().min(1).optional(),
  })
  .refine(({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined), {
    message: 'cert_file and key_file belong together; give both, or neither',
    when: isTable,
  });

const sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  username: z.string().min(1),
  password_file: z.string().min(1),
});

const kafka = z
  .strictObject({
    kafka_host: host.refine((name) => !name.includes(':'), 'expected a host name or an IPv4 address; for IPv6 give a name'),
    kafka_port: port,
    /** Further brokers to begin with. */
    brokers: z.array(broker).default([]),
    tls: tls.optional(),
    sasl: sasl.optional(),
    /** Brokers every topic stands on; how many of them must have a record before it counts as written. */
    replication_factor: z.number().int().min(1).max(100).default(1),
    min_insync_replicas: z.number().int().min(1).max(100).default(1),
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

/** How many backups are kept: the latest, and the last one of so many days, weeks and months (docs/data.md). */
const keepRule = z
  .strictObject({
    last: z.number().int().min(1).max(10_000).default(8),
    daily: z.number().int().min(0).max(10_000).default(7),
    weekly: z.number().int().min(0).max(10_000).default(4),
    monthly: z.number().int().min(0).max(10_000).default(3),
  })
  .prefault({});

const s3 = z.strictObject({
  endpoint: z.string().regex(/^https?:\/\/[^/]+/, 'expected the address of an S3 service, as in "https://s3.eu-central-1.amazonaws.com"'),
  region: z.string().min(1).default('us-east-1'),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket'),
  /** What names of objects begin with. */
  prefix: z
    .string()
    .regex(/^([A-Za-z0-9._-]+\/)*$/, 'expected a prefix that ends with a slash, as in "coordinator/"')
    .default(''),
  access_key_id: z.string().min(1),
  /** Holds the secret access key. */
  secret_key_file: z.string().min(1),
});

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

/** The configuration file, section by section (specification, Configurations; design §12). */
export const configSchema = z.strictObject({
  general: z.strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'expected a lower-case name: letters, digits and dashes'),
    log_level: z.enum(LOG_LEVELS),
    data_dir: z.string().min(1),
    /** The driver that keeps state. */
    store: z.string().min(1).default('rocksdb'),
    /** Megabytes that stay free on the disk of data_dir: with less, no work is taken. */
    min_free_mb: z.number().int().min(0).max(1_000_000).default(256),
    backup_dir: z.string().min(1),
    backup_interval: duration,
    backup_keep: keepRule,
  }),
  /** Where backups go besides `general.backup_dir`. */
  backup: z.strictObject({ s3: s3.optional() }).optional(),
  kafka,
  observation: z.strictObject({
    rpc_host: host,
    rpc_port: port,
    endpoints: z.array(z.string().regex(/^wss?:\/\/.+/, 'expected a WebSocket address, as in "ws://node:9944"')).default([]),
    /** SS58 addresses of Serai, or the bytes of an external network's address in hex; read as hex. */
    addresses_of_interest: z.array(interest).default([]),
    /** The chain to be on; without it, the one found at the first start. */
    genesis_hash: hexOf(32).optional(),
    /** Where to begin when nothing was observed yet; a node that has thrown away older state cannot give what was before. */
    start_block: z.number().int('expected a height').min(0, 'expected a height').default(0),
  }),
  chains: z.strictObject({ bitcoin: z.boolean().default(false), ethereum: z.boolean().default(false), monero: z.boolean().default(false) }),
  connection: z.strictObject({
    /** One address, or several, as for IPv4 and IPv6. */
    listen: z.union([multiaddr, z.array(multiaddr).min(1).max(8)]).transform((given) => (typeof given === 'string' ? [given] : given)),
    /** Where others reach us; without it, where we listen. */
    announce: z.array(multiaddr).max(8).default([]),
    /** Addresses of validators that are known beforehand; others are learnt from the node and from peers. */
    peers: z.array(z.strictObject({ validator: publicKey, address: multiaddr })).default([]),
    /** The port of coordinators beside the Serai nodes that ours knows of. */
    peer_port: port.default(COORDINATOR_PORT),
    /** Whether addresses that others name may lead into a private network; without it, where listen is an address of one. */
    private_addresses: z.boolean().optional(),
  }),
  /** When a network counts as insolvent (docs/solvency.md). */
  solvency: z
    .strictObject({
      /** Checks in a row that lack more than is tolerated, until the network is halted. */
      breaches: z.number().int().min(1).max(1_000).default(3),
      /** Good checks in a row, until the halt ends. */
      clears: z.number().int().min(1).max(10_000).default(10),
      /** Whether the operator's word is needed as well: `solvency acknowledge`. */
      acknowledge: z.boolean().default(false),
      /** Serai blocks for which nothing may be said of a network. */
      stale_blocks: z.number().int().min(1).max(100_000).default(100),
      /** By coin, what may be missing, in its smallest unit. */
      tolerance: z
        .strictObject({ Bitcoin: smallestUnit, Ether: smallestUnit, Dai: smallestUnit, Monero: smallestUnit })
        .partial()
        .default({}),
    })
    .prefault({}),
  /** Where health is told and the page is shown; without it, nowhere. Who can reach it can read it. */
  http: z
    .strictObject({
      host: host.default('127.0.0.1'),
      port,
      /** Names under which a browser may ask for the page and `/status`, besides localhost and addresses: as behind a proxy. */
      names: z.array(z.string().regex(/^[a-z0-9.-]+$/, 'expected a host name in lower case, without a port')).default([]),
    })
    .optional(),
  keys: z.strictObject({
    /** A development account instead of a key file; its secret is known to everyone. */
    dev_account: z.enum(['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie']).optional(),
    serai_key_file: z.string().min(1).optional(),
    /** 32 bytes as hex, or a keystore under a passphrase (`keys create`). */
    master_key_file: z.string().min(1),
    /** Holds the keystore's passphrase; without it, it is asked for on the terminal. */
    passphrase_file: z.string().min(1).optional(),
    /** Ed25519 public keys of the processors that write to our topics, by source. */
    pins: z.record(z.string(), publicKey).default({}),
  }),
});

/** A configuration that was read and checked. */
export type Config = z.infer<typeof configSchema>;
