import {
  allowedSlots,
  babeAuthority,
  babeEquivocation,
  babeId,
  epochConfiguration,
  grandpaAuthority,
  grandpaEquivocation,
  grandpaId,
} from './consensus.ts';
import type { Type } from './describe.ts';
import { field, t } from './describe.ts';
import { extrinsic } from './extrinsic.ts';
import { coin, network } from './networks.ts';
import { dispatchClass, dispatchError, runtimeHeader, runtimeVersion, slot, weight } from './substrate.ts';
import { bytes32, hash, publicKey } from './types.ts';
import { resultOf, transactionSource, transactionValidity, validityError } from './validity.ts';
import type { apiVersions } from './version.ts';

/** A method of a runtime interface, called as `<interface>_<method>`. */
export interface Method {
  readonly inputs: Readonly<Record<string, Type<unknown>>>;
  readonly output: Type<unknown>;
}

const extrinsics = t.sequence(extrinsic);
const block = t.struct(
  'sp_runtime::generic::block::Block',
  { header: field(runtimeHeader, 'Header'), extrinsics: field(extrinsics, 'Vec<Extrinsic>') },
  [
    { name: 'Header', type: runtimeHeader },
    { name: 'Extrinsic', type: extrinsic },
  ],
);

const metadataBytes = t.newtype('sp_core::OpaqueMetadata', t.bytes, 'Vec<u8>');

const identifier = t.bytesOf(8);
const inherents = t.struct('sp_inherents::InherentData', {
  data: field(
    t.newtype('BTreeMap', t.sequence(t.tuple(identifier, t.bytes)), null, [
      { name: 'K', type: identifier },
      { name: 'V', type: t.bytes },
    ]),
    'BTreeMap<InherentIdentifier, Vec<u8>>',
  ),
});

const inherentsChecked = t.struct('sp_inherents::CheckInherentsResult', {
  okay: field(t.bool, 'bool'),
  fatal_error: field(t.bool, 'bool'),
  errors: field(inherents, 'InherentData'),
});

const keyType = t.newtype('sp_core::crypto::KeyTypeId', t.bytesOf(4), '[u8; 4]');
const ownership = (pallet: string): Type<Uint8Array> => t.newtype(`sp_consensus_${pallet}::OpaqueKeyOwnershipProof`, t.bytes, 'Vec<u8>');

const authorities = field(t.sequence(babeAuthority), 'Vec<(AuthorityId, BabeAuthorityWeight)>');
const babeConfiguration = t.struct('sp_consensus_babe::BabeConfiguration', {
  slot_duration: field(t.u64, 'u64'),
  epoch_length: field(t.u64, 'u64'),
  c: field(t.tuple(t.u64, t.u64), '(u64, u64)'),
  authorities,
  randomness: field(bytes32, 'Randomness'),
  allowed_slots: field(allowedSlots, 'AllowedSlots'),
});

const epoch = t.struct('sp_consensus_babe::Epoch', {
  epoch_index: field(t.u64, 'u64'),
  start_slot: field(slot, 'Slot'),
  duration: field(t.u64, 'u64'),
  authorities,
  randomness: field(bytes32, 'Randomness'),
  config: field(epochConfiguration, 'BabeEpochConfiguration'),
});

const payment = (name: string): string => `pallet_transaction_payment::types::${name}`;
const ofBalance = [{ name: 'Balance', type: t.u64 }];
const fee = field(t.u64, 'Balance');
const inclusionFee = t.struct(payment('InclusionFee'), { base_fee: fee, len_fee: fee, adjusted_weight_fee: fee }, ofBalance);
const feeDetails = t.struct(
  payment('FeeDetails'),
  { inclusion_fee: field(t.option(inclusionFee), 'Option<InclusionFee<Balance>>'), tip: fee },
  ofBalance,
);
const dispatchFee = t.struct(
  payment('RuntimeDispatchInfo'),
  { weight: field(weight, 'Weight'), class: field(dispatchClass, 'DispatchClass'), partial_fee: fee },
  [...ofBalance, { name: 'Weight', type: weight }],
);

