import { field, inOrder, t } from '../describe.ts';
import { externalNetwork } from '../networks.ts';
import type { Hasher, Pallet } from '../pallet.ts';
import { errors, generics, map } from '../pallet.ts';
import { blockHash, bytes32, signedBatch } from '../types.ts';

const path = 'serai_in_instructions_pallet';
const network = field(externalNetwork, 'ExternalNetworkId');
const number = field(t.u32, 'u32');
const calls = inOrder({ execute_batch: { batch: field(signedBatch, 'SignedBatch') } });

const events = inOrder({
  Batch: { network, id: number, block: field(blockHash, 'BlockHash'), instructions_hash: field(bytes32, '[u8; 32]') },
  InstructionFailure: { network, id: number, index: number },
  Halt: { network },
});

const byNetwork: readonly [Hasher, typeof externalNetwork] = ['Identity', externalNetwork];

/** Batches of instructions from the external networks. */
export const inInstructions = {
  index: 10,
  storage: {
    LastBatch: map([byNetwork], t.u32),
    LastBatchBlock: map([byNetwork], t.u64),
    Halted: map([byNetwork], t.unit),
    LatestNetworkBlock: map([byNetwork], blockHash),
  },
  calls: {
    metadata: t.variant(`${path}::pallet::Call`, calls, generics('T')),
    abi: field(t.variant('serai_abi::in_instructions::Call', calls), 'in_instructions::Call'),
    abiIndex: 6,
  },
  events: field(t.variant(`${path}::pallet::Event`, events, generics('T')), 'in_instructions::Event<Runtime>'),
  errors: field(errors(path, ['InvalidAddressForCoin']), 'in_instructions::Error<Runtime>'),
  constants: {},
} satisfies Pallet;
