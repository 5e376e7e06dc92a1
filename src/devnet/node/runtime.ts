import type { EventRecord } from '../../domain/serai/events.ts';
import { type Call, type Extrinsic, signingPayload } from '../../domain/serai/extrinsic.ts';
import { batchMessage, instructionsHash, musigContext, reportSlashesMessage, setKeysMessage } from '../../domain/serai/messages.ts';
import { coinsOf, type ExternalNetwork } from '../../domain/serai/networks.ts';
import {
  type Balance,
  batch as batchType,
  type InInstructionWithBalance,
  type KeyPair,
  maxBatchLength,
  type OutInstructionWithBalance,
  type SignedBatch,
} from '../../domain/serai/types.ts';
import { musigAggregateKey } from '../../domain/threshold/musig.ts';
import { verifySr25519 } from '../../domain/threshold/schnorrkel.ts';
import { acceptHandover, currentSets, retireReported } from './sessions.ts';
import { CODE, runtimeOf } from './simulatedRuntime.ts';
import type { BlockState } from './state.ts';
import type { Refusal } from './validity.ts';

type Deposit = (pallet: string, name: string, fields: Record<string, unknown>) => void;

interface AccountInfo {
  readonly nonce: number;
  readonly consumers: number;
  readonly providers: number;
  readonly sufficients: number;
  readonly data: null;
}

type Participants = readonly (readonly [key: Uint8Array, shares: bigint])[];

interface SetKeys {
  readonly network: ExternalNetwork;
  readonly removed_participants: readonly Uint8Array[];
  readonly key_pair: KeyPair;
  readonly signature: Uint8Array;
}

interface ReportSlashes {
  readonly network: ExternalNetwork;
  readonly slashes: readonly (readonly [validator: Uint8Array, points: number])[];
  readonly signature: Uint8Array;
}

const sum = (participants: Participants): bigint => participants.reduce((total, [, shares]) => total + shares, 0n);

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Whether the runtime takes an extrinsic on this state; undefined means it does. */
export const validate = (state: BlockState, genesisHash: Uint8Array, { call, signed }: Extrinsic): Refusal | undefined => {
  const name = `${call.pallet}.${call.call}`;
  if (signed === undefined) {
    if (name === 'ValidatorSets.set_keys') return validateSetKeys(state, call.fields as unknown as SetKeys);
    if (name === 'InInstructions.execute_batch') return validateBatch(state, (call.fields as unknown as { batch: SignedBatch }).batch);
    if (name === 'ValidatorSets.report_slashes') return validateReport(state, call.fields as unknown as ReportSlashes);
    return { tag: 'Call' };
  }
  const info = state.get('System', 'Account', signed.signer) as AccountInfo | undefined;
  const { version } = runtimeOf(state.getRaw(CODE));
  const payload = signingPayload({
    call,
    era: signed.era,
    nonce: signed.nonce,
    tip: signed.tip,
    specVersion: version.spec_version,
    transactionVersion: version.transaction_version,
    genesisHash,
    checkpoint: genesisHash,
  });
  if (!verifySr25519(signed.signer, payload, signed.signature)) return { tag: 'BadProof' };
  const nonce = info?.nonce ?? 0;
  if (signed.nonce < nonce) return { tag: 'Stale' };
  if (signed.nonce > nonce) return { tag: 'Future' };
  return undefined;
};

const validateSetKeys = (state: BlockState, call: SetKeys): Refusal | undefined => {
  const { network } = call;
  const session = state.get('ValidatorSets', 'CurrentSession', network) as number | undefined;
  if (session === undefined) return { tag: 'Custom', code: 1 };
  const set = { session, network };
  if (state.get('ValidatorSets', 'Keys', set) !== undefined) return { tag: 'Stale' };
  const participants = (state.get('ValidatorSets', 'Participants', network) as Participants | undefined) ?? [];
  const removed = call.removed_participants;
  if (removed.some((key, index) => removed.slice(0, index).some((other) => same(key, other)))) return { tag: 'Custom', code: 2 };
  const signers = participants.filter(([key]) => !removed.some((other) => same(key, other)));
  const faulty = sum(participants) - sum(signers);
  if (sum(signers) < 2n * faulty + 1n) return { tag: 'Custom', code: 3 };
  const aggregate = musigAggregateKey(
    musigContext(set),
    signers.map(([key]) => key),
  );
  return verifySr25519(aggregate, setKeysMessage(set, removed, call.key_pair), call.signature) ? undefined : { tag: 'BadProof' };
};

