import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import type { EventRecord } from '../../domain/serai/events.ts';
import { type Coin, coinBytes, type Network, networkBytes, network as networkType } from '../../domain/serai/networks.ts';
import { seraiVersion } from '../../domain/serai/version.ts';
import { devAccount } from '../../domain/threshold/schnorrkel.ts';
import { CODE, codeOf } from './simulatedRuntime.ts';
import { BlockState } from './state.ts';

const VALIDATORS = ['Alice', 'Bob', 'Charlie', 'Dave'];
const ENDOWED = [...VALIDATORS, 'Eve', 'Ferdie'];
const ENDOWMENT = 2n ** 60n;
const SRI = 10n ** 8n;

/** Stake of one key share, in SRI (reference serai.md §b.17). */
const KEY_SHARE: Readonly<Record<Network, bigint>> = {
  Serai: 50_000n * SRI,
  Bitcoin: 1_000_000n * SRI,
  Ethereum: 1_000_000n * SRI,
  Monero: 100_000n * SRI,
};

/** Genesis allocates as much to each validator as one key share costs. */
const NETWORKS = Object.keys(networkBytes) as Network[];

/** Larger amounts come first: the amount, big endian, each bit turned over. */
const descending = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, ~value & 0xffff_ffff_ffff_ffffn);
  return bytes;
};

/** Shuffles validators of the same amount: blake2b-128 of network, amount as above, and key. */
const shuffled = (network: Network, value: bigint, key: Uint8Array): Uint8Array =>
  blake2b(concatBytes(networkType.encode(network), descending(value), key), { dkLen: 16 });

/** The genesis state of the chain specification `local`, as far as our pallets are declared, and its events. */
export const genesis = (): BlockState => {
  const state = new BlockState(new Map());
  const events: EventRecord[] = [];
  const deposit = (pallet: string, name: string, fields: Record<string, unknown>): void => {
    events.push({ phase: { tag: 'Initialization' }, pallet, name, fields, topics: [] });
  };

  for (const name of ENDOWED) {
    const account = devAccount(name).publicKey;
    const balance = { coin: 'Serai', amount: ENDOWMENT };
    state.set('Coins', 'Balances', [account, 'Serai'], ENDOWMENT);
    deposit('Coins', 'Mint', { to: account, balance });
  }
  for (const coin of Object.keys(coinBytes) as Coin[])
    state.set('Coins', 'Supply', [coin], coin === 'Serai' ? ENDOWMENT * BigInt(ENDOWED.length) : 0n);

  for (const network of NETWORKS) {
    const stake = KEY_SHARE[network];
    const keys = VALIDATORS.map((name) => devAccount(name).publicKey);
    state.set('ValidatorSets', 'AllocationPerKeyShare', [network], stake);
    const sorted = keys.map((key) => ({ key, order: [descending(stake), shuffled(network, stake, key)] as const }));
    sorted.sort((a, b) => Buffer.compare(a.order[1], b.order[1]));
    for (const { key, order } of sorted) {
      state.set('ValidatorSets', 'Allocations', [[network, key]], stake);
      state.set('ValidatorSets', 'SortedAllocations', [[network, order[0], order[1], key]], null);
      state.set('ValidatorSets', 'InSet', [network, key], 1n);
    }
    state.set(
      'ValidatorSets',
      'Participants',
      [network],
      sorted.map(({ key }) => [key, 1n] as const),
    );
    state.set('ValidatorSets', 'CurrentSession', [network], 0);
    state.set('ValidatorSets', 'SessionBeginBlock', [network, 0], 0n);
    deposit('ValidatorSets', 'NewSet', { set: { session: 0, network } });
  }
  state.setRaw(CODE, codeOf(seraiVersion.spec_version));
  // What Substrate's System pallet stands on before the first block.
  const noParent = new Uint8Array(32).fill(0x45);
  state.set('System', 'ParentHash', [], noParent);
  state.set('System', 'BlockHash', [0n], noParent);
  state.set('System', 'UpgradedToU32RefCount', [], true);
  state.set('System', 'UpgradedToTripleRefCount', [], true);
  state.set('System', 'LastRuntimeUpgrade', [], { spec_version: seraiVersion.spec_version, spec_name: seraiVersion.spec_name });
  state.set('System', 'Events', [], events);
  state.set('System', 'EventCount', [], events.length);
  return state;
};
