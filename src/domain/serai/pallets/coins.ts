import { field, inOrder, t } from '../describe.ts';
import { coin } from '../networks.ts';
import type { Account, Pallet } from '../pallet.ts';
import { errors, generics, map } from '../pallet.ts';
import { address, balance, outInstructionWithBalance, publicKey } from '../types.ts';

const path = 'serai_coins_pallet';
const parameters = generics('T', 'I');
const account = field(publicKey, 'Public');
const some = field(balance, 'Balance');
const instruction = field(outInstructionWithBalance, 'OutInstructionWithBalance');

const calls = (to: Account) => ({
  transfer: { to, balance: some },
  burn: { balance: some },
  burn_with_instruction: { instruction },
});

const abiCalls = calls(field(address, 'SeraiAddress'));

const parts = {
  storage: {
    Balances: map(
      [
        ['Blake2_128Concat', publicKey],
        ['Identity', coin],
      ],
      t.u64,
      0n,
    ),
    Supply: map([['Identity', coin]], t.u64, 0n),
  },
  metadata: t.variant(`${path}::pallet::Call`, inOrder(calls(account)), parameters),
  events: t.variant(
    `${path}::pallet::Event`,
    inOrder({
      Mint: { to: account, balance: some },
      Burn: { from: account, balance: some },
      BurnWithInstruction: { from: account, instruction },
      Transfer: { from: account, to: account, balance: some },
    }),
    parameters,
  ),
  errors: errors(path, ['AmountOverflowed', 'NotEnoughCoins', 'BurnWithInstructionNotAllowed', 'MintNotAllowed'], parameters),
};

/** Balances of SRI and of the external coins. */
export const coins = {
  index: 3,
  storage: parts.storage,
  calls: { metadata: parts.metadata, abi: field(t.variant('serai_abi::coins::Call', inOrder(abiCalls)), 'coins::Call'), abiIndex: 1 },
  events: field(parts.events, 'coins::Event<Runtime>'),
  errors: field(parts.errors, 'coins::Error<Runtime>'),
  constants: {},
} satisfies Pallet;

/** The same pallet once more, for shares of the exchange's pools; its ABI knows only two of the calls, in another order. */
export const liquidityTokens = {
  index: 4,
  storage: parts.storage,
  calls: {
    metadata: parts.metadata,
    abi: field(
      t.variant('serai_abi::liquidity_tokens::Call', inOrder({ burn: abiCalls.burn, transfer: abiCalls.transfer })),
      'liquidity_tokens::Call',
    ),
    abiIndex: 2,
  },
  events: field(parts.events, 'coins::Event<Runtime, coins::Instance1>'),
  errors: field(parts.errors, 'coins::Error<Runtime, coins::Instance1>'),
  constants: {},
} satisfies Pallet;
