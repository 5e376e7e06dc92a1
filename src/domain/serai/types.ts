import type { Value } from '../scale.ts';
import type { Type } from './describe.ts';
import { field, inOrder, t, unnamed } from './describe.ts';
import type { Coin, ExternalCoin, ExternalNetwork } from './networks.ts';
import { coin, externalCoin, externalNetwork, network } from './networks.ts';

/** Thirty-two bytes without a type of their own. */
export const bytes32: Type<Uint8Array> = t.bytesOf(32);
/** An sr25519 public key: what accounts and validators are known by. */
export const publicKey: Type<Uint8Array> = t.newtype('sp_core::sr25519::Public', bytes32, '[u8; 32]');
/** The same 32 bytes where the chain's ABI says address. */
export const address: Type<Uint8Array> = t.newtype('serai_primitives::account::SeraiAddress', bytes32, '[u8; 32]');
/** An sr25519 signature. */
export const signature: Type<Uint8Array> = t.newtype('sp_core::sr25519::Signature', t.bytesOf(64), '[u8; 64]');
/** A hash of something of the Serai chain. */
export const hash: Type<Uint8Array> = t.newtype('primitive_types::H256', bytes32, '[u8; 32]');
/** The hash of a block of an external network. */
export const blockHash: Type<Uint8Array> = t.newtype('serai_primitives::block::BlockHash', bytes32, '[u8; 32]');
/** An amount of a coin in its smallest unit. */
export const amount: Type<bigint> = t.newtype('serai_primitives::amount::Amount', t.u64, 'SubstrateAmount');

/** An amount of a coin. */
export interface Balance {
  readonly coin: Coin;
  readonly amount: bigint;
}

/** An amount of an external coin. */
export interface ExternalBalance {
  readonly coin: ExternalCoin;
  readonly amount: bigint;
}

/** Coin byte, amount u64. */
export const balance: Type<Balance> = t.struct('serai_primitives::balance::Balance', {
  coin: field(coin, 'Coin'),
  amount: field(amount, 'Amount'),
});

/** As {@link balance}, of an external coin. */
export const externalBalance: Type<ExternalBalance> = t.struct('serai_primitives::balance::ExternalBalance', {
  coin: field(externalCoin, 'ExternalCoin'),
  amount: field(amount, 'Amount'),
});

/** An address of an external network, at most 196 bytes. */
export const externalAddress: Type<Uint8Array> = t.newtype(
  'serai_primitives::ExternalAddress',
  t.boundedBytes(196),
  'BoundedVec<u8, ConstU32<{ MAX_ADDRESS_LEN }>>',
);
/** Data for a contract, at most 512 bytes. */
export const data: Type<Uint8Array> = t.newtype(
  'serai_primitives::Data',
  t.boundedBytes(512),
  'BoundedVec<u8, ConstU32<{ MAX_DATA_LEN }>>',
);

/** The most key shares of a set. */
export const maxKeyShares = 150;

/** The most validators a set can remove, or report, at once. */
export const maxRemoved = maxKeyShares / 3;

/** The keys of a set: for Serai (Ristretto) and for its network. */
export interface KeyPair {
  readonly ristretto: Uint8Array;
  readonly external: Uint8Array;
}

/** 32 bytes, then compact length and at most 96 bytes. */
export const keyPair: Type<KeyPair> = t.struct('serai_validator_sets_primitives::KeyPair', {
  ristretto: unnamed(publicKey, 'Public'),
  external: unnamed(t.boundedBytes(96), 'ExternalKey'),
});

/** Where a burn shall be paid out. */
export const outInstruction = t.struct('serai_coins_primitives::OutInstruction', {
  address: field(externalAddress, 'ExternalAddress'),
  data: field(t.option(data), 'Option<Data>'),
});