/** Which set signed a batch: the one before, while its keys stand, or the current one. */
const signerOf = (state: BlockState, { batch, signature }: SignedBatch): 'prior' | 'current' | undefined => {
  const sets = currentSets(state, batch.network);
  const signed = (keys: KeyPair | undefined): boolean =>
    keys !== undefined && verifySr25519(keys.ristretto, batchMessage(batch), signature);
  if (signed(sets?.prior)) return 'prior';
  return signed(sets?.current) ? 'current' : undefined;
};

const validateReport = (state: BlockState, { network, slashes, signature }: ReportSlashes): Refusal | undefined => {
  const sets = currentSets(state, network);
  const pending = state.get('ValidatorSets', 'PendingSlashReport', network) as Uint8Array | undefined;
  if (sets === undefined || pending === undefined) return { tag: 'Stale' };
  const message = reportSlashesMessage({ session: sets.session - 1, network }, slashes);
  return verifySr25519(pending, message, signature) ? undefined : { tag: 'BadProof' };
};

const validateBatch = (state: BlockState, { batch, signature }: SignedBatch): Refusal | undefined => {
  const { network, id } = batch;
  if (batchType.encode(batch).length > maxBatchLength) return { tag: 'ExhaustsResources' };
  if (signerOf(state, { batch, signature }) === undefined) return { tag: 'BadProof' };
  if (state.get('InInstructions', 'Halted', network) !== undefined) return { tag: 'Custom', code: 1 };
  const last = state.get('InInstructions', 'LastBatch', network) as number | undefined;
  const expected = last === undefined ? 0 : last + 1;
  if (id < expected) return { tag: 'Stale' };
  if (id > expected) return { tag: 'Future' };
  if (
    (state.get('InInstructions', 'LastBatchBlock', network) as bigint | undefined) === (state.get('System', 'Number') as bigint | undefined)
  )
    return { tag: 'Future' };
  if (batch.instructions.some(({ balance }) => !coinsOf[network].includes(balance.coin))) return { tag: 'Custom', code: 2 };
  return undefined;
};

const balanceOf = (state: BlockState, account: Uint8Array, coin: string): bigint =>
  (state.get('Coins', 'Balances', account, coin) as bigint | undefined) ?? 0n;

const move = (state: BlockState, account: Uint8Array, coin: string, by: bigint): void => {
  state.set('Coins', 'Balances', [account, coin], balanceOf(state, account, coin) + by);
};

const supply = (state: BlockState, coin: string, by: bigint): void => {
  state.set('Coins', 'Supply', [coin], ((state.get('Coins', 'Supply', coin) as bigint | undefined) ?? 0n) + by);
};

const NO_WEIGHT = { ref_time: 0n, proof_size: 0n };

/** `Coins.NotEnoughCoins`: index of the pallet, position in its list of errors. */
const NOT_ENOUGH_COINS = { tag: 'Module', index: 3, error: Uint8Array.of(1, 0, 0, 0) } as const;

/** Carries out a valid extrinsic and deposits its events, as the runtime does: those of the call, then how it ended. */
export const apply = (state: BlockState, index: number, { call, signed }: Extrinsic): EventRecord[] => {
  const events: EventRecord[] = [];
  const deposit: Deposit = (pallet, name, fields) => {
    events.push({ phase: { tag: 'ApplyExtrinsic', index }, pallet, name, fields, topics: [] });
  };
  if (signed !== undefined) {
    const info = (state.get('System', 'Account', signed.signer) as AccountInfo | undefined) ?? {
      nonce: 0,
      consumers: 0,
      providers: 0,
      sufficients: 0,
      data: null,
    };
    state.set('System', 'Account', [signed.signer], { ...info, nonce: info.nonce + 1 });
  }
  const done = dispatch(state, deposit, call, signed?.signer);
  if (signed !== undefined) deposit('TransactionPayment', 'TransactionFeePaid', { who: signed.signer, actual_fee: 0n, tip: 0n });
  const dispatch_info = {
    weight: NO_WEIGHT,
    class: call.pallet === 'Timestamp' ? 'Mandatory' : 'Normal',
    pays_fee: signed === undefined ? 'No' : 'Yes',
  };
  if (done) deposit('System', 'ExtrinsicSuccess', { dispatch_info });
  else deposit('System', 'ExtrinsicFailed', { dispatch_error: NOT_ENOUGH_COINS, dispatch_info });
  return events;
};

