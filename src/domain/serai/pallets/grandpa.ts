import { grandpaAuthority, grandpaEquivocation, maxAuthorities, weakBoundedVec } from '../consensus.ts';
import { field, inOrder, t, unnamed } from '../describe.ts';
import type { Pallet } from '../pallet.ts';
import { constant, errors, generics, map, plain } from '../pallet.ts';
import { membershipProof } from '../substrate.ts';
import { address, bytes32, hash } from '../types.ts';

const path = 'pallet_grandpa';
const number = field(t.u64, 'N');
const scheduled = { scheduled_at: number, delay: number };

const state = t.variant(`${path}::StoredState`, inOrder({ Live: {}, PendingPause: scheduled, Paused: {}, PendingResume: scheduled }), [
  { name: 'N', type: t.u64 },
]);

const pendingChange = t.struct(
  `${path}::StoredPendingChange`,
  {
    ...scheduled,
    next_authorities: field(t.bounded(grandpaAuthority, maxAuthorities, weakBoundedVec), 'BoundedAuthorityList<Limit>'),
    forced: field(t.option(t.u64), 'Option<N>'),
  },
  [
    { name: 'N', type: t.u64 },
    { name: 'Limit', type: null },
  ],
);

const report = {
  equivocation_proof: field(grandpaEquivocation(hash), 'Box<EquivocationProof<T::Hash, BlockNumberFor<T>>>'),
  key_owner_proof: field(membershipProof, 'T::KeyOwnerProof'),
};

const abiReport = {
  report: unnamed(
    t.struct('serai_abi::grandpa::ReportEquivocation', {
      equivocation_proof: field(grandpaEquivocation(bytes32), 'alloc::boxed::Box<EquivocationProof<[u8; 32], BlockNumber>>'),
      key_owner_proof: field(address, 'SeraiAddress'),
    }),
    'ReportEquivocation',
  ),
};

const blockNumber = field(t.u64, 'BlockNumberFor<T>');

/** pallet_grandpa: who finalizes blocks. */
export const grandpa = {
  index: 13,
  version: 4,
  storage: {
    State: plain(state, { tag: 'Live' }),
    PendingChange: plain(pendingChange),
    NextForced: plain(t.u64),
    Stalled: plain(t.tuple(t.u64, t.u64)),
    CurrentSetId: plain(t.u64, 0n),
    SetIdSession: map([['Twox64Concat', t.u64]], t.u32),
  },
  calls: {
    metadata: t.variant(
      `${path}::pallet::Call`,
      inOrder({
        report_equivocation: report,
        report_equivocation_unsigned: report,
        note_stalled: { delay: blockNumber, best_finalized_block_number: blockNumber },
      }),
      generics('T'),
    ),
    abi: field(
      t.variant('serai_abi::grandpa::Call', inOrder({ report_equivocation: abiReport, report_equivocation_unsigned: abiReport })),
      'grandpa::Call',
    ),
    abiIndex: 9,
  },
  events: field(
    t.variant(
      `${path}::pallet::Event`,
      inOrder({ NewAuthorities: { authority_set: field(t.sequence(grandpaAuthority), 'AuthorityList') }, Paused: {}, Resumed: {} }),
    ),
    'grandpa::Event',
  ),
  errors: field(
    errors(path, [
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
