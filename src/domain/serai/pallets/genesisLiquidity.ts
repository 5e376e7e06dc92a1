import { field, inOrder, t } from '../describe.ts';
import { externalCoin } from '../networks.ts';
import type { Pallet } from '../pallet.ts';
import { errors, generics, map, plain } from '../pallet.ts';
import { address, amount, externalBalance, genesisValues, publicKey, signature } from '../types.ts';

const path = 'serai_genesis_liquidity_pallet';
const by = field(address, 'SeraiAddress');
const balance = field(externalBalance, 'ExternalBalance');

const calls = inOrder({
  remove_coin_liquidity: { balance },
  oraclize_values: { values: field(genesisValues, 'Values'), signature: field(signature, 'Signature') },
});

const events = inOrder({
  GenesisLiquidityAdded: { by, balance },
  GenesisLiquidityRemoved: { by, balance },
  GenesisLiquidityAddedToPool: { coin: balance, sri: field(amount, 'Amount') },
});

const liquidity = t.struct('serai_genesis_liquidity_primitives::LiquidityAmount', {
  shares: field(t.u64, 'u64'),
  coins: field(t.u64, 'u64'),
});

/** Deposits of the first month, which become the exchange's pools. */
export const genesisLiquidity = {
  index: 7,
  storage: {
    Liquidity: map(
      [
        ['Identity', externalCoin],
        ['Blake2_128Concat', publicKey],
      ],
      liquidity,
    ),
    Supply: map([['Identity', externalCoin]], liquidity),
    Oracle: map([['Identity', externalCoin]], t.u64),
    GenesisCompleteBlock: plain(t.u64),
  },
  calls: {
    metadata: t.variant(`${path}::pallet::Call`, calls, generics('T')),
    abi: field(t.variant('serai_abi::genesis_liquidity::Call', calls), 'genesis_liquidity::Call'),
    abiIndex: 5,
  },
  events: field(t.variant(`${path}::pallet::Event`, events, generics('T')), 'genesis_liquidity::Event<Runtime>'),
  errors: field(
    errors(path, ['GenesisPeriodEnded', 'AmountOverflowed', 'NotEnoughLiquidity', 'CanOnlyRemoveFullAmount']),
    'genesis_liquidity::Error<Runtime>',
  ),
  constants: {},
} satisfies Pallet;
