import { z } from 'zod';
import { externalNetwork, hex, hexOf, u32, u64Text, validatorSet } from '../processor/ids.ts';
import { account, blockRef, coin, externalCoin, hash, network, set } from './fields.ts';

/** Where an event comes from: its block, its index there, and the index of the extrinsic that caused it (`null`: the block itself did). */
export const place = { block: blockRef, event: z.strictObject({ index: u32, extrinsic: u32.nullable() }) };

const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), data: z.strictObject({ ...place, ...shape }) });

const balance = z.strictObject({ coin, amount: u64Text });
const externalBalance = z.strictObject({ coin: externalCoin, amount: u64Text });

const dispatchInfo = z.strictObject({
  weight: z.strictObject({ refTime: u64Text, proofSize: u64Text }),
  class: z.enum(['Normal', 'Operational', 'Mandatory']),
  paysFee: z.enum(['Yes', 'No']),
});

const dispatchError = z.union([
  z.enum([
    'Other',
    'CannotLookup',
    'BadOrigin',
    'ConsumerRemaining',
    'NoProviders',
    'TooManyConsumers',
    'Exhausted',
    'Corruption',
    'Unavailable',
    'RootNotAllowed',
  ]),
  z.strictObject({ Module: z.strictObject({ index: u32, error: hexOf(4) }) }),
  z.strictObject({ Token: z.string() }),
  z.strictObject({ Arithmetic: z.string() }),
  z.strictObject({ Transactional: z.string() }),
]);

const signal = z.union([z.strictObject({ Retirement: hash }), z.strictObject({ Halt: externalNetwork })]);

const burnt = { from: account, coin: externalCoin, amount: u64Text, network: externalNetwork, address: hex, data: hex.nullable() };

/**
 * Every event of Serai's pallets as it stands on `<name>-chain`, by the pallet's and the event's name (serai.md §b.13). Fields are named as
 * in the runtime's metadata, in camelCase; accounts as address and public key; u64 as decimal strings, bytes as hex.
 */
