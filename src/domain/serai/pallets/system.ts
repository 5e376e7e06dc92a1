import type { Type } from '../describe.ts';
import { field, inOrder, t } from '../describe.ts';
import type { Pallet } from '../pallet.ts';
import { constant, errors, generics, map, plain } from '../pallet.ts';
import type { RuntimeVersion } from '../substrate.ts';
import { accountInfo, digest, dispatchError, dispatchInfo, perDispatchClass, phase, runtimeVersion, weight } from '../substrate.ts';
import { hash, publicKey } from '../types.ts';

const account = field(publicKey, 'T::AccountId');
const path = 'frame_system';

/** Events of frame_system. */
export const systemEvents = field(
  t.variant(
    `${path}::pallet::Event`,
    inOrder({
      ExtrinsicSuccess: { dispatch_info: field(dispatchInfo, 'DispatchInfo') },
      ExtrinsicFailed: { dispatch_error: field(dispatchError, 'DispatchError'), dispatch_info: field(dispatchInfo, 'DispatchInfo') },
      CodeUpdated: {},
      NewAccount: { account },
      KilledAccount: { account },
      Remarked: { sender: account, hash: field(hash, 'T::Hash') },
    }),
    generics('T'),
  ),
  'system::Event<Runtime>',
);

const optionalWeight = field(t.option(weight), 'Option<Weight>');
const weightsPerClass = t.struct(`${path}::limits::WeightsPerClass`, {
  base_extrinsic: field(weight, 'Weight'),
  max_extrinsic: optionalWeight,
  max_total: optionalWeight,
  reserved: optionalWeight,
});

const blockWeights = t.struct(`${path}::limits::BlockWeights`, {
  base_block: field(weight, 'Weight'),
  max_block: field(weight, 'Weight'),
  per_class: field(perDispatchClass(weightsPerClass), 'PerDispatchClass<WeightsPerClass>'),
});

const blockLength = t.struct(`${path}::limits::BlockLength`, { max: field(perDispatchClass(t.u32), 'PerDispatchClass<u32>') });

const lastUpgrade = t.struct(`${path}::LastRuntimeUpgradeInfo`, {
  spec_version: field(t.compactU32, 'codec::Compact<u32>'),
  spec_name: field(t.str, 'sp_runtime::RuntimeString'),
});

const dbWeight = t.struct('sp_weights::RuntimeDbWeight', { read: field(t.u64, 'u64'), write: field(t.u64, 'u64') });

const none = { ref_time: 0n, proof_size: 0n };
const base = { ref_time: 124_414_000n, proof_size: 0n };
const wholeBlock = { ref_time: 2_000_000_000_000n, proof_size: (1n << 64n) - 1n };
const zeroHash = new Uint8Array(32);

/** frame_system, given what its `Events` holds. */
export const system = (eventRecords: Type<readonly unknown[]>, version: RuntimeVersion) =>
  ({
    index: 0,
    storage: {
      Account: map([['Blake2_128Concat', publicKey]], accountInfo, { nonce: 0, consumers: 0, providers: 0, sufficients: 0, data: null }),
      ExtrinsicCount: plain(t.u32),
      BlockWeight: plain(perDispatchClass(weight), { normal: none, operational: none, mandatory: none }),
      AllExtrinsicsLen: plain(t.u32),
      BlockHash: map([['Twox64Concat', t.u64]], hash, zeroHash),
      ExtrinsicData: map([['Twox64Concat', t.u32]], t.bytes, new Uint8Array(0)),
      Number: plain(t.u64, 0n),
      ParentHash: plain(hash, zeroHash),
      Digest: plain(digest, { logs: [] }),
      Events: plain(eventRecords, []),
      EventCount: plain(t.u32, 0),
      EventTopics: map([['Blake2_128Concat', hash]], t.sequence(t.tuple(t.u64, t.u32)), []),
      LastRuntimeUpgrade: plain(lastUpgrade),
      UpgradedToU32RefCount: plain(t.bool, false),
      UpgradedToTripleRefCount: plain(t.bool, false),
      ExecutionPhase: plain(phase),
    },
    calls: null,
    events: systemEvents,
    errors: field(
      errors(path, [
        'InvalidSpecName',
        'SpecVersionNeedsToIncrease',
        'FailedToExtractRuntimeVersion',
        'NonDefaultComposite',
        'NonZeroRefCount',
        'CallFiltered',
      ]),
      'system::Error<Runtime>',
    ),
    constants: {
      BlockWeights: constant(blockWeights, {
        base_block: { ref_time: 390_584_000n, proof_size: 0n },
        max_block: wholeBlock,
        per_class: {
          normal: {
            base_extrinsic: base,
            max_extrinsic: { ref_time: 1_299_875_586_000n, proof_size: 11_990_383_647_911_208_550n },
            max_total: { ref_time: 1_500_000_000_000n, proof_size: 13_835_058_055_282_163_711n },
            reserved: none,
          },
          operational: {
            base_extrinsic: base,
            max_extrinsic: { ref_time: 1_799_875_586_000n, proof_size: 16_602_069_666_338_596_454n },
            max_total: wholeBlock,
            reserved: { ref_time: 500_000_000_000n, proof_size: 4_611_686_018_427_387_904n },
          },
          mandatory: { base_extrinsic: base, max_extrinsic: null, max_total: null, reserved: null },
        },
      }),
      BlockLength: constant(blockLength, { max: { normal: 786_432, operational: 1_048_576, mandatory: 1_048_576 } }),
      BlockHashCount: constant(t.u64, 2400n),
      DbWeight: constant(dbWeight, { read: 25_000_000n, write: 100_000_000n }),
      Version: constant(runtimeVersion, version),
      SS58Prefix: constant(t.u16, 42),
    },
  }) satisfies Pallet;
