import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/domain/hex.ts';
import type { Type } from '../../../src/domain/serai/describe.ts';
import { batchMessage, instructionsHash, musigContext, reportSlashesMessage, setKeysMessage } from '../../../src/domain/serai/messages.ts';
import type { ExternalValidatorSet, ValidatorSet } from '../../../src/domain/serai/networks.ts';
import { coin, externalCoin, externalNetwork, externalValidatorSet, network, validatorSet } from '../../../src/domain/serai/networks.ts';
import type { Batch, KeyPair } from '../../../src/domain/serai/types.ts';
import { batch, keyPair } from '../../../src/domain/serai/types.ts';
import { golden, goldenPresent } from '../../support/golden.ts';
import { fromGolden } from './fromGolden.ts';

interface Recording {
  readonly sets: readonly { readonly set: ValidatorSet; readonly encoded: string; readonly musig_context: string }[];
  readonly set_keys_message: readonly {
    readonly set: ExternalValidatorSet;
    readonly removed: readonly string[];
    readonly key_pair: unknown;
    readonly message: string;
  }[];
  readonly report_slashes_message: readonly {
    readonly set: ExternalValidatorSet;
    readonly slashes: readonly (readonly [string, number])[];
    readonly message: string;
  }[];
  readonly batch_message: {
    readonly batch: unknown;
    readonly batch_encoded: string;
    readonly message: string;
    readonly instructions_hash: string;
  };
  readonly enums: Readonly<Record<string, readonly { readonly value: string; readonly scale: string }[]>>;
}

describe.skipIf(!goldenPresent)('what the real runtime has signed', () => {
  const recording = (): Recording => golden('messages.json') as Recording;

  it('has the sets and contexts', () => {
    for (const { set, encoded, musig_context } of recording().sets) {
      expect(toHex(validatorSet.encode(set))).toBe(encoded);
      expect(validatorSet.decode(fromHex(encoded))).toEqual(set);
      expect(toHex(musigContext(set))).toBe(musig_context);
    }
  });

  it('has the set_keys messages', () => {
    for (const { set, removed, key_pair, message } of recording().set_keys_message) {
      expect(externalValidatorSet.decode(externalValidatorSet.encode(set))).toEqual(set);
      expect(toHex(setKeysMessage(set, removed.map(fromHex), fromGolden(keyPair, key_pair) as KeyPair))).toBe(message);
    }
  });

  it('has the report_slashes messages', () => {
    for (const { set, slashes, message } of recording().report_slashes_message) {
      expect(
        toHex(
          reportSlashesMessage(
            set,
            slashes.map(([key, points]) => [fromHex(key), points] as const),
          ),
        ),
      ).toBe(message);
    }
  });

  it('has the batch message and the hash of its instructions', () => {
    const { batch: json, batch_encoded, message, instructions_hash } = recording().batch_message;
    const value = fromGolden(batch, json) as Batch;
    expect(toHex(batch.encode(value))).toBe(batch_encoded);
    expect(batch.decode(fromHex(batch_encoded))).toEqual(value);
    expect(toHex(batchMessage(value))).toBe(message);
    expect(toHex(instructionsHash(value.instructions))).toBe(instructions_hash);
  });

  it('has the bytes of networks and coins', () => {
    const types: Readonly<Record<string, Type<string>>> = {
      NetworkId: network,
      ExternalNetworkId: externalNetwork,
      Coin: coin,
      ExternalCoin: externalCoin,
    };
    for (const [name, type] of Object.entries(types)) {
      const values = recording().enums[name] ?? [];
      expect(values.map(({ value }) => toHex(type.encode(value)))).toEqual(values.map(({ scale }) => scale));
      expect(values.map(({ scale }) => type.decode(fromHex(scale)))).toEqual(values.map(({ value }) => value));
    }
  });
});

describe('networks', () => {
  it('refuses Serai and unknown bytes as external network', () => {
    expect(() => externalNetwork.decode(Uint8Array.of(0))).toThrow(expect.objectContaining({ code: 'scale.value' }));
    expect(() => network.decode(Uint8Array.of(4))).toThrow(expect.objectContaining({ code: 'scale.value' }));
    expect(() => coin.decode(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'scale.value' }));
  });
});
