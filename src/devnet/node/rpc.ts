import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { compact, option, u32, vec, vecBytes } from '../../domain/scale.ts';
import type { Header } from '../../domain/serai/header.ts';
import { block as blockType, headerHash } from '../../domain/serai/header.ts';
import { network } from '../../domain/serai/networks.ts';
import { decodeSs58 } from '../../domain/serai/ss58.ts';
import { storageItem, storageKey } from '../../domain/serai/storageKey.ts';
import { runtimeVersion } from '../../domain/serai/substrate.ts';
import type { ChainView } from './chainView.ts';
import { FAULTS, type FaultName, type Faults, setFault } from './faults.ts';
import { forkedHeader } from './forkedHeader.ts';
import { NodeError } from './nodeError.ts';
import { runtimeAfter, versionJson } from './simulatedRuntime.ts';

/** A header as JSON-RPC shows it. */
export const headerJson = ({ parentHash, number, stateRoot, extrinsicsRoot, digest }: Header): Record<string, unknown> => ({
  parentHash: toHex(parentHash),
  number: `0x${number.toString(16)}`,
  stateRoot: toHex(stateRoot),
  extrinsicsRoot: toHex(extrinsicsRoot),
  digest: { logs: digest.map(toHex) },
});

type Method = (params: readonly unknown[], raw: unknown) => unknown;

const wrong = (message: string): NodeError => new NodeError(-32602, message);

const bytesParam = (value: unknown): Uint8Array => {
  if (typeof value !== 'string') throw wrong('invalid type: expected a 0x-prefixed hex string');
  try {
    return fromHex(value);
  } catch (cause) {
    throw new NodeError(-32602, 'invalid hex character', undefined, { cause });
  }
};

const NETWORKS = { Serai: 'Serai', Bitcoin: 'Bitcoin', Ethereum: 'Ethereum', Monero: 'Monero' } as const;

