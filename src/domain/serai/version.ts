import { blake2b } from '@noble/hashes/blake2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { RuntimeVersion } from './substrate.ts';

/** The runtime's interfaces and their versions, in the runtime's order. */
export const apiVersions = {
  Core: 4,
  Metadata: 2,
  BlockBuilder: 6,
  TaggedTransactionQueue: 3,
  OffchainWorkerApi: 2,
  SessionKeys: 1,
  BabeApi: 2,
  GrandpaApi: 3,
  AccountNonceApi: 1,
  TransactionPaymentApi: 4,
  AuthorityDiscoveryApi: 1,
  SeraiRuntimeApi: 1,
  DexApi: 1,
} as const;

/** What the runtime says it is; interfaces go by the blake2b-64 of their names. */
export const seraiVersion: RuntimeVersion = {
  spec_name: 'serai',
  impl_name: 'core',
  spec_version: 1,
  impl_version: 1,
  apis: Object.entries(apiVersions).map(([name, version]) => [blake2b(utf8ToBytes(name), { dkLen: 8 }), version] as const),
  transaction_version: 1,
  state_version: 1,
};
