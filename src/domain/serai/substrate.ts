import type { Value } from '../scale.ts';
import { codec } from '../scale.ts';
import type { FieldTable, Type } from './describe.ts';
import { field, inOrder, t, unnamed } from './describe.ts';
import { hash, publicKey } from './types.ts';

/** Two-dimensional weight of an extrinsic. */
export const weight = t.struct('sp_weights::weight_v2::Weight', {
  ref_time: field(t.compactU64, 'u64'),
  proof_size: field(t.compactU64, 'u64'),
});

/** Whether an extrinsic is a user's, a validator's, or one every block must have. */
export const dispatchClass = t.names('frame_support::dispatch::DispatchClass', ['Normal', 'Operational', 'Mandatory']);

/** Weight, class and fee of an executed extrinsic. */
export const dispatchInfo = t.struct('frame_support::dispatch::DispatchInfo', {
  weight: field(weight, 'Weight'),
  class: field(dispatchClass, 'DispatchClass'),
  pays_fee: field(t.names('frame_support::dispatch::Pays', ['Yes', 'No']), 'Pays'),
});

/** A value per class of extrinsics. */
export const perDispatchClass = <T>(of: Type<T>) =>
  t.struct(
    'frame_support::dispatch::PerDispatchClass',
    { normal: field(of, 'T'), operational: field(of, 'T'), mandatory: field(of, 'T') },
    [{ name: 'T', type: of }],
  );

const moduleError = t.struct('sp_runtime::ModuleError', {
  index: field(t.u8, 'u8'),
  error: field(t.bytesOf(4), '[u8; MAX_MODULE_ERROR_ENCODED_SIZE]'),
});

const tokenError = t.names('sp_runtime::TokenError', [
  'FundsUnavailable',
  'OnlyProvider',
  'BelowMinimum',
  'CannotCreate',
  'UnknownAsset',
  'Frozen',
  'Unsupported',
  'CannotCreateHold',
  'NotExpendable',
  'Blocked',
]);

const arithmeticError = t.names('sp_arithmetic::ArithmeticError', ['Underflow', 'Overflow', 'DivisionByZero']);
const transactionalError = t.names('sp_runtime::TransactionalError', ['LimitReached', 'NoLayer']);

/** Why an extrinsic failed (serai.md §b.13); a Module error is numbered by pallet and position in the pallet's error list. */
export const dispatchError = t.variant(
  'sp_runtime::DispatchError',
  inOrder({
    Other: {},
    CannotLookup: {},
    BadOrigin: {},
    Module: { error: unnamed(moduleError, 'ModuleError') },
    ConsumerRemaining: {},
    NoProviders: {},
    TooManyConsumers: {},
    Token: { error: unnamed(tokenError, 'TokenError') },
    Arithmetic: { error: unnamed(arithmeticError, 'ArithmeticError') },
    Transactional: { error: unnamed(transactionalError, 'TransactionalError') },
    Exhausted: {},
    Corruption: {},
    Unavailable: {},
    RootNotAllowed: {},
  }),
);

/** When in a block something happened. */
export const phase = t.variant(
  'frame_system::Phase',
  inOrder({ ApplyExtrinsic: { index: unnamed(t.u32, 'u32') }, Finalization: {}, Initialization: {} }),
);
/** See {@link phase}. */
export type Phase = Value<typeof phase>;

const engineMessage: FieldTable = {
  engine: unnamed(t.bytesOf(4), 'ConsensusEngineId'),
  data: unnamed(t.bytes, 'Vec<u8>'),
};

/** What a log of a header says. */
export const digestItem = t.variant('sp_runtime::generic::digest::DigestItem', {
  PreRuntime: { index: 6, fields: engineMessage },
  Consensus: { index: 4, fields: engineMessage },
  Seal: { index: 5, fields: engineMessage },
  Other: { index: 0, fields: { data: unnamed(t.bytes, 'Vec<u8>') } },
  RuntimeEnvironmentUpdated: { index: 8, fields: {} },
});

/** A log of a header as its SCALE bytes: nobody here looks into it. */
export const digestLog: Type<Uint8Array> = t.describedAs(
  codec(
    (reader) => {
      const start = reader.offset;
      digestItem.read(reader);
      return reader.since(start);
    },
    (value, out) => {
      digestItem.decode(value);
      out.put(value);
    },
  ),
  digestItem,
);

/** The logs of a header. */
export const digest = t.struct('sp_runtime::generic::digest::Digest', { logs: field(t.sequence(digestLog), 'Vec<DigestItem>') });

/** A block's header, as the chain names its parts. */
export const runtimeHeader = t.struct(
  'sp_runtime::generic::header::Header',
  {
    parent_hash: field(hash, 'Hash::Output'),
    number: field(t.compactU64, 'Number'),
    state_root: field(hash, 'Hash::Output'),
    extrinsics_root: field(hash, 'Hash::Output'),
    digest: field(digest, 'Digest'),
  },
  [
    { name: 'Number', type: t.u64 },
    { name: 'Hash', type: null },
  ],
);

const apis = t.sequence(t.tuple(t.bytesOf(8), t.u32));

/** Name and versions of a runtime; its interfaces by the blake2b-64 of their names. */
export const runtimeVersion = t.struct('sp_version::RuntimeVersion', {
  spec_name: field(t.str, 'RuntimeString'),
  impl_name: field(t.str, 'RuntimeString'),
  spec_version: field(t.u32, 'u32'),
  impl_version: field(t.u32, 'u32'),
  apis: field(t.newtype('Cow', apis, null, [{ name: 'T', type: apis }]), 'ApisVec'),
  transaction_version: field(t.u32, 'u32'),
  state_version: field(t.u8, 'u8'),
});
/** See {@link runtimeVersion}. */
export type RuntimeVersion = Value<typeof runtimeVersion>;

/** Nonce and reference counts of an account; Serai keeps no balances there. */
export const accountInfo = t.struct(
  'frame_system::AccountInfo',
  {
    nonce: field(t.u32, 'Nonce'),
    consumers: field(t.u32, 'RefCount'),
    providers: field(t.u32, 'RefCount'),
    sufficients: field(t.u32, 'RefCount'),
    data: field(t.unit, 'AccountData'),
  },
  [
    { name: 'Nonce', type: t.u32 },
    { name: 'AccountData', type: t.unit },
  ],
);

/** A slot of six seconds. */
export const slot = t.newtype('sp_consensus_slots::Slot', t.u64, 'u64');

/** Shows that a key was a validator's. */
export const membershipProof = t.newtype('serai_validator_sets_pallet::MembershipProof', publicKey, 'Public', [
  { name: 'T', type: t.struct('serai_runtime::Runtime', {}) },
]);
