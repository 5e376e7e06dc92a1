import { field, inOrder, t } from '../describe.ts';
import type { Pallet } from '../pallet.ts';
import { constant, generics, plain } from '../pallet.ts';
import { publicKey } from '../types.ts';

const path = 'pallet_transaction_payment';
const fee = field(t.u64, 'BalanceOf<T>');

/** pallet_transaction_payment: fees in SRI. */
export const transactionPayment = {
  index: 2,
  storage: {
    NextFeeMultiplier: plain(t.newtype('sp_arithmetic::fixed_point::FixedU128', t.u128, 'u128'), 10n ** 18n),
    StorageVersion: plain(t.names(`${path}::Releases`, ['V1Ancient', 'V2']), 'V1Ancient'),
  },
  calls: null,
  events: field(
    t.variant(
      `${path}::pallet::Event`,
      inOrder({ TransactionFeePaid: { who: field(publicKey, 'T::AccountId'), actual_fee: fee, tip: fee } }),
      generics('T'),
    ),
    'transaction_payment::Event<Runtime>',
  ),
  errors: null,
  constants: { OperationalFeeMultiplier: constant(t.u8, 5) },
} satisfies Pallet;
