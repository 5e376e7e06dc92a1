import { field, inOrder, t } from '../describe.ts';
import { externalNetwork } from '../networks.ts';
import type { Pallet } from '../pallet.ts';
import { generics, map } from '../pallet.ts';

/** When a network's stake first covered its coins. */
export const economicSecurity = {
  index: 9,
  storage: { EconomicSecurityBlock: map([['Identity', externalNetwork]], t.u64) },
  calls: null,
  events: field(
    t.variant(
      'serai_economic_security_pallet::pallet::Event',
      inOrder({ EconomicSecurityReached: { network: field(externalNetwork, 'ExternalNetworkId') } }),
      generics('T'),
    ),
    'economic_security::Event<Runtime>',
  ),
  errors: null,
  constants: {},
} satisfies Pallet;
