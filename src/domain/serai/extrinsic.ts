import type { Value } from '../scale.ts';
import { mapped, struct } from '../scale.ts';
import type { Type } from './describe.ts';
import { t } from './describe.ts';
import type { Part } from './outer.ts';
import { outer } from './outer.ts';
import type { Calls } from './pallet.ts';
import { palletsButSystem } from './palletsButSystem.ts';
import type { Extra } from './signedExtensions.ts';
import { extra } from './signedExtensions.ts';
import { address, hash, signature } from './types.ts';

/** A call of a pallet. */
export interface Call {
  readonly pallet: string;
  readonly call: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Who signed an extrinsic, how, and what else was signed with it. */
export interface Signed extends Extra {
  readonly signer: Uint8Array;
  readonly signature: Uint8Array;
}

/** A call, signed or not. */
export interface Extrinsic {
  readonly call: Call;
  readonly signed?: Signed;
}

/** The pallets that have calls. */
export type CallablePallets = Readonly<Record<string, { readonly calls: Calls | null }>>;

/** A call as it stands in extrinsics: ABI index of the pallet (not its index in metadata), index of the call, fields (serai.md §b.14). */
export const callOver = (pallets: CallablePallets): Type<Call> => {
  const parts: Record<string, Part> = Object.fromEntries(
    Object.entries(pallets).flatMap(([name, { calls }]) =>
      calls === null ? [] : [[name, { index: calls.abiIndex, part: calls.abi }] as const],
    ),
  );
  const abiCall = outer('serai_abi::Call', parts);
  return t.describedAs(
    mapped(
      abiCall,
      ({ pallet, name, fields }): Call => ({ pallet, call: name, fields }),
      ({ pallet, call: name, fields }) => ({ pallet, name, fields }),
    ),
    abiCall,
  );
};

/** Call, then 0, or 1 ‖ signer 32 ‖ signature 64 ‖ era, nonce, tip: without length and version (serai.md §b.15, golden README 4). */
export const extrinsicOf = (of: Type<Call>): Type<Extrinsic> => {
  const described = t.tuple(of, t.option(t.tuple(address, signature, extra)));
  return t.describedAs(
    mapped(
      described,
      ([what, signed]: Value<typeof described>): Extrinsic => {
        if (signed === null) return { call: what };
        const [signer, by, rest] = signed;
        return { call: what, signed: { signer, signature: by, ...rest } };
      },
      ({ call: what, signed }) => [what, signed === undefined ? null : ([signed.signer, signed.signature, signed] as const)] as const,
    ),
    described,
  );
};

/** A call of any pallet of the runtime as it stands. */
export const call: Type<Call> = callOver(palletsButSystem);

/** An extrinsic of the runtime as it stands. */
export const extrinsic: Type<Extrinsic> = extrinsicOf(call);

/** An extrinsic's bytes, as `author_submitExtrinsic` takes them. */
export const encodeExtrinsic = (value: Extrinsic): Uint8Array => extrinsic.encode(value);

/** The whole of an extrinsic; throws a ScaleError on calls which are not declared. */
export const decodeExtrinsic = (bytes: Uint8Array): Extrinsic => extrinsic.decode(bytes);

/** What is signed to sign an extrinsic. */
export interface ToSign extends Extra {
  readonly call: Call;
  readonly specVersion: number;
  readonly transactionVersion: number;
  readonly genesisHash: Uint8Array;
  /** Hash of the block the era began with; the genesis hash for an immortal one. */
  readonly checkpoint: Uint8Array;
}

const payload = struct({
  call,
  extra,
  specVersion: t.u32,
  transactionVersion: t.u32,
  genesisHash: hash,
  checkpoint: hash,
});

/** Call ‖ extra ‖ spec u32 ‖ tx u32 ‖ genesis ‖ checkpoint; signed as it is, however long (serai.md §b.15). */
export const signingPayload = (value: ToSign): Uint8Array => payload.encode({ ...value, extra: value });
