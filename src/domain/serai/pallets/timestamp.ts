import { field, inOrder, t } from '../describe.ts';
import type { Pallet } from '../pallet.ts';
import { constant, generics, plain } from '../pallet.ts';

const calls = (typeName: string) => inOrder({ set: { now: field(t.compactU64, typeName) } });

/** pallet_timestamp: milliseconds since 1970. */
export const timestamp = {
  index: 1,
  storage: { Now: plain(t.u64, 0n), DidUpdate: plain(t.bool, false) },
  calls: {
    metadata: t.variant('pallet_timestamp::pallet::Call', calls('T::Moment'), generics('T')),
    abi: field(t.variant('serai_abi::timestamp::Call', calls('u64')), 'timestamp::Call'),
    abiIndex: 0,
  },
  events: null,
  errors: null,
  constants: { MinimumPeriod: constant(t.u64, 3000n) },
} satisfies Pallet;
