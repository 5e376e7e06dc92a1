import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../domain/canonicalJson.ts';
import { digestBytes } from '../../domain/crypto/digest.ts';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { type SetId, setName } from '../../domain/processor/ids.ts';
import type { Burn, Command, Reply } from '../../domain/processor/messages.ts';
import { coinsOf } from '../../domain/serai/networks.ts';
import type { Draft } from '../../domain/tables.ts';
import type { ProcessorContext } from './context.ts';
import { ProcessorError } from './processorError.ts';
import { attemptsOf, keyGenName, keyGens, keys, outgoing, signables } from './rows.ts';

type Data<T extends Command['type']> = Extract<Command, { type: T }>['data'];

/** The chain has made a generated key the set's: it becomes usable, and the vault (design §7.6). */
export const confirmKeyPair = (draft: Draft, { set, attempt, keyPair }: Data<'serai.substrate.confirm-key-pair.v1'>): Reply[] => {
  const row = keyGens.get(draft, keyGenName({ set, attempt }));
  const known = keys.get(draft, setName(set));
  // A missing share for an on-chain key is an alarm, never a new key generation (design §10).
  if (
    row?.key?.groupKey !== keyPair.substrate ||
    keyPair.network !== keyPair.substrate ||
    (known !== undefined && known.groupKey !== keyPair.substrate)
  )
    throw new ProcessorError('processor.foreign-key', `this processor holds no share of the key ${keyPair.substrate} of ${setName(set)}`);
  if (known !== undefined) return [];
  const { t, n, key } = row;
  keys.put(draft, setName(set), { ...key, t, n });
  // Outputs of other attempts were kept until now: a signature under one of them could still have landed (design §7.5).
  for (const other of attemptsOf(draft, set)) if (other !== attempt) keyGens.delete(draft, keyGenName({ set, attempt: other }));
  outgoing.put(draft, `vault/${setName(set)}`, { kind: 'vault', set: setName(set), key: keyPair.substrate });
  return [];
};

/** A finalized Serai block's burns become payments: one plan each, the same at every processor. */
export const substrateBlock = (
  draft: Draft,
  context: ProcessorContext,
  { block, set, burns }: Data<'serai.substrate.block.v1'>,
): Reply[] => {
  const coins: readonly string[] = coinsOf[context.network];
  const plans = burns.flatMap((burn, index) => {
    if (!coins.includes(burn.coin)) return [];
    const id = planId(context.genesisHash, block.hash, index);
    const message = paymentMessage(context.genesisHash, set, id, burn);
    noteMessage(draft, `${context.network}/plan/${id}`, message);
    return [{ set, id, message }];
  });
  return [{ type: 'serai.substrate.block-ack.v1', data: { block, plans } }];
};

/** Notes what may be signed under a name; the first message stands (design §8). */
export const noteMessage = (draft: Draft, name: string, message: Hex): void => {
  const digest = digestBytes(fromHex(message));
  const known = signables.get(draft, name);
  if (known === undefined) signables.put(draft, name, { digest, message });
  else if (known.digest !== digest) throw new ProcessorError('processor.message-conflict', `${name} has another message already`);
};

/** A payment's id: BLAKE2b-256(label ‖ genesis ‖ Serai block hash ‖ place of the burn, u32 little endian). */
export const planId = (genesisHash: Hex, blockHash: Hex, index: number): Hex => {
  const place = new Uint8Array(4);
  new DataView(place.buffer).setUint32(0, index, true);
  return toHex(
    blake2b(concatBytes(utf8ToBytes('serai-coordinator/v1/devnet/plan'), fromHex(genesisHash), fromHex(blockHash), place), { dkLen: 32 }),
  );
};

/** What a vault signs to pay a burn out: label ‖ genesis ‖ canonical JSON of the payment. */
export const paymentMessage = (genesisHash: Hex, set: SetId, plan: Hex, { address, data, coin, amount }: Burn): Hex =>
  toHex(
    concatBytes(
      utf8ToBytes('serai-coordinator/v1/devnet/payment'),
      fromHex(genesisHash),
      utf8ToBytes(canonicalJson({ plan, network: set.network, session: set.session, address, data, coin, amount })),
    ),
  );
