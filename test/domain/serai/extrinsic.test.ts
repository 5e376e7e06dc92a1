import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/domain/hex.ts';
import { call, decodeExtrinsic, encodeExtrinsic, signingPayload } from '../../../src/domain/serai/extrinsic.ts';
import { golden, goldenPresent } from '../../support/golden.ts';
import { variantFromGolden } from './fromGolden.ts';

interface Recorded {
  readonly pallet: string;
  readonly call: string;
  readonly fields: unknown;
  readonly abi_call_hex: string;
  readonly unsigned_extrinsic_hex: string;
  readonly signed: {
    readonly signer: string;
    readonly era: string;
    readonly nonce: number;
    readonly tip: string;
    readonly genesis: string;
    readonly spec_version: number;
    readonly tx_version: number;
    readonly payload_hex: string;
    readonly extrinsic_hex: string;
  } | null;
}

const callOf = (recorded: Recorded) => ({
  pallet: recorded.pallet,
  call: recorded.call,
  fields: variantFromGolden(call, recorded.pallet, recorded.call, recorded.fields),
});

describe.skipIf(!goldenPresent)('the calls of the real runtime', () => {
  const recorded = goldenPresent ? (golden('calls.json') as { calls: readonly Recorded[] }).calls : [];

  it.each(recorded.map((one) => [one.pallet, one.call, one] as const))(
    '%s.%s: call, unsigned and signed extrinsic, payload',
    (_pallet, _call, one) => {
      const value = callOf(one);
      expect(toHex(call.encode(value))).toBe(one.abi_call_hex);
      expect(toHex(encodeExtrinsic({ call: value }))).toBe(one.unsigned_extrinsic_hex);
      expect(decodeExtrinsic(fromHex(one.unsigned_extrinsic_hex))).toEqual({ call: value });
      if (one.signed === null) return;
      const genesisHash = fromHex(one.signed.genesis);
      const extra = { era: { tag: 'Immortal' as const }, nonce: one.signed.nonce, tip: BigInt(one.signed.tip) };
      const versions = { specVersion: one.signed.spec_version, transactionVersion: one.signed.tx_version };
      expect(toHex(signingPayload({ call: value, ...extra, ...versions, genesisHash, checkpoint: genesisHash }))).toBe(
        one.signed.payload_hex,
      );
      const decoded = decodeExtrinsic(fromHex(one.signed.extrinsic_hex));
      expect(decoded).toMatchObject({ call: value, signed: { signer: fromHex(one.signed.signer), ...extra } });
      expect(toHex(encodeExtrinsic(decoded))).toBe(one.signed.extrinsic_hex);
    },
  );
});

describe('decodeExtrinsic', () => {
  it('refuses a call by its pallet index of metadata', () => {
    expect(() => decodeExtrinsic(fromHex('0x0b000700'))).toThrow(expect.objectContaining({ code: 'scale.value' }));
  });

  it('refuses bytes after the extrinsic', () => {
    expect(() => decodeExtrinsic(fromHex('0x0000c15d0000'))).toThrow(expect.objectContaining({ code: 'scale.rest' }));
  });
});
