import {
  babeAuthority,
  babeEquivocation,
  epochConfiguration,
  maxAuthorities,
  nextConfig,
  preDigest,
  weakBoundedVec,
} from '../consensus.ts';
import { field, inOrder, t, unnamed } from '../describe.ts';
import type { Pallet } from '../pallet.ts';
import { constant, errors, generics, map, plain } from '../pallet.ts';
import { membershipProof, slot } from '../substrate.ts';
import { address, bytes32 } from '../types.ts';

const path = 'pallet_babe';
const authorities = t.bounded(babeAuthority, maxAuthorities, weakBoundedVec);
const segmentLength = 256;
const mostSkipped = 100;
const zeros = new Uint8Array(32);

const report = {
  equivocation_proof: field(babeEquivocation, 'Box<EquivocationProof<HeaderFor<T>>>'),
  key_owner_proof: field(membershipProof, 'T::KeyOwnerProof'),
};

const abiReport = {
  report: unnamed(
    t.struct('serai_abi::babe::ReportEquivocation', {
      equivocation_proof: field(babeEquivocation, 'alloc::boxed::Box<EquivocationProof<Header>>'),
      key_owner_proof: field(address, 'SeraiAddress'),
    }),
    'ReportEquivocation',
  ),
};

/** pallet_babe: who makes blocks, and when. */
export const babe = {
  index: 12,
  storage: {
    EpochIndex: plain(t.u64, 0n),
    Authorities: plain(authorities, []),
    GenesisSlot: plain(slot, 0n),
    CurrentSlot: plain(slot, 0n),
    Randomness: plain(bytes32, zeros),
    PendingEpochConfigChange: plain(nextConfig),
    NextRandomness: plain(bytes32, zeros),
    NextAuthorities: plain(authorities, []),
    SegmentIndex: plain(t.u32, 0),
    UnderConstruction: map([['Twox64Concat', t.u32]], t.bounded(bytes32, segmentLength), []),
    Initialized: plain(t.option(preDigest)),
    AuthorVrfRandomness: plain(t.option(bytes32), null),
    EpochStart: plain(t.tuple(t.u64, t.u64), [0n, 0n]),
    Lateness: plain(t.u64, 0n),
    EpochConfig: plain(epochConfiguration),
    NextEpochConfig: plain(epochConfiguration),
    SkippedEpochs: plain(t.bounded(t.tuple(t.u64, t.u32), mostSkipped), []),
  },
  calls: {
    metadata: t.variant(
      `${path}::pallet::Call`,
      inOrder({
        report_equivocation: report,
        report_equivocation_unsigned: report,
        plan_config_change: { config: field(nextConfig, 'NextConfigDescriptor') },
      }),
      generics('T'),
    ),
    abi: field(
      t.variant('serai_abi::babe::Call', inOrder({ report_equivocation: abiReport, report_equivocation_unsigned: abiReport })),
      'babe::Call',
    ),
    abiIndex: 8,
  },
  events: null,
  errors: field(
    errors(path, ['InvalidEquivocationProof', 'InvalidKeyOwnershipProof', 'DuplicateOffenceReport', 'InvalidConfiguration']),
    'babe::Error<Runtime>',
  ),
  constants: {
    EpochDuration: constant(t.u64, 403_200n),
    ExpectedBlockTime: constant(t.u64, 6000n),
    MaxAuthorities: constant(t.u32, maxAuthorities),
  },
} satisfies Pallet;
