import { field, t } from '../describe.ts';
import { externalCoin, network } from '../networks.ts';
import type { Pallet } from '../pallet.ts';
import { errors, generics, map } from '../pallet.ts';
import { participants } from './validatorSets.ts';

const path = 'serai_emissions_pallet';

/** Rewards of validators; has events in name only, and no calls. */
export const emissions = {
  index: 8,
  storage: {
    Participants: map([['Identity', network]], participants),
    CurrentSession: map([['Identity', network]], t.u32, 0),
    LastSwapVolume: map([['Identity', externalCoin]], t.u64),
  },
  calls: null,
  events: field(t.variant(`${path}::pallet::Event`, {}, generics('T')), 'emissions::Event<Runtime>'),
  errors: field(errors(path, ['NetworkHasEconomicSecurity', 'NoValueForCoin', 'InsufficientAllocation']), 'emissions::Error<Runtime>'),
  constants: {},
} satisfies Pallet;
