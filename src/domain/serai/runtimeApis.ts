import { field, inOrder, t, unnamed } from './describe.ts';
import type { Type } from './describe.ts';
import { extrinsic } from './extrinsic.ts';
import { coin, network } from './networks.ts';
import { dispatchError, grandpaAuthorities, runtimeHeader, runtimeVersion } from './substrate.ts';
import { hash, publicKey } from './types.ts';
import type { apiVersions } from './version.ts';

/** A method of a runtime interface, called as `<interface>_<method>`. */
export interface Method {
  readonly inputs: Readonly<Record<string, Type<unknown>>>;
  readonly output: Type<unknown>;
}

const runtimeBlock = t.struct(
  'sp_runtime::generic::block::Block',
  { header: field(runtimeHeader, 'Header'), extrinsics: field(t.sequence(extrinsic), 'Vec<Extrinsic>') },
  [
    { name: 'Header', type: runtimeHeader },
    { name: 'Extrinsic', type: extrinsic },
  ],
);

const result = (ok: Type<unknown>, err: Type<unknown>): Type<unknown> =>
  t.variant('Result', inOrder({ Ok: { value: unnamed(ok) }, Err: { error: unnamed(err) } }), [
    { name: 'T', type: ok },
    { name: 'E', type: err },
  ]);

const validity = (name: string): string => `sp_runtime::transaction_validity::${name}`;

const invalid = t.variant(
  validity('InvalidTransaction'),
  inOrder({
    Call: {},
    Payment: {},
    Future: {},
    Stale: {},
    BadProof: {},
    AncientBirthBlock: {},
    ExhaustsResources: {},
    Custom: { code: unnamed(t.u8, 'u8') },
    BadMandatory: {},
    MandatoryValidation: {},
    BadSigner: {},
  }),
);

const unknown = t.variant(
  validity('UnknownTransaction'),
  inOrder({ CannotLookup: {}, NoUnsignedValidator: {}, Custom: { code: unnamed(t.u8, 'u8') } }),
);

/** Why an extrinsic is refused (serai.md §b.14 says what to make of it). */
export const validityError = t.variant(
  validity('TransactionValidityError'),
  inOrder({ Invalid: { error: unnamed(invalid, 'InvalidTransaction') }, Unknown: { error: unnamed(unknown, 'UnknownTransaction') } }),
);

const tags = t.sequence(t.bytes);
const valid = t.struct(validity('ValidTransaction'), {
  priority: field(t.u64, 'TransactionPriority'),
  requires: field(tags, 'Vec<TransactionTag>'),
  provides: field(tags, 'Vec<TransactionTag>'),
  longevity: field(t.u64, 'TransactionLongevity'),
  propagate: field(t.bool, 'bool'),
});

/** What `TaggedTransactionQueue_validate_transaction` answers. */
export const transactionValidity = result(valid, validityError);

const metadataBytes = t.newtype('sp_core::OpaqueMetadata', t.bytes, 'Vec<u8>');
const quote: Method = {
  inputs: { coin1: coin, coin2: coin, amount: t.u64, include_fee: t.bool },
  output: t.option(t.u64),
};

/** The runtime's interfaces, as far as declared. */
export const runtimeApis = {
  Core: {
    version: { inputs: {}, output: runtimeVersion },
    execute_block: { inputs: { block: runtimeBlock }, output: t.unit },
    initialize_block: { inputs: { header: runtimeHeader }, output: t.unit },
  },
  Metadata: {
    metadata: { inputs: {}, output: metadataBytes },
    metadata_at_version: { inputs: { version: t.u32 }, output: t.option(metadataBytes) },
    metadata_versions: { inputs: {}, output: t.sequence(t.u32) },
  },
  BlockBuilder: {
    apply_extrinsic: { inputs: { extrinsic }, output: result(result(t.unit, dispatchError), validityError) },
    finalize_block: { inputs: {}, output: runtimeHeader },
  },
  TaggedTransactionQueue: {
    validate_transaction: {
      inputs: { source: t.names(validity('TransactionSource'), ['InBlock', 'Local', 'External']), tx: extrinsic, block_hash: hash },
      output: transactionValidity,
    },
  },
  OffchainWorkerApi: { offchain_worker: { inputs: { header: runtimeHeader }, output: t.unit } },
  GrandpaApi: {
    grandpa_authorities: { inputs: {}, output: grandpaAuthorities },
    current_set_id: { inputs: {}, output: t.u64 },
  },
  AccountNonceApi: { account_nonce: { inputs: { account: publicKey }, output: t.u32 } },
  AuthorityDiscoveryApi: {
    authorities: { inputs: {}, output: t.sequence(t.newtype('sp_authority_discovery::app::Public', publicKey, 'sr25519::Public')) },
  },
  SeraiRuntimeApi: { validators: { inputs: { network_id: network }, output: t.sequence(publicKey) } },
  DexApi: {
    quote_price_tokens_for_exact_tokens: quote,
    quote_price_exact_tokens_for_tokens: quote,
    get_reserves: { inputs: { coin1: coin, coin2: coin }, output: t.option(t.tuple(t.u64, t.u64)) },
  },
} as const satisfies Partial<Record<keyof typeof apiVersions, Readonly<Record<string, Method>>>>;
