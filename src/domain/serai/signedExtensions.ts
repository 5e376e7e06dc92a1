import { codec } from '../scale.ts';
import type { Type } from './describe.ts';
import { t, unnamed } from './describe.ts';
import type { Era } from './era.ts';
import { era } from './era.ts';
import { generics } from './pallet.ts';
import { hash } from './types.ts';

const runtime = generics('T');
const check = (name: string): Type<unknown> =>
  t.struct(`frame_system::extensions::${name.replaceAll(/(?<=.)[A-Z]/g, '_$&').toLowerCase()}::${name}`, {}, runtime);
const holding = (path: string, inner: Type<unknown>, typeName: string): Type<unknown> =>
  t.struct(path, { value: unnamed(inner, typeName) }, runtime);

const nonce = t.compactU32;
const tip = t.compactU64;

/** What is checked of a signed extrinsic: what it carries for it, and what is signed beside that. */
export const signedExtensions: readonly {
  readonly identifier: string;
  readonly type: Type<unknown>;
  readonly additional: Type<unknown>;
}[] = [
  { identifier: 'CheckNonZeroSender', type: check('CheckNonZeroSender'), additional: t.unit },
  { identifier: 'CheckSpecVersion', type: check('CheckSpecVersion'), additional: t.u32 },
  { identifier: 'CheckTxVersion', type: check('CheckTxVersion'), additional: t.u32 },
  { identifier: 'CheckGenesis', type: check('CheckGenesis'), additional: hash },
  {
    identifier: 'CheckMortality',
    type: holding('frame_system::extensions::check_mortality::CheckMortality', era, 'Era'),
    additional: hash,
  },
  { identifier: 'CheckNonce', type: holding('frame_system::extensions::check_nonce::CheckNonce', nonce, 'T::Nonce'), additional: t.unit },
  { identifier: 'CheckWeight', type: check('CheckWeight'), additional: t.unit },
  {
    identifier: 'ChargeTransactionPayment',
    type: holding('pallet_transaction_payment::ChargeTransactionPayment', tip, 'BalanceOf<T>'),
    additional: t.unit,
  },
];

/** What a signed extrinsic carries beside call and signature. */
export interface Extra {
  readonly era: Era;
  readonly nonce: number;
  readonly tip: bigint;
}

/** Era, compact nonce u32, compact tip u64; metadata describes it as all {@link signedExtensions}. */
export const extra: Type<Extra> = t.describedAs(
  codec<Extra>(
    (reader) => ({ era: era.read(reader), nonce: nonce.read(reader), tip: tip.read(reader) }),
    (value, out) => {
      era.write(value.era, out);
      nonce.write(value.nonce, out);
      tip.write(value.tip, out);
    },
  ),
  t.tuple(...signedExtensions.map(({ type }) => type)),
);
