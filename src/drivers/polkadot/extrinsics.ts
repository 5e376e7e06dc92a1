import type { PortableRegistry } from '@polkadot/types';
import type { SiLookupTypeId } from '@polkadot/types/interfaces';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { bytes, type Codec, codec, option, ScaleError, tuple, vec } from '../../domain/scale.ts';
import { header } from '../../domain/serai/header.ts';
import { type Extra, extra } from '../../domain/serai/signedExtensions.ts';
import type { TypeCodecs, VariantCodec } from './typeCodecs.ts';

/** A call as it stands in an extrinsic: indices are the ABI's, not the metadata's (golden README 5). */
export interface ReadCall {
  readonly pallet: string;
  readonly call: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly palletIndex: number;
  readonly callIndex: number;
  /** The call alone. */
  readonly abi: Hex;
}

/** An extrinsic, signed or not. */
export interface ReadExtrinsic extends ReadCall {
  readonly signed: (Extra & { readonly signer: Hex; readonly signature: Hex }) | null;
}

/** Codecs for the extrinsics of one runtime. */
export interface ExtrinsicCodecs {
  readonly extrinsic: Codec<ReadExtrinsic>;
  /** The extrinsics of what `chain_getBlockBin` answers; throws ScaleError. */
  readonly ofBlock: (block: Uint8Array) => readonly ReadExtrinsic[];
}

const CALL = 'serai_abi::Call';

const callType = (lookup: PortableRegistry): SiLookupTypeId => {
  const found = lookup.types.find(({ type }) => type.path.map((segment) => segment.toString()).join('::') === CALL);
  if (found === undefined)
    throw new ChainError('chain.undecodable', `the runtime's metadata does not describe ${CALL}: is this a Serai chain?`);
  return found.id;
};

const signature = option(tuple(bytes(32), bytes(64), extra));

/** Extrinsics are call ‖ 0, or call ‖ 1 ‖ signer ‖ signature ‖ era, nonce, tip, without length and version (golden README 4 and 15). */
export const extrinsicCodecs = (lookup: PortableRegistry, codecs: TypeCodecs): ExtrinsicCodecs => {
  const pallets: ReadonlyMap<number, { readonly name: string; readonly calls: ReadonlyMap<number, VariantCodec> }> = new Map(
    lookup.getSiType(callType(lookup)).def.asVariant.variants.flatMap(({ name, index, fields }) => {
      const [inner] = fields;
      return inner === undefined ? [] : [[index.toNumber(), { name: name.toString(), calls: codecs.variantsOf(inner.type) }] as const];
    }),
  );

  const callAt = (palletIndex: number, callIndex: number): { readonly pallet: string; readonly variant: VariantCodec } => {
    const pallet = pallets.get(palletIndex);
    if (pallet === undefined) throw new ScaleError('scale.value', `no pallet has calls under ABI index ${String(palletIndex)}`);
    const variant = pallet.calls.get(callIndex);
    if (variant === undefined) throw new ScaleError('scale.value', `${pallet.name} has no call ${String(callIndex)}`);
    return { pallet: pallet.name, variant };
  };

  const extrinsic: Codec<ReadExtrinsic> = codec<ReadExtrinsic>(
    (reader) => {
      const start = reader.offset;
      const palletIndex = reader.byte();
      const callIndex = reader.byte();
      const { pallet, variant } = callAt(palletIndex, callIndex);
      const fields = variant.fields.read(reader);
      const abi = toHex(reader.since(start));
      const signed = signature.read(reader);
      const call = { pallet, call: variant.name, fields, palletIndex, callIndex, abi };
      if (signed === null) return { ...call, signed };
      const [signer, by, rest] = signed;
      return { ...call, signed: { signer: toHex(signer), signature: toHex(by), ...rest } };
    },
    ({ palletIndex, callIndex, fields, signed }, out) => {
      out.byte(palletIndex);
      out.byte(callIndex);
      callAt(palletIndex, callIndex).variant.fields.write(fields, out);
      signature.write(signed === null ? null : ([fromHex(signed.signer), fromHex(signed.signature), signed] as const), out);
    },
  );

  const wholeBlock = tuple(header, vec(extrinsic));
  return {
    extrinsic,
    ofBlock: (block) => wholeBlock.decode(block)[1],
  };
};
