import { field, inOrder, t } from '../describe.ts';
import { constant, errors, map, plain } from '../pallet.ts';
import type { Pallet } from '../pallet.ts';
import { grandpaAuthorities } from '../substrate.ts';
import { bytes32, publicKey } from '../types.ts';

const maxAuthorities = 150;
const slot = t.newtype('sp_consensus_slots::Slot', t.u64, 'u64');
const babeAuthority = t.tuple(t.newtype('sp_consensus_babe::app::Public', publicKey, 'sr25519::Public'), t.u64);
const babeAuthorities = t.bounded(babeAuthority, maxAuthorities, 'bounded_collections::weak_bounded_vec::WeakBoundedVec');

/** pallet_babe, as far as a client looks into it: who makes blocks, and when. Its calls are not declared. */
export const babe = {
  index: 12,
  storage: {
    EpochIndex: plain(t.u64, 0n),
    Authorities: plain(babeAuthorities, []),
    GenesisSlot: plain(slot, 0n),
    CurrentSlot: plain(slot, 0n),
    Randomness: plain(bytes32, new Uint8Array(32)),
    NextRandomness: plain(bytes32, new Uint8Array(32)),
    NextAuthorities: plain(babeAuthorities, []),
    EpochStart: plain(t.tuple(t.u64, t.u64), [0n, 0n]),
    Lateness: plain(t.u64, 0n),
  },
  calls: null,
  events: null,
  errors: field(
    errors('pallet_babe', ['InvalidEquivocationProof', 'InvalidKeyOwnershipProof', 'DuplicateOffenceReport', 'InvalidConfiguration']),
    'babe::Error<Runtime>',
  ),
  constants: {
    EpochDuration: constant(t.u64, 403_200n),
    ExpectedBlockTime: constant(t.u64, 6000n),
    MaxAuthorities: constant(t.u32, maxAuthorities),
  },
} satisfies Pallet;

const scheduled = { scheduled_at: field(t.u64, 'N'), delay: field(t.u64, 'N') };
const state = t.variant(
  'pallet_grandpa::StoredState',
  inOrder({ Live: {}, PendingPause: scheduled, Paused: {}, PendingResume: scheduled }),
  [{ name: 'N', type: t.u64 }],
);

/** pallet_grandpa, without its calls and pending changes: who finalizes blocks. */
export const grandpa = {
  index: 13,
  storage: {
    State: plain(state, { tag: 'Live' }),
    NextForced: plain(t.u64),
    Stalled: plain(t.tuple(t.u64, t.u64)),
    CurrentSetId: plain(t.u64, 0n),
    SetIdSession: map([['Twox64Concat', t.u64]], t.u32),
  },
  calls: null,
  events: field(
    t.variant(
      'pallet_grandpa::pallet::Event',
      inOrder({ NewAuthorities: { authority_set: field(grandpaAuthorities, 'AuthorityList') }, Paused: {}, Resumed: {} }),
    ),
    'grandpa::Event',
  ),
  errors: field(
    errors('pallet_grandpa', [
      'PauseFailed',
      'ResumeFailed',
      'ChangePending',
      'TooSoon',
      'InvalidKeyOwnershipProof',
      'InvalidEquivocationProof',
      'DuplicateOffenceReport',
    ]),
    'grandpa::Error<Runtime>',
  ),
  constants: { MaxAuthorities: constant(t.u32, maxAuthorities), MaxSetIdSessionEntries: constant(t.u64, 0n) },
} satisfies Pallet;
