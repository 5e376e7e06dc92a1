import { devAccount } from '../src/domain/threshold/schnorrkel.ts';

const [from, to] = [devAccount('Alice').publicKey, devAccount('Bob').publicKey];

/** Four transfers; the timestamp's own success makes five events of a block. */
export const transfers = Array.from({ length: 4 }, (_, index) => ({
  phase: { tag: 'ApplyExtrinsic' as const, index: 0 },
  pallet: 'Coins',
  name: 'Transfer',
  fields: { from, to, balance: { coin: 'Bitcoin', amount: BigInt(1000 + index) } },
  topics: [],
}));
