import type { Type } from './describe.ts';
import { field, inOrder, t, unnamed } from './describe.ts';
import { runtimeHeader, slot } from './substrate.ts';
import { bytes32, maxKeyShares, publicKey, signature } from './types.ts';

/** The most authorities of either consensus: the validators of Serai's own set. */
export const maxAuthorities = maxKeyShares;

/** What holds lists which may be too long for once. */
export const weakBoundedVec = 'bounded_collections::weak_bounded_vec::WeakBoundedVec';

/** A maker of blocks. */
export const babeId = t.newtype('sp_consensus_babe::app::Public', publicKey, 'sr25519::Public');
/** Makers of blocks and their weights. */
export const babeAuthority = t.tuple(babeId, t.u64);

/** Which kinds of slots give the right to make a block. */
export const allowedSlots = t.names('sp_consensus_babe::AllowedSlots', [
  'PrimarySlots',
  'PrimaryAndSecondaryPlainSlots',
  'PrimaryAndSecondaryVRFSlots',
]);

/** How often a primary slot comes, and which others count. */
export const epochConfiguration = t.struct('sp_consensus_babe::BabeEpochConfiguration', {
  c: field(t.tuple(t.u64, t.u64), '(u64, u64)'),
  allowed_slots: field(allowedSlots, 'AllowedSlots'),
});

const babeDigest = (name: string): string => `sp_consensus_babe::digests::${name}`;

/** The next epoch's configuration, announced. */
export const nextConfig = t.variant(babeDigest('NextConfigDescriptor'), {
  V1: { index: 1, fields: { c: field(t.tuple(t.u64, t.u64), '(u64, u64)'), allowed_slots: field(allowedSlots, 'AllowedSlots') } },
});

const vrfSignature = t.struct('sp_core::sr25519::vrf::VrfSignature', {
  output: field(bytes32, 'VrfOutput'),
  proof: field(t.bytesOf(64), 'VrfProof'),
});

const claim = { authority_index: field(t.u32, 'super::AuthorityIndex'), slot: field(slot, 'Slot') };
const verifiedClaim = { ...claim, vrf_signature: field(vrfSignature, 'VrfSignature') };
const digestOf = (name: string, fields: typeof claim | typeof verifiedClaim) => unnamed(t.struct(babeDigest(name), fields), name);

/** By which right a block was made. */
export const preDigest = t.variant(babeDigest('PreDigest'), {
  Primary: { index: 1, fields: { digest: digestOf('PrimaryPreDigest', verifiedClaim) } },
  SecondaryPlain: { index: 2, fields: { digest: digestOf('SecondaryPlainPreDigest', claim) } },
  SecondaryVRF: { index: 3, fields: { digest: digestOf('SecondaryVRFPreDigest', verifiedClaim) } },
});

/** Two blocks of one maker in one slot. */
export const babeEquivocation = t.struct(
  'sp_consensus_slots::EquivocationProof',
  {
    offender: field(babeId, 'Id'),
    slot: field(slot, 'Slot'),
    first_header: field(runtimeHeader, 'Header'),
    second_header: field(runtimeHeader, 'Header'),
  },
  [
    { name: 'Header', type: runtimeHeader },
    { name: 'Id', type: babeId },
  ],
);

/** A finalizer of blocks. */
export const grandpaId = t.newtype('sp_consensus_grandpa::app::Public', publicKey, 'sr25519::Public');
/** Finalizers of blocks and their weights. */
export const grandpaAuthority = t.tuple(grandpaId, t.u64);

const grandpaSignature = t.newtype('sp_consensus_grandpa::app::Signature', signature, 'sr25519::Signature');

const doubleVote = (name: 'Prevote' | 'Precommit', hash: Type<Uint8Array>) => {
  const vote = t.struct(`finality_grandpa::${name}`, { target_hash: field(hash, 'H'), target_number: field(t.u64, 'N') }, [
    { name: 'H', type: hash },
    { name: 'N', type: t.u64 },
  ]);
  const signed = field(t.tuple(vote, grandpaSignature), '(V, S)');
  const votes = t.struct(
    'finality_grandpa::Equivocation',
    { round_number: field(t.u64, 'u64'), identity: field(grandpaId, 'Id'), first: signed, second: signed },
    [
      { name: 'Id', type: grandpaId },
      { name: 'V', type: vote },
      { name: 'S', type: grandpaSignature },
    ],
  );
  return { votes: unnamed(votes, `grandpa::Equivocation<AuthorityId, grandpa::${name}<H, N>,\nAuthoritySignature>`) };
};

/** Two votes of one finalizer in one round; `hash` is the chain's or the ABI's type of hashes. */
export const grandpaEquivocation = (hash: Type<Uint8Array>) => {
  const parameters = [
    { name: 'H', type: hash },
    { name: 'N', type: t.u64 },
  ];
  const equivocation = t.variant(
    'sp_consensus_grandpa::Equivocation',
    inOrder({ Prevote: doubleVote('Prevote', hash), Precommit: doubleVote('Precommit', hash) }),
    parameters,
  );
  return t.struct(
    'sp_consensus_grandpa::EquivocationProof',
    { set_id: field(t.u64, 'SetId'), equivocation: field(equivocation, 'Equivocation<H, N>') },
    parameters,
  );
};
