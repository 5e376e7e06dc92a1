import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../domain/canonicalJson.ts';
import { digestBytes } from '../../domain/crypto/digest.ts';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { type SetId, setName } from '../../domain/processor/ids.ts';
import type { Burn, Command, Reply } from '../../domain/processor/messages.ts';
import { coinsOf } from '../../domain/serai/networks.ts';
import type { Draft, Json, View } from '../../domain/tables.ts';
import type { ProcessorContext } from './context.ts';
import { ProcessorError } from './processorError.ts';
import {
  type AnswerRow,
  answers,
  attemptsOf,
  keyGenName,
  keyGens,
  keys,
  outgoing,
  type PlacedBurn,
  plans,
  queue,
  signables,
  vaults,
} from './rows.ts';
import { heightOf, isClosing, isSettled, noteAcknowledged, payingSession } from './vaults.ts';

type Data<T extends Command['type']> = Extract<Command, { type: T }>['data'];

/** The chain has made a key a set's: its vault becomes usable, and where we generated it, our shares of it (design §7.6). */
export const confirmKeyPair = (draft: Draft, { context, set, attempt, keyPair }: Data<'serai.substrate.confirm-key-pair.v1'>): Reply[] => {
  const session = String(set.session);
  const vault = vaults.get(draft, session);
  if (vault !== undefined && vault.key !== keyPair.substrate)
    throw new ProcessorError('processor.foreign-key', `the vault of ${setName(set)} is under ${vault.key} already`);
  if (vault === undefined) {
    vaults.put(draft, session, { key: keyPair.substrate, since: context.latestFinalizedBlock });
    noteAcknowledged(draft, context.latestFinalizedBlock);
  }
  return attempt === undefined ? [] : confirmShares(draft, { set, attempt, keyPair });
};

const confirmShares = (
  draft: Draft,
  { set, attempt, keyPair }: Pick<Data<'serai.substrate.confirm-key-pair.v1'>, 'set' | 'keyPair'> & { readonly attempt: number },
): Reply[] => {
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
  const { t, n, key, validators } = row;
  const members = row.members.map((participants, at) => ({ validator: validators[at] ?? '0x', participants: [...participants] }));
  keys.put(draft, setName(set), { ...key, t, n, members });
  // Outputs of other attempts were kept until now: a signature under one of them could still have landed (design §7.5).
  for (const other of attemptsOf(draft, set)) if (other !== attempt) keyGens.delete(draft, keyGenName({ set, attempt: other }));
  outgoing.put(draft, `vault/${setName(set)}`, { kind: 'vault', set: setName(set), key: keyPair.substrate });
  return [];
};

/** A command is acted on only once the external block that it names has been seen here (reference serai.md §b.4). */
export const mayHandle = (view: View, command: Command): boolean =>
  command.type !== 'serai.substrate.block.v1' || heightOf(view, command.data.context.latestFinalizedBlock) !== undefined;

/**
 * A finalized Serai block's burns become payments: one plan each, the same at every processor. While the vault is closing, burns
 * wait for the next one; once all else is paid, the vault is forwarded to it.
 */
export const substrateBlock = (
  draft: Draft,
  context: ProcessorContext,
  { context: { latestFinalizedBlock }, block, burns }: Data<'serai.substrate.block.v1'>,
): Reply[] => {
  const answered = answers.get(draft, String(block.number));
  const made = answered ?? planFor(draft, context, block, burns, heightOf(draft, latestFinalizedBlock) ?? 0);
  if (answered === undefined) {
    answers.put(draft, String(block.number), made);
    noteAcknowledged(draft, latestFinalizedBlock);
  }
  return [{ type: 'serai.substrate.block-ack.v1', data: { block, plans: [...made] } }];
};

const planFor = (
  draft: Draft,
  context: ProcessorContext,
  block: { readonly number: number; readonly hash: Hex },
  burns: readonly Burn[],
  height: number,
): AnswerRow => {
  const { network, genesisHash } = context;
  const coins: readonly string[] = coinsOf[network];
  const session = payingSession(draft, height);
  const set: SetId = { network, session };
  const waiting = [...queue.rows(draft)];
  const fresh = burns.map((burn, index) => ({ burn, block: block.number, index })).filter(({ burn }) => coins.includes(burn.coin));
  const note = (id: Hex, message: Hex, forward: boolean): AnswerRow[number] => {
    noteMessage(draft, `${network}/plan/${id}`, message);
    plans.put(draft, id, { ...plans.get(draft, id), session, forward });
    return { set, id, message };
  };
  if (!isClosing(draft, session, height)) {
    for (const [name] of waiting) queue.delete(draft, name);
    return [...waiting.map(([, placed]) => placed), ...fresh].map((placed, index) => {
      const id = planId(genesisHash, block.hash, index);
      return note(id, paymentMessage(genesisHash, set, id, placed), false);
    });
  }
  for (const placed of fresh)
    queue.put(draft, `${String(block.number).padStart(10, '0')}/${String(placed.index).padStart(6, '0')}`, placed);
  const forwarding = [...plans.rows(draft)].some(([, plan]) => plan.session === session && plan.forward);
  const next = vaults.get(draft, String(session + 1));
  if (forwarding || next === undefined || !isSettled(draft, session, height)) return [];
  const id = planId(genesisHash, block.hash, 0);
  return [note(id, forwardMessage(genesisHash, set, id, next.key), true)];
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

const PAYMENT = 'serai-coordinator/v1/devnet/payment';
const FORWARD = 'serai-coordinator/v1/devnet/forward';

const signedText = (label: string, genesisHash: Hex, said: Json): Hex =>
  toHex(concatBytes(utf8ToBytes(label), fromHex(genesisHash), utf8ToBytes(canonicalJson(said))));

/** What a vault signs to pay a burn out: label ‖ genesis ‖ canonical JSON of the payment. */
export const paymentMessage = (genesisHash: Hex, { network, session }: SetId, plan: Hex, { burn, block, index }: PlacedBurn): Hex =>
  signedText(PAYMENT, genesisHash, { plan, network, session, block, index, ...burn });

/** What a vault signs to move all it holds to the next one: label ‖ genesis ‖ canonical JSON. */
export const forwardMessage = (genesisHash: Hex, { network, session }: SetId, plan: Hex, to: Hex): Hex =>
  signedText(FORWARD, genesisHash, { plan, network, session, to });

/** What a signed message moves. */
export type Moved =
  | { readonly kind: 'forward'; readonly session: number }
  | { readonly kind: 'payment'; readonly session: number; readonly block: number; readonly index: number; readonly amount: string };

/** Reads what a vault signed. */
export const movedBy = (message: Hex): Moved => {
  const bytes = fromHex(message);
  const text = new TextDecoder().decode(bytes);
  const kind = text.startsWith(FORWARD) ? 'forward' : 'payment';
  const label = kind === 'forward' ? FORWARD : PAYMENT;
  return { ...(JSON.parse(new TextDecoder().decode(bytes.subarray(label.length + 32))) as Moved), kind } as Moved;
};

/** The session whose vault a message forwards; undefined where it is a payment. */
export const forwardedBy = (message: Hex): number | undefined => {
  const moved = movedBy(message);
  return moved.kind === 'forward' ? moved.session : undefined;
};
