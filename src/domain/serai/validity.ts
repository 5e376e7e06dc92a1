import type { Type } from './describe.ts';
import { field, inOrder, t, unnamed } from './describe.ts';

/** `Result` of two types. */
export const resultOf = <A, B>(ok: Type<A>, err: Type<B>) =>
  t.variant('Result', inOrder({ Ok: { value: unnamed(ok) }, Err: { error: unnamed(err) } }), [
    { name: 'T', type: ok },
    { name: 'E', type: err },
  ]);

const path = (name: string): string => `sp_runtime::transaction_validity::${name}`;

const invalid = t.variant(
  path('InvalidTransaction'),
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
  path('UnknownTransaction'),
  inOrder({ CannotLookup: {}, NoUnsignedValidator: {}, Custom: { code: unnamed(t.u8, 'u8') } }),
);

/** Why an extrinsic is refused; serai.md §b.14 says what to make of it. */
export const validityError = t.variant(
  path('TransactionValidityError'),
  inOrder({ Invalid: { error: unnamed(invalid, 'InvalidTransaction') }, Unknown: { error: unnamed(unknown, 'UnknownTransaction') } }),
);

const tags = t.sequence(t.bytes);

const valid = t.struct(path('ValidTransaction'), {
  priority: field(t.u64, 'TransactionPriority'),
  requires: field(tags, 'Vec<TransactionTag>'),
  provides: field(tags, 'Vec<TransactionTag>'),
  longevity: field(t.u64, 'TransactionLongevity'),
  propagate: field(t.bool, 'bool'),
});

/** Where an extrinsic came from. */
export const transactionSource = t.names(path('TransactionSource'), ['InBlock', 'Local', 'External']);

/** What `TaggedTransactionQueue_validate_transaction` answers. */
export const transactionValidity = resultOf(valid, validityError);