/** False where the call fails for want of coins; it has changed nothing then. */
const dispatch = (state: BlockState, deposit: Deposit, { pallet, call, fields }: Call, signer: Uint8Array | undefined): boolean => {
  switch (`${pallet}.${call}`) {
    case 'Timestamp.set':
      state.set('Timestamp', 'Now', [], (fields as { now: bigint }).now);
      return true;
    case 'ValidatorSets.set_keys':
      setKeys(state, deposit, fields as unknown as SetKeys);
      return true;
    case 'InInstructions.execute_batch':
      executeBatch(state, deposit, (fields as unknown as { batch: SignedBatch }).batch);
      return true;
    case 'ValidatorSets.report_slashes':
      retireReported(state, deposit, (fields as unknown as ReportSlashes).network);
      return true;
    case 'Coins.transfer':
      return signer !== undefined && transfer(state, deposit, signer, fields as unknown as { to: Uint8Array; balance: Balance });
    case 'Coins.burn':
      return signer !== undefined && burn(state, deposit, signer, (fields as unknown as { balance: Balance }).balance, 'Burn', fields);
    case 'Coins.burn_with_instruction': {
      const { instruction } = fields as unknown as { instruction: OutInstructionWithBalance };
      return signer !== undefined && burn(state, deposit, signer, instruction.balance, 'BurnWithInstruction', fields);
    }
    default:
      return false;
  }
};

const setKeys = (state: BlockState, deposit: Deposit, { network, removed_participants, key_pair }: SetKeys): void => {
  const session = (state.get('ValidatorSets', 'CurrentSession', network) as number | undefined) ?? 0;
  const set = { session, network };
  state.set('ValidatorSets', 'Keys', [set], key_pair);
  if (state.get('ValidatorSets', 'TotalAllocatedStake', network) === undefined) {
    const participants = (state.get('ValidatorSets', 'Participants', network) as Participants | undefined) ?? [];
    const stake = participants.reduce(
      (total, [key]) => total + ((state.get('ValidatorSets', 'Allocations', [network, key]) as bigint | undefined) ?? 0n),
      0n,
    );
    state.set('ValidatorSets', 'TotalAllocatedStake', [network], stake);
  }
  for (const removed of removed_participants) deposit('ValidatorSets', 'ParticipantRemoved', { set, removed });
  deposit('ValidatorSets', 'KeyGen', { set, key_pair });
};

const executeBatch = (state: BlockState, deposit: Deposit, signed: SignedBatch): void => {
  const { network, id, block, instructions } = signed.batch;
  // The chain accepts a handover while it looks whether the batch is valid, so it comes before the batch's own event.
  if (signerOf(state, signed) === 'current') acceptHandover(state, deposit, network);
  state.set('InInstructions', 'LastBatch', [network], id);
  state.set('InInstructions', 'LastBatchBlock', [network], state.get('System', 'Number') ?? 0n);
  state.set('InInstructions', 'LatestNetworkBlock', [network], block);
  deposit('InInstructions', 'Batch', { network, id, block, instructions_hash: instructionsHash(instructions) });
  instructions.forEach((instruction, index) => {
    execute(state, deposit, network, id, index, instruction);
  });
};

const execute = (
  state: BlockState,
  deposit: Deposit,
  network: ExternalNetwork,
  id: number,
  index: number,
  { instruction, balance }: InInstructionWithBalance,
): void => {
  // The exchange is not simulated: what needs it fails, as an instruction may on the real chain.
  if (instruction.tag !== 'Transfer') {
    deposit('InInstructions', 'InstructionFailure', { network, id, index });
    return;
  }
  move(state, instruction.address, balance.coin, balance.amount);
  supply(state, balance.coin, balance.amount);
  deposit('Coins', 'Mint', { to: instruction.address, balance });
};

const transfer = (
  state: BlockState,
  deposit: Deposit,
  from: Uint8Array,
  { to, balance }: { to: Uint8Array; balance: Balance },
): boolean => {
  if (balanceOf(state, from, balance.coin) < balance.amount) return false;
  move(state, from, balance.coin, -balance.amount);
  move(state, to, balance.coin, balance.amount);
  deposit('Coins', 'Transfer', { from, to, balance });
  return true;
};

const burn = (
  state: BlockState,
  deposit: Deposit,
  from: Uint8Array,
  { coin, amount }: Balance,
  event: string,
  fields: Readonly<Record<string, unknown>>,
): boolean => {
  if (balanceOf(state, from, coin) < amount) return false;
  move(state, from, coin, -amount);
  supply(state, coin, -amount);
  deposit('Coins', event, { from, ...fields });
  return true;
};
