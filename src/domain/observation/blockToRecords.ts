import { encodeAddress } from '@polkadot/util-crypto';
import type { z } from 'zod';
import { fromHex, type Hex } from '../hex.ts';
import { setName, validatorSet } from '../processor/ids.ts';
import { ChainError } from './chainError.ts';
import { type Account, account, type ChainMessage, type ChainRecord, chainMessage } from './schemas.ts';
import { seraiEvents } from './seraiEvents.ts';

/** A decoded event, as the chain's reader gives it. */
export interface ObservedEvent {
  readonly index: number;
  readonly phase: 'Initialization' | 'Finalization' | number;
  readonly pallet: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A finalized block, as the chain's reader gives it. */
export interface ObservedBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly stateRoot: Hex;
  readonly extrinsicsRoot: Hex;
  readonly time: number;
  readonly events: readonly ObservedEvent[];
  readonly participants: Readonly<Record<string, readonly { readonly publicKey: Hex; readonly weight: number }[]>>;
}

/** What an operator wants to hear of beyond what the coordinator acts on: public keys and external addresses, in hex. */
export interface Interest {
  readonly accounts: readonly Hex[];
}

/** A message's type, what it is about, and its data apart from block and event. */
interface Told {
  readonly type: ChainMessage['type'];
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const ss58Prefix = 42;

const accountOf = (publicKey: Hex): Account => account.parse({ address: encodeAddress(fromHex(publicKey), ss58Prefix), publicKey });

const networkOfCoin = { Bitcoin: 'Bitcoin', Ether: 'Ethereum', Dai: 'Ethereum', Monero: 'Monero' } as const;

const nameOfSet = ({ network, session }: { readonly network: string; readonly session: number }): string => `${network}/${String(session)}`;

const about =
  <T>(schema: z.ZodType<T>, tell: (fields: T) => Told) =>
  (fields: unknown): Told =>
    tell(schema.parse(fields));

const aboutSet = (schema: z.ZodType<{ set: { network: string; session: number } }>, type: ChainMessage['type']) =>
  about(schema, ({ set }) => ({ type, subject: nameOfSet(set), data: { set } }));

const tellers: Readonly<Record<string, (fields: unknown) => Told>> = {
  'ValidatorSets.NewSet': aboutSet(seraiEvents.newSet, 'serai.validator-sets.new-set.v1'),
  'ValidatorSets.AcceptedHandover': aboutSet(seraiEvents.acceptedHandover, 'serai.validator-sets.accepted-handover.v1'),
  'ValidatorSets.SetRetired': aboutSet(seraiEvents.setRetired, 'serai.validator-sets.set-retired.v1'),
  'ValidatorSets.ParticipantRemoved': about(seraiEvents.participantRemoved, ({ set, removed }) => ({
    type: 'serai.validator-sets.participant-removed.v1',
    subject: nameOfSet(set),
    data: { set, removed: accountOf(removed) },
  })),
  'ValidatorSets.KeyGen': about(seraiEvents.keyGen, ({ set, key_pair }) => ({
    type: 'serai.validator-sets.key-gen.v1',
    subject: setName(set),
    data: { set, keyPair: { substrate: key_pair[0], network: key_pair[1] } },
  })),
  'InInstructions.Batch': about(seraiEvents.batch, ({ network, id, block, instructions_hash }) => ({
    type: 'serai.in-instructions.batch.v1',
    subject: `${network}/${String(id)}`,
    data: { network, id, externalBlock: block, instructionsHash: instructions_hash },
  })),
  'InInstructions.InstructionFailure': about(seraiEvents.instructionFailure, ({ network, id, index }) => ({
    type: 'serai.in-instructions.instruction-failure.v1',
    subject: `${network}/${String(id)}/${String(index)}`,
    data: { network, id, index },
  })),
  'InInstructions.Halt': about(seraiEvents.halt, ({ network }) => ({
    type: 'serai.in-instructions.halt.v1',
    subject: network,
    data: { network },
  })),
  'Coins.BurnWithInstruction': about(seraiEvents.burnWithInstruction, ({ from, instruction: { instruction, balance } }) => ({
    type: 'serai.coins.burn-with-instruction.v1',
    subject: networkOfCoin[balance.coin],
    data: { from: accountOf(from), network: networkOfCoin[balance.coin], ...balance, ...instruction },
  })),
};

const mentions = (value: unknown, wanted: Hex): boolean =>
  value === wanted || (typeof value === 'object' && value !== null && Object.values(value).some((inner) => mentions(inner, wanted)));

const touchedBy = ({ pallet, name, fields }: ObservedEvent, { accounts }: Interest): Told[] =>
  accounts
    .filter((wanted) => mentions(fields, wanted))
    .map((wanted) => ({ type: 'serai.account.touched.v1', subject: wanted, data: { account: wanted, pallet, name, fields } }));

const membersOf = ({ pallet, name, fields }: ObservedEvent, block: ObservedBlock): Told[] => {
  if (pallet !== 'ValidatorSets' || name !== 'NewSet') return [];
  const { set } = seraiEvents.newSet.parse(fields);
  if (set.network === 'Serai') return [];
  const members = block.participants[set.network];
  if (members === undefined) {
    throw new ChainError('chain.undecodable', `block ${String(block.number)} has a new set ${nameOfSet(set)} but not its participants`);
  }
  const participants = members.map(({ publicKey, weight }) => ({ ...accountOf(publicKey), weight }));
  return [{ type: 'serai.validator-sets.participants.v1', subject: nameOfSet(set), data: { set: validatorSet.parse(set), participants } }];
};

const eventTold = (event: ObservedEvent): Told[] => {
  const tell = tellers[`${event.pallet}.${event.name}`];
  return tell === undefined ? [] : [tell(event.fields)];
};

/**
 * What `<name>-chain` says about a finalized block, in order: participants of new external sets, events we act on with the events that touch
 * what is of interest, and last the block itself. Pure: the same block gives the same records, live or late. Throws
 * `chain.undecodable` where an event's fields are not what they should be: a runtime we do not understand.
 */
export const blockToRecords = (block: ObservedBlock, interest: Interest = { accounts: [] }): ChainRecord[] => {
  const time = new Date(block.time).toISOString();
  const { number, hash, parentHash, stateRoot, extrinsicsRoot } = block;

  const record = ({ type, subject, data }: Told, id: string): ChainRecord => ({ ...chainMessage.parse({ type, data }), id, subject, time });

  const ofEvents = (tell: (event: ObservedEvent) => readonly Told[]): ChainRecord[] =>
    block.events.flatMap((event) => {
      const place = {
        block: { number, hash },
        event: { index: event.index, extrinsic: typeof event.phase === 'number' ? event.phase : null },
      };
      try {
        return tell(event).map((told) => {
          const once = `${told.type}/${String(number)}/${String(event.index)}`;
          const id = told.type === 'serai.account.touched.v1' ? `${once}/${told.subject}` : once;
          return record({ ...told, data: { ...place, ...told.data } }, id);
        });
      } catch (cause) {
        if (cause instanceof ChainError) throw cause;
        const what = `${event.pallet}.${event.name} (event ${String(event.index)} of block ${String(number)})`;
        throw new ChainError('chain.undecodable', `${what} has other fields than we know: the runtime has changed`, { cause });
      }
    });

  return [
    ...ofEvents((event) => membersOf(event, block)),
    ...ofEvents((event) => [...eventTold(event), ...touchedBy(event, interest)]),
    record(
      {
        type: 'serai.chain.block.v1',
        subject: String(number),
        data: { number, hash, parentHash, stateRoot, extrinsicsRoot, time: block.time },
      },
      `serai.chain.block.v1/${String(number)}`,
    ),
  ];
};
