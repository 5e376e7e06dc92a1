import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../../src/domain/scale.ts';
import { ScaleError } from '../../../src/domain/scale.ts';
import type { Type } from '../../../src/domain/serai/describe.ts';
import { era } from '../../../src/domain/serai/era.ts';
import { eventRecords } from '../../../src/domain/serai/events.ts';
import { decodeExtrinsic, encodeExtrinsic, extrinsic } from '../../../src/domain/serai/extrinsic.ts';
import { block } from '../../../src/domain/serai/header.ts';
import { pallets } from '../../../src/domain/serai/pallets.ts';
import { runtimeApis } from '../../../src/domain/serai/runtimeApis.ts';
import { arbitraryOf } from './arbitraryOf.ts';

const types: readonly (readonly [string, Type<unknown>])[] = Object.entries(pallets).flatMap(
  ([name, { storage, events, errors, calls }]) => [
    ...Object.entries(storage).flatMap(([item, { value }]) => (item === 'Events' ? [] : [[`${name}.${item}`, value] as const])),
    ...(events === null || name === 'Emissions' ? [] : [[`events of ${name}`, events.type] as const]),
    ...(errors === null ? [] : [[`errors of ${name}`, errors.type] as const]),
    ...(calls === null
      ? []
      : ([
          [`calls of ${name}`, calls.metadata],
          [`ABI calls of ${name}`, calls.abi.type],
        ] as const)),
  ],
);

const answers: readonly (readonly [string, Type<unknown>])[] = Object.entries(runtimeApis).flatMap(([name, methods]) =>
  Object.entries(methods).map(([method, { output }]) => [`${name}_${method}`, output as Type<unknown>] as const),
);

const onlyScaleErrors = (codec: Codec<unknown>, bytes: Uint8Array): void => {
  try {
    codec.decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ScaleError);
  }
};

describe('every declared type gives back what it encoded', () => {
  it.each(types)('%s', (_name, type) => {
    fc.assert(
      fc.property(arbitraryOf(type), (value) => {
        expect(type.decode(type.encode(value))).toEqual(value);
      }),
      { numRuns: 30 },
    );
  });

  it.each(answers.filter(([name]) => !name.startsWith('BlockBuilder_inherent')))('answer of %s', (_name, type) => {
    fc.assert(
      fc.property(arbitraryOf(type), (value) => {
        expect(type.decode(type.encode(value))).toEqual(value);
      }),
      { numRuns: 30 },
    );
  });
});

describe('extrinsics', () => {
  const call = arbitraryOf(pallets.ValidatorSets.calls.abi.type).map((value) => {
    const { tag, ...fields } = value as { tag: string };
    return { pallet: 'ValidatorSets', call: tag, fields };
  });
  const signed = fc.record({
    signer: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    era: arbitraryOf(era),
    nonce: fc.integer({ min: 0, max: 0xffff_ffff }),
    tip: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  });

  it('come back signed and unsigned', () => {
    fc.assert(
      fc.property(call, fc.option(signed), (what, by) => {
        const wanted = by === null ? { call: what } : { call: what, signed: by as never };
        expect(decodeExtrinsic(encodeExtrinsic(wanted))).toEqual(wanted);
      }),
    );
  });
});

describe('bytes from elsewhere', () => {
  it('decode, or throw a ScaleError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        onlyScaleErrors(eventRecords, bytes);
        onlyScaleErrors(extrinsic, bytes);
        onlyScaleErrors(block, bytes);
      }),
      { numRuns: 500 },
    );
  });
});
