import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { tuple, vec } from '../scale.ts';
import { t } from './describe.ts';
import type { ExternalValidatorSet, ValidatorSet } from './networks.ts';
import { externalValidatorSet, validatorSet } from './networks.ts';
import type { Batch, InInstructionWithBalance, KeyPair } from './types.ts';
import { batch, instructions, keyPair, maxRemoved, publicKey } from './types.ts';

/** SCALE of a set: session u32, network byte. */
const SET_LENGTH = 5;

const removedKeys = vec(publicKey, maxRemoved);
const slashPoints = vec(tuple(publicKey, t.u32), maxRemoved);

/** What a set's key signs of a batch: `InInstructions-batch` ‖ SCALE(batch), no length (serai.md §b.11). */
export const batchMessage = (value: Batch): Uint8Array => concatBytes(utf8ToBytes('InInstructions-batch'), batch.encode(value));

/** What a batch's event names of its instructions: blake2b-256 of their SCALE. */
export const instructionsHash = (value: readonly InInstructionWithBalance[]): Uint8Array =>
  blake2b(instructions.encode(value), { dkLen: 32 });

/** What a set's validators sign together: `ValidatorSets-set_keys` ‖ set ‖ removed keys ‖ key pair (serai.md §b.11). */
export const setKeysMessage = (set: ExternalValidatorSet, removed: readonly Uint8Array[], keys: KeyPair): Uint8Array =>
  concatBytes(utf8ToBytes('ValidatorSets-set_keys'), externalValidatorSet.encode(set), removedKeys.encode(removed), keyPair.encode(keys));

/** What a retiring set's key signs: `ValidatorSets-report_slashes` ‖ set ‖ (validator, points u32) each (serai.md §b.11). */
export const reportSlashesMessage = (set: ExternalValidatorSet, slashes: readonly (readonly [Uint8Array, number])[]): Uint8Array =>
  concatBytes(utf8ToBytes('ValidatorSets-report_slashes'), externalValidatorSet.encode(set), slashPoints.encode(slashes));

/** The slashes in the bytes of {@link reportSlashesMessage}. */
export const slashesIn = (message: Uint8Array): readonly (readonly [Uint8Array, number])[] =>
  slashPoints.decode(message.subarray('ValidatorSets-report_slashes'.length + SET_LENGTH));

/** What a set's aggregate key is bound to: `ValidatorSets-musig_key` ‖ set (serai.md §c.8). */
export const musigContext = (set: ValidatorSet): Uint8Array =>
  concatBytes(utf8ToBytes('ValidatorSets-musig_key'), validatorSet.encode(set));