export const eventSchemas = {
  'System.ExtrinsicSuccess': event('serai.system.extrinsic-success.v1', { dispatchInfo }),
  'System.ExtrinsicFailed': event('serai.system.extrinsic-failed.v1', { dispatchError, dispatchInfo }),
  'System.CodeUpdated': event('serai.system.code-updated.v1', {}),
  'System.NewAccount': event('serai.system.new-account.v1', { account }),
  'System.KilledAccount': event('serai.system.killed-account.v1', { account }),
  'System.Remarked': event('serai.system.remarked.v1', { sender: account, hash }),
  'TransactionPayment.TransactionFeePaid': event('serai.transaction-payment.transaction-fee-paid.v1', {
    who: account,
    actualFee: u64Text,
    tip: u64Text,
  }),
  'Coins.Mint': event('serai.coins.mint.v1', { to: account, balance }),
  'Coins.Burn': event('serai.coins.burn.v1', { from: account, balance }),
  'Coins.BurnWithInstruction': event('serai.coins.burn-with-instruction.v1', burnt),
  'Coins.Transfer': event('serai.coins.transfer.v1', { from: account, to: account, balance }),
  'LiquidityTokens.Mint': event('serai.liquidity-tokens.mint.v1', { to: account, balance }),
  'LiquidityTokens.Burn': event('serai.liquidity-tokens.burn.v1', { from: account, balance }),
  'LiquidityTokens.BurnWithInstruction': event('serai.liquidity-tokens.burn-with-instruction.v1', burnt),
  'LiquidityTokens.Transfer': event('serai.liquidity-tokens.transfer.v1', { from: account, to: account, balance }),
  'Dex.PoolCreated': event('serai.dex.pool-created.v1', { poolId: externalCoin, poolAccount: account }),
  'Dex.LiquidityAdded': event('serai.dex.liquidity-added.v1', {
    who: account,
    mintTo: account,
    poolId: externalCoin,
    coinAmount: u64Text,
    sriAmount: u64Text,
    lpTokenMinted: u64Text,
  }),
  'Dex.LiquidityRemoved': event('serai.dex.liquidity-removed.v1', {
    who: account,
    withdrawTo: account,
    poolId: externalCoin,
    coinAmount: u64Text,
    sriAmount: u64Text,
    lpTokenBurned: u64Text,
  }),
  'Dex.SwapExecuted': event('serai.dex.swap-executed.v1', {
    who: account,
    sendTo: account,
    path: z.array(coin).max(3).readonly(),
    amountIn: u64Text,
    amountOut: u64Text,
  }),
  'ValidatorSets.NewSet': event('serai.validator-sets.new-set.v1', { set }),
  'ValidatorSets.ParticipantRemoved': event('serai.validator-sets.participant-removed.v1', { set, removed: account }),
  'ValidatorSets.KeyGen': event('serai.validator-sets.key-gen.v1', {
    set: validatorSet,
    keyPair: z.strictObject({ substrate: hash, network: hex }),
  }),
  'ValidatorSets.AcceptedHandover': event('serai.validator-sets.accepted-handover.v1', { set }),
  'ValidatorSets.SetRetired': event('serai.validator-sets.set-retired.v1', { set }),
  'ValidatorSets.AllocationIncreased': event('serai.validator-sets.allocation-increased.v1', {
    validator: account,
    network,
    amount: u64Text,
  }),
  'ValidatorSets.AllocationDecreased': event('serai.validator-sets.allocation-decreased.v1', {
    validator: account,
    network,
    amount: u64Text,
    delayedUntil: u32.nullable(),
  }),
  'ValidatorSets.DeallocationClaimed': event('serai.validator-sets.deallocation-claimed.v1', { validator: account, network, session: u32 }),
  'GenesisLiquidity.GenesisLiquidityAdded': event('serai.genesis-liquidity.genesis-liquidity-added.v1', {
    by: account,
    balance: externalBalance,
  }),
  'GenesisLiquidity.GenesisLiquidityRemoved': event('serai.genesis-liquidity.genesis-liquidity-removed.v1', {
    by: account,
    balance: externalBalance,
  }),
  'GenesisLiquidity.GenesisLiquidityAddedToPool': event('serai.genesis-liquidity.genesis-liquidity-added-to-pool.v1', {
    coin: externalBalance,
    sri: u64Text,
  }),
  'EconomicSecurity.EconomicSecurityReached': event('serai.economic-security.economic-security-reached.v1', { network: externalNetwork }),
  'InInstructions.Batch': event('serai.in-instructions.batch.v1', {
    network: externalNetwork,
    id: u32,
    externalBlock: hash,
    instructionsHash: hash,
  }),
  'InInstructions.InstructionFailure': event('serai.in-instructions.instruction-failure.v1', {
    network: externalNetwork,
    id: u32,
    index: u32,
  }),
  'InInstructions.Halt': event('serai.in-instructions.halt.v1', { network: externalNetwork }),
  'Signals.RetirementSignalRegistered': event('serai.signals.retirement-signal-registered.v1', {
    signalId: hash,
    inFavorOf: hash,
    registrant: account,
  }),
  'Signals.RetirementSignalRevoked': event('serai.signals.retirement-signal-revoked.v1', { signalId: hash }),
  'Signals.SignalFavored': event('serai.signals.signal-favored.v1', { signalId: signal, by: account, forNetwork: network }),
  'Signals.SetInFavor': event('serai.signals.set-in-favor.v1', { signalId: signal, set }),
  'Signals.RetirementSignalLockedIn': event('serai.signals.retirement-signal-locked-in.v1', { signalId: hash }),
  'Signals.SetNoLongerInFavor': event('serai.signals.set-no-longer-in-favor.v1', { signalId: signal, set }),
  'Signals.FavorRevoked': event('serai.signals.favor-revoked.v1', { signalId: signal, by: account, forNetwork: network }),
  'Signals.AgainstSignal': event('serai.signals.against-signal.v1', { signalId: signal, who: account, forNetwork: network }),
  'Grandpa.NewAuthorities': event('serai.grandpa.new-authorities.v1', {
    authoritySet: z.array(z.tuple([hash, u64Text])).readonly(),
  }),
  'Grandpa.Paused': event('serai.grandpa.paused.v1', {}),
  'Grandpa.Resumed': event('serai.grandpa.resumed.v1', {}),
} as const;

/** An event's name with its pallet's. */
export type EventName = keyof typeof eventSchemas;
