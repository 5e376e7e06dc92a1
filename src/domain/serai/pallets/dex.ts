import { field, inOrder, t } from '../describe.ts';
import { coin, externalCoin } from '../networks.ts';
import type { Account, Hasher, Pallet } from '../pallet.ts';
import { constant, errors, generics, map } from '../pallet.ts';
import { address, amount, publicKey } from '../types.ts';

const path = 'serai_dex_pallet';
const maxSwapPathLength = 3;
const account = field(publicKey, 'T::AccountId');
const poolId = field(externalCoin, 'PoolId');
const some = field(t.u64, 'SubstrateAmount');
const swapPath = (bound: string) => field(t.bounded(coin, maxSwapPathLength), `BoundedVec<Coin, ${bound}>`);

const calls = (to: Account, bound: string) =>
  inOrder({
    add_liquidity: {
      coin: field(externalCoin, 'ExternalCoin'),
      coin_desired: some,
      sri_desired: some,
      coin_min: some,
      sri_min: some,
      mint_to: to,
    },
    remove_liquidity: {
      coin: field(externalCoin, 'ExternalCoin'),
      lp_token_burn: some,
      coin_min_receive: some,
      sri_min_receive: some,
      withdraw_to: to,
    },
    swap_exact_tokens_for_tokens: { path: swapPath(bound), amount_in: some, amount_out_min: some, send_to: to },
    swap_tokens_for_exact_tokens: { path: swapPath(bound), amount_out: some, amount_in_max: some, send_to: to },
  });

const events = inOrder({
  PoolCreated: { pool_id: poolId, pool_account: account },
  LiquidityAdded: { who: account, mint_to: account, pool_id: poolId, coin_amount: some, sri_amount: some, lp_token_minted: some },
  LiquidityRemoved: { who: account, withdraw_to: account, pool_id: poolId, coin_amount: some, sri_amount: some, lp_token_burned: some },
  SwapExecuted: { who: account, send_to: account, path: swapPath('T::MaxSwapPathLength'), amount_in: some, amount_out: some },
});

const ofCoin: readonly [Hasher, typeof externalCoin] = ['Identity', externalCoin];
const position = t.bytesOf(8);

/** The exchange. */
export const dex = {
  index: 5,
  storage: {
    Pools: map([['Blake2_128Concat', externalCoin]], t.unit),
    SpotPriceForBlock: map([['Identity', t.u64], ofCoin], amount),
    SpotPrices: map([ofCoin, ['Identity', position]], t.u16),
    ReverseSpotPrices: map([ofCoin, ['Identity', position]], t.unit),
    SpotPricesLength: map([ofCoin], t.u16),
    CurrentMedianPosition: map([ofCoin], t.u16),
    MedianPrice: map([ofCoin], amount),
    SecurityOracleValue: map([ofCoin], amount),
    SwapVolume: map([ofCoin], t.u64),
  },
  calls: {
    metadata: t.variant(`${path}::pallet::Call`, calls(account, 'T::MaxSwapPathLength'), generics('T')),
    abi: field(t.variant('serai_abi::dex::Call', calls(field(address, 'SeraiAddress'), 'MaxSwapPathLength')), 'dex::Call'),
    abiIndex: 3,
  },
  events: field(t.variant(`${path}::pallet::Event`, events, generics('T')), 'dex::Event<Runtime>'),
  errors: field(
    errors(path, [
      'EqualCoins',
      'PoolExists',
      'WrongDesiredAmount',
      'CoinAmountLessThanMinimum',
      'SriAmountLessThanMinimum',
      'ReserveLeftLessThanMinimum',
      'AmountOutTooHigh',
      'PoolNotFound',
      'Overflow',
      'CoinOneDepositDidNotMeetMinimum',
      'CoinTwoDepositDidNotMeetMinimum',
      'CoinOneWithdrawalDidNotMeetMinimum',
      'CoinTwoWithdrawalDidNotMeetMinimum',
      'OptimalAmountLessThanDesired',
      'InsufficientLiquidityMinted',
      'ZeroLiquidity',
      'ZeroAmount',
      'ProvidedMinimumNotSufficientForSwap',
      'ProvidedMaximumNotSufficientForSwap',
      'InvalidPath',
      'PathError',
      'NonUniquePath',
      'CorrespondenceError',
    ]),
    'dex::Error<Runtime>',
  ),
  constants: {
    LPFee: constant(t.u32, 3),
    MintMinLiquidity: constant(t.u64, 10_000n),
    MaxSwapPathLength: constant(t.u32, maxSwapPathLength),
    MedianPriceWindowLength: constant(t.u16, 2401),
  },
} satisfies Pallet;
