import { field, inOrder, t } from '../describe.ts';
import { network, validatorSet } from '../networks.ts';
import type { Pallet } from '../pallet.ts';
import { errors, generics, map, plain } from '../pallet.ts';
import { bytes32, publicKey, signalId } from '../types.ts';

const path = 'serai_signals_pallet';
const account = field(publicKey, 'T::AccountId');
const signal = field(bytes32, '[u8; 32]');
const id = field(signalId, 'SignalId');
const forNetwork = field(network, 'NetworkId');
const set = field(validatorSet, 'ValidatorSet');

const calls = inOrder({
  register_retirement_signal: { in_favor_of: signal },
  revoke_retirement_signal: { retirement_signal_id: signal },
  favor: { signal_id: id, for_network: forNetwork },
  revoke_favor: { signal_id: id, for_network: forNetwork },
  stand_against: { signal_id: id, for_network: forNetwork },
});

const events = inOrder({
  RetirementSignalRegistered: { signal_id: signal, in_favor_of: signal, registrant: account },
  RetirementSignalRevoked: { signal_id: signal },
  SignalFavored: { signal_id: id, by: account, for_network: forNetwork },
  SetInFavor: { signal_id: id, set },
  RetirementSignalLockedIn: { signal_id: signal },
  SetNoLongerInFavor: { signal_id: id, set },
  FavorRevoked: { signal_id: id, by: account, for_network: forNetwork },
  AgainstSignal: { signal_id: id, who: account, for_network: forNetwork },
});

const registered = t.struct(
  `${path}::pallet::RegisteredRetirementSignal`,
  { in_favor_of: signal, registrant: account, registered_at: field(t.u64, 'BlockNumberFor<T>') },
  [{ name: 'T', type: t.struct('serai_runtime::Runtime', {}) }],
);

/** Votes of validators to halt a network or to retire this chain. */
export const signals = {
  index: 11,
  storage: {
    RegisteredRetirementSignals: map([['Blake2_128Concat', bytes32]], registered),
    Favors: map(
      [
        ['Blake2_128Concat', t.tuple(signalId, network)],
        ['Blake2_128Concat', publicKey],
      ],
      t.unit,
    ),
    SetsInFavor: map([['Blake2_128Concat', t.tuple(signalId, validatorSet)]], t.unit),
    LockedInRetirement: plain(t.tuple(bytes32, t.u64)),
  },
  calls: {
    metadata: t.variant(`${path}::pallet::Call`, calls, generics('T')),
    abi: field(t.variant('serai_abi::signals::Call', calls), 'signals::Call'),
    abiIndex: 7,
  },
  events: field(t.variant(`${path}::pallet::Event`, events, generics('T')), 'signals::Event<Runtime>'),
  errors: field(
    errors(path, [
      'RetirementSignalLockedIn',
      'RetirementSignalAlreadyRegistered',
      'NotRetirementSignalRegistrant',
      'NonExistentRetirementSignal',
      'ExpiredRetirementSignal',
      'NotValidator',
      'RevokingNonExistentFavor',
    ]),
    'signals::Error<Runtime>',
  ),
  constants: {},
} satisfies Pallet;