const quote: Method = { inputs: { coin1: coin, coin2: coin, amount: t.u64, include_fee: t.bool }, output: t.option(t.u64) };

/** The runtime's interfaces: names, arguments and answers of what `state_call` calls. */
export const runtimeApis = {
  Core: {
    version: { inputs: {}, output: runtimeVersion },
    execute_block: { inputs: { block }, output: t.unit },
    initialize_block: { inputs: { header: runtimeHeader }, output: t.unit },
  },
  Metadata: {
    metadata: { inputs: {}, output: metadataBytes },
    metadata_at_version: { inputs: { version: t.u32 }, output: t.option(metadataBytes) },
    metadata_versions: { inputs: {}, output: t.sequence(t.u32) },
  },
  BlockBuilder: {
    apply_extrinsic: { inputs: { extrinsic }, output: resultOf(resultOf(t.unit, dispatchError), validityError) },
    finalize_block: { inputs: {}, output: runtimeHeader },
    inherent_extrinsics: { inputs: { inherent: inherents }, output: extrinsics },
    check_inherents: { inputs: { block, data: inherents }, output: inherentsChecked },
  },
  TaggedTransactionQueue: {
    validate_transaction: { inputs: { source: transactionSource, tx: extrinsic, block_hash: hash }, output: transactionValidity },
  },
  OffchainWorkerApi: { offchain_worker: { inputs: { header: runtimeHeader }, output: t.unit } },
  SessionKeys: {
    generate_session_keys: { inputs: { seed: t.option(t.bytes) }, output: t.bytes },
    decode_session_keys: { inputs: { encoded: t.bytes }, output: t.option(t.sequence(t.tuple(t.bytes, keyType))) },
  },
  BabeApi: {
    configuration: { inputs: {}, output: babeConfiguration },
    current_epoch_start: { inputs: {}, output: slot },
    current_epoch: { inputs: {}, output: epoch },
    next_epoch: { inputs: {}, output: epoch },
    generate_key_ownership_proof: { inputs: { slot, authority_id: babeId }, output: t.option(ownership('babe')) },
    submit_report_equivocation_unsigned_extrinsic: {
      inputs: { equivocation_proof: babeEquivocation, key_owner_proof: ownership('babe') },
      output: t.option(t.unit),
    },
  },
  GrandpaApi: {
    grandpa_authorities: { inputs: {}, output: t.sequence(grandpaAuthority) },
    submit_report_equivocation_unsigned_extrinsic: {
      inputs: { equivocation_proof: grandpaEquivocation(hash), key_owner_proof: ownership('grandpa') },
      output: t.option(t.unit),
    },
    generate_key_ownership_proof: { inputs: { set_id: t.u64, authority_id: grandpaId }, output: t.option(ownership('grandpa')) },
    current_set_id: { inputs: {}, output: t.u64 },
  },
  AccountNonceApi: { account_nonce: { inputs: { account: publicKey }, output: t.u32 } },
  TransactionPaymentApi: {
    query_info: { inputs: { uxt: extrinsic, len: t.u32 }, output: dispatchFee },
    query_fee_details: { inputs: { uxt: extrinsic, len: t.u32 }, output: feeDetails },
    query_weight_to_fee: { inputs: { weight }, output: t.u64 },
    query_length_to_fee: { inputs: { length: t.u32 }, output: t.u64 },
  },
  AuthorityDiscoveryApi: {
    authorities: { inputs: {}, output: t.sequence(t.newtype('sp_authority_discovery::app::Public', publicKey, 'sr25519::Public')) },
  },
  SeraiRuntimeApi: { validators: { inputs: { network_id: network }, output: t.sequence(publicKey) } },
  DexApi: {
    quote_price_tokens_for_exact_tokens: quote,
    quote_price_exact_tokens_for_tokens: quote,
    get_reserves: { inputs: { coin1: coin, coin2: coin }, output: t.option(t.tuple(t.u64, t.u64)) },
  },
} as const satisfies Record<keyof typeof apiVersions, Readonly<Record<string, Method>>>;