/** The methods that answer at once; what subscribes is the server's. */
export const rpcMethods = (chain: ChainView, subscriptions: readonly string[], faults: Faults): Readonly<Record<string, Method>> => {
  const heightOf = async (hash: unknown): Promise<number | undefined> =>
    hash == null ? chain.best.number : chain.heightOf(bytesParam(hash));

  const knownHeight = async (hash: unknown): Promise<number> => {
    const height = await heightOf(hash);
    if (height === undefined)
      throw new NodeError(-32000, `Client error: UnknownBlock: Header was not found in the database: ${String(hash)}`);
    return height;
  };

  const blockAt = async (hash: unknown) => {
    const height = await heightOf(hash);
    return height === undefined ? undefined : chain.block(height);
  };

  const storage = async (key: unknown, hash: unknown): Promise<Uint8Array | undefined> =>
    chain.storageAt(bytesParam(key), await knownHeight(hash));

  const hashOf = async (number: unknown): Promise<Hex | null> => {
    if (typeof number !== 'number' && (typeof number !== 'string' || !/^0x[0-9a-f]+$/i.test(number)))
      throw wrong('data did not match any variant of untagged enum ListOrValue');
    const height = Number(number);
    const block = faults.forks && height > chain.finalized ? await chain.block(height) : undefined;
    if (block !== undefined) return toHex(headerHash(forkedHeader(block.header)));
    return (await chain.hashAt(height)) ?? null;
  };

  const calls: Readonly<Record<string, (args: Uint8Array, height: number) => Uint8Array | Promise<Uint8Array>>> = {
    Core_version: async (_args, height) => runtimeVersion.encode((await runtimeAfter(chain, height)).version),
    Metadata_metadata: async (_args, height) => vecBytes.encode((await runtimeAfter(chain, height)).metadata(14)),
    Metadata_metadata_versions: () => vec(u32).encode([14, 15]),
    Metadata_metadata_at_version: async (args, height) => {
      const version = u32.decode(args);
      const isKnown = version === 14 || version === 15;
      return option(vecBytes).encode(isKnown ? (await runtimeAfter(chain, height)).metadata(version) : null);
    },
    AccountNonceApi_account_nonce: async (args, height) => u32.encode(await nonceOf(args, height)),
    SeraiRuntimeApi_validators: async (args, height) => {
      const members = await chain.storageAt(storageKey('ValidatorSets', 'Participants', network.decode(args)), height);
      const list =
        members === undefined
          ? []
          : (storageItem('ValidatorSets', 'Participants').value.decode(members) as readonly (readonly [Uint8Array, bigint])[]);
      return concatBytes(compact.encode(BigInt(list.length)), ...list.map(([key]) => key));
    },
  };

  const nonceOf = async (account: Uint8Array, height: number): Promise<number> => {
    const value = await chain.storageAt(storageKey('System', 'Account', account), height);
    return value === undefined ? 0 : (storageItem('System', 'Account').value.decode(value) as { nonce: number }).nonce;
  };

  const methods: Readonly<Record<string, Method>> = {
    devnet_faults: () => Object.fromEntries(Object.entries(FAULTS).map(([name, fault]) => [name, faults[fault]])),
    devnet_setFault: ([name, value]) => {
      if (typeof name !== 'string' || !Object.hasOwn(FAULTS, name) || (typeof value !== 'boolean' && typeof value !== 'number'))
        throw wrong(`expected one of ${Object.keys(FAULTS).join(', ')}, and true, false or a number`);
      setFault(faults, name as FaultName, value);
      return true;
    },
    author_pendingExtrinsics: () => chain.pending.map(toHex),
    author_submitExtrinsic: ([extrinsic]) => chain.submit(bytesParam(extrinsic)),
    chain_getBlock: async ([hash]) => {
      const found = await blockAt(hash);
      if (found === undefined) return null;
      return { block: { header: headerJson(found.header), extrinsics: found.extrinsics.map((bytes) => [...bytes]) }, justifications: null };
    },
    chain_getBlockBin: async ([hash]) => {
      const found = await blockAt(hash);
      return found === undefined ? null : toHex(blockType.encode(found));
    },
    chain_getBlockHash: ([number]) => {
      if (number === undefined) return chain.best.hash;
      return Array.isArray(number) ? Promise.all(number.map(hashOf)) : hashOf(number);
    },
    chain_getFinalizedHead: () => chain.hashAt(chain.finalized),
    chain_getHeader: async ([hash]) => {
      const found = await blockAt(hash);
      return found === undefined ? null : headerJson(found.header);
    },
    p2p_validators: (_params, raw) => {
      const name = typeof raw === 'string' ? raw : (raw as { External?: unknown } | null)?.External;
      if (Array.isArray(raw) || typeof name !== 'string' || !(name in NETWORKS)) throw wrong('expected value at line 1 column 1');
      return [];
    },
    state_call: async ([method, args, hash]) => {
      const height = await knownHeight(hash);
      const call = calls[String(method)];
      if (call === undefined)
        throw new NodeError(-32000, `Client error: Execution failed: Other: Exported method ${String(method)} is not found`);
      return toHex(await call(bytesParam(args), height));
    },
    state_getKeysPaged: async ([prefix, count, start, hash]) => {
      const height = await knownHeight(hash);
      const keys = await chain.keysAt(
        bytesParam(prefix),
        height,
        Math.min(Number(count), 1000),
        start == null ? undefined : bytesParam(start),
      );
      return keys.map(toHex);
    },
    state_getMetadata: async ([hash]) => toHex((await runtimeAfter(chain, await knownHeight(hash))).metadata(14)),
    state_getRuntimeVersion: async ([hash]) => versionJson(await runtimeAfter(chain, await knownHeight(hash))),
    state_getStorage: async ([key, hash]) => {
      const value = await storage(key, hash);
      return value === undefined ? null : toHex(value);
    },
    state_getStorageHash: async ([key, hash]) => {
      const value = await storage(key, hash);
      return value === undefined ? null : toHex(blake2b(value, { dkLen: 32 }));
    },
    state_getStorageSize: async ([key, hash]) => (await storage(key, hash))?.length ?? null,
    state_queryStorageAt: async ([keys, hash]) => {
      if (!Array.isArray(keys)) throw wrong('invalid type: expected a sequence');
      const height = await knownHeight(hash);
      const changes = await Promise.all(
        keys.map(async (key: unknown) => {
          const value = await chain.storageAt(bytesParam(key), height);
          return [key, value === undefined ? null : toHex(value)];
        }),
      );
      return [{ block: await chain.hashAt(height), changes }];
    },
    system_accountNextIndex: async ([account]) => {
      const publicKey = decodeSs58(String(account));
      if (publicKey === undefined) throw wrong('invalid account ID');
      return nonceOf(publicKey, chain.best.number);
    },
    system_chain: () => 'Local Test Network',
    system_chainType: () => 'Local',
    system_health: () => ({ peers: 0, isSyncing: faults.syncing, shouldHavePeers: false }),
    system_localListenAddresses: () => [],
    system_name: () => 'Serai Node',
    system_nodeRoles: () => ['Authority'],
    system_peers: () => [],
    system_properties: () => ({}),
    system_syncState: () => ({ startingBlock: 0, currentBlock: chain.best.number, highestBlock: chain.best.number }),
    system_version: () => '0.1.0-simulated',
  };
  return { ...methods, rpc_methods: () => ({ methods: [...Object.keys(methods), ...subscriptions].sort() }) };
};
