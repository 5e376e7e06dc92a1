import type { Type } from '../describe.ts';
import { field, inOrder, t } from '../describe.ts';
import { externalNetwork, externalValidatorSet, network, session, validatorSet } from '../networks.ts';
import type { Hasher, Pallet } from '../pallet.ts';
import { errors, generics, map } from '../pallet.ts';
import { address, amount, keyPair, maxKeyShares, maxRemoved, publicKey, signature } from '../types.ts';

const path = 'serai_validator_sets_pallet';
const removedBound = 'ConstU32<{ MAX_KEY_SHARES_PER_SET / 3 }>';

const account = field(publicKey, 'T::AccountId');
const set = field(validatorSet, 'ValidatorSet');
const ofNetwork = field(network, 'NetworkId');
const ofExternal = field(externalNetwork, 'ExternalNetworkId');
const some = field(amount, 'Amount');
const keys = field(keyPair, 'KeyPair');
const signed = field(signature, 'Signature');

const calls = (type: Type<Uint8Array>, name: string, lineBreak: string) =>
  inOrder({
    set_keys: {
      network: ofExternal,
      removed_participants: field(t.bounded(type, maxRemoved), `BoundedVec<${name}, ${removedBound}>`),
      key_pair: keys,
      signature: signed,
    },
    report_slashes: {
      network: ofExternal,
      slashes: field(t.bounded(t.tuple(type, t.u32), maxRemoved), `BoundedVec<(${name}, u32), ${removedBound}${lineBreak}>`),
      signature: signed,
    },
    allocate: { network: ofNetwork, amount: some },
    deallocate: { network: ofNetwork, amount: some },
    claim_deallocation: { network: ofNetwork, session: field(session, 'Session') },
  });

const events = inOrder({
  NewSet: { set },
  ParticipantRemoved: { set, removed: account },
  KeyGen: { set: field(externalValidatorSet, 'ExternalValidatorSet'), key_pair: keys },
  AcceptedHandover: { set },
  SetRetired: { set },
  AllocationIncreased: { validator: account, network: ofNetwork, amount: some },
  AllocationDecreased: { validator: account, network: ofNetwork, amount: some, delayed_until: field(t.option(session), 'Option<Session>') },
  DeallocationClaimed: { validator: account, network: ofNetwork, session: field(session, 'Session') },
});

const byNetwork: readonly [Hasher, typeof network] = ['Identity', network];
const validatorOf = t.tuple(network, publicKey);

/** Validators and their key shares, as `Participants` lists them. */
export const participants = t.bounded(t.tuple(publicKey, t.u64), maxKeyShares);

/** Stake, sets of validators, their keys (serai.md §b.12 to b.17). */
export const validatorSets = {
  index: 6,
  storage: {
    CurrentSession: map([byNetwork], session),
    AllocationPerKeyShare: map([byNetwork], amount),
    Participants: map([byNetwork], participants),
    InSet: map([byNetwork, ['Blake2_128Concat', publicKey]], t.u64),
    TotalAllocatedStake: map([byNetwork], amount),
    Allocations: map([['Blake2_128Concat', validatorOf]], amount),
    SortedAllocations: map([['Identity', t.tuple(network, t.bytesOf(8), t.bytesOf(16), publicKey)]], t.unit),
    PendingDeallocations: map(
      [
        ['Blake2_128Concat', validatorOf],
        ['Identity', session],
      ],
      amount,
    ),
    Keys: map([['Twox64Concat', externalValidatorSet]], keyPair),
    PendingSlashReport: map([['Identity', externalNetwork]], publicKey),
    SeraiDisabledIndices: map([['Identity', t.u32]], publicKey),
    SessionBeginBlock: map([byNetwork, ['Identity', session]], t.u64, 0n),
  },
  calls: {
    metadata: t.variant(`${path}::pallet::Call`, calls(publicKey, 'Public', ''), generics('T')),
    abi: field(t.variant('serai_abi::validator_sets::Call', calls(address, 'SeraiAddress', '\n')), 'validator_sets::Call'),
    abiIndex: 4,
  },
  events: field(t.variant(`${path}::pallet::Event`, events, generics('T')), 'validator_sets::Event<Runtime>'),
  errors: field(
    errors(path, [
      'NonExistentValidatorSet',
      'InsufficientAllocation',
      'NotEnoughAllocated',
      'AllocationWouldRemoveFaultTolerance',
      'AllocationWouldPreventFaultTolerance',
      'DeallocationWouldRemoveParticipant',
      'DeallocationWouldRemoveFaultTolerance',
      'NonExistentDeallocation',
      'AlreadyGeneratedKeys',
      'BadSignature',
      'NonExistentValidator',
      'DeallocationWouldRemoveEconomicSecurity',
    ]),
    'validator_sets::Error<Runtime>',
  ),
  constants: {},
} satisfies Pallet;