/** Where a burn shall be paid out, and how much. */
export const outInstructionWithBalance = t.struct('serai_coins_primitives::OutInstructionWithBalance', {
  instruction: field(outInstruction, 'OutInstruction'),
  balance: field(externalBalance, 'ExternalBalance'),
});
/** See {@link outInstructionWithBalance}. */
export type OutInstructionWithBalance = Value<typeof outInstructionWithBalance>;

const inInstructions = (name: string): string => `serai_in_instructions_primitives::${name}`;

/** Where a swap pays to. */
export const outAddress = t.variant(
  inInstructions('OutAddress'),
  inOrder({
    Serai: { address: unnamed(address, 'SeraiAddress') },
    External: { address: unnamed(externalAddress, 'ExternalAddress') },
  }),
);

/** What a deposit asks of the exchange. */
export const dexCall = t.variant(
  inInstructions('DexCall'),
  inOrder({
    SwapAndAddLiquidity: { address: unnamed(address, 'SeraiAddress') },
    Swap: { minimum: unnamed(balance, 'Balance'), to: unnamed(outAddress, 'OutAddress') },
  }),
);

/** What a deposit on an external network asks of Serai. */
export const inInstruction = t.variant(
  inInstructions('InInstruction'),
  inOrder({
    Transfer: { address: unnamed(address, 'SeraiAddress') },
    Dex: { call: unnamed(dexCall, 'DexCall') },
    GenesisLiquidity: { address: unnamed(address, 'SeraiAddress') },
    SwapToStakedSRI: { address: unnamed(address, 'SeraiAddress'), network: unnamed(network, 'NetworkId') },
  }),
);
/** See {@link inInstruction}. */
export type InInstruction = Value<typeof inInstruction>;

/** An {@link InInstruction} and the coins that came with it. */
export interface InInstructionWithBalance {
  readonly instruction: InInstruction;
  readonly balance: ExternalBalance;
}

/** Instruction, then external balance. */
export const inInstructionWithBalance: Type<InInstructionWithBalance> = t.struct(inInstructions('InInstructionWithBalance'), {
  instruction: field(inInstruction, 'InInstruction'),
  balance: field(externalBalance, 'ExternalBalance'),
});

/** Instructions of a network in the order of their ids; at most 25,000 bytes encoded. */
export interface Batch {
  readonly network: ExternalNetwork;
  readonly id: number;
  readonly block: Uint8Array;
  readonly instructions: readonly InInstructionWithBalance[];
}

/** The longest encoded {@link Batch} the chain takes, in bytes. */
export const maxBatchLength = 25_000;

/** What `instructions_hash` of a Batch event is taken over. */
export const instructions: Type<readonly InInstructionWithBalance[]> = t.sequence(inInstructionWithBalance);

/** Network byte, id u32, block hash, instructions. */
export const batch: Type<Batch> = t.struct(inInstructions('Batch'), {
  network: field(externalNetwork, 'ExternalNetworkId'),
  id: field(t.u32, 'u32'),
  block: field(blockHash, 'BlockHash'),
  instructions: field(instructions, 'Vec<InInstructionWithBalance>'),
});

/** A {@link Batch} signed by its set's key. */
export interface SignedBatch {
  readonly batch: Batch;
  readonly signature: Uint8Array;
}

/** Batch, then signature. */
export const signedBatch: Type<SignedBatch> = t.struct(inInstructions('SignedBatch'), {
  batch: field(batch, 'Batch'),
  signature: field(signature, 'Signature'),
});

/** What a signal of validators is about. */
export const signalId = t.variant(
  'serai_signals_primitives::SignalId',
  inOrder({
    Retirement: { signal: unnamed(bytes32, '[u8; 32]') },
    Halt: { network: unnamed(externalNetwork, 'ExternalNetworkId') },
  }),
);

/** Prices in SRI an oracle reports for the genesis liquidity. */
export const genesisValues = t.struct('serai_genesis_liquidity_primitives::Values', {
  monero: field(t.u64, 'u64'),
  ether: field(t.u64, 'u64'),
  dai: field(t.u64, 'u64'),
});
