import { decodeAddress } from '@polkadot/util-crypto';
import { z } from 'zod';
import { type Hex, toHex } from '../domain/hex.ts';
import { hexOf } from '../domain/processor/ids.ts';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration with its unit, as in `6h`; read as milliseconds. */
const duration = z
  .string()
  .regex(/^[1-9][0-9]*(ms|s|m|h|d)$/, 'expected a duration with a unit, as in "30s", "10m" or "6h"')
  .transform((text) => {
    const [, count = '0', unit = 'ms'] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
    return Number(count) * UNITS[unit as keyof typeof UNITS];
  });

const port = z.number().int('expected a port, 1 to 65535').min(1, 'expected a port, 1 to 65535').max(65_535, 'expected a port, 1 to 65535');
const host = z.string().regex(/^[A-Za-z0-9.:_-]+$/, 'expected a host name or address');
const publicKey = z.string().regex(/^0x[0-9a-f]{64}$/, 'expected a public key: 0x and 64 lower-case hex digits');
const multiaddr = z
  .string()
  .regex(/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+(\/p2p\/[A-Za-z0-9]+)?$/, 'expected a multiaddr, as in "/ip4/0.0.0.0/tcp/30563"');

const isSs58 = (text: string): boolean => {
  try {
    return decodeAddress(text).length === 32;
  } catch {
    return false;
  }
};

const interest = z
  .string()
  .refine((text) => /^0x([0-9a-fA-F]{2})+$/.test(text) || isSs58(text), 'expected an SS58 address, or an external address as 0x and hex')
  .transform((text): Hex => (text.startsWith('0x') ? (text.toLowerCase() as Hex) : toHex(decodeAddress(text))));

/** The configuration file, section by section (specification, Configurations; design §12). */
export const configSchema = z.strictObject({
  general: z.strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'expected a lower-case name: letters, digits and dashes'),
    log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    data_dir: z.string().min(1),
    backup_dir: z.string().min(1),
    backup_interval: duration,
  }),
  kafka: z.strictObject({ kafka_host: host, kafka_port: port }),
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
    listen: multiaddr,
    peers: z.array(z.strictObject({ validator: publicKey, address: multiaddr })).default([]),
  }),
  keys: z.strictObject({
    /** A development account instead of a key file; its secret is known to everyone. */
    dev_account: z.enum(['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie']).optional(),
    serai_key_file: z.string().min(1).optional(),
    master_key_file: z.string().min(1),
    /** Ed25519 public keys of the processors that write to our topics, by source. */
    pins: z.record(z.string(), publicKey).default({}),
  }),
});

/** A configuration that was read and checked. */
export type Config = z.infer<typeof configSchema>;
