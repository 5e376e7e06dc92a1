import { hexOf } from '../processor/ids.ts';
import { accountOf } from './accountOf.ts';
import { ChainError } from './chainError.ts';
import { type EventName, eventSchemas } from './eventSchemas.ts';
import { account, nameOfSet, set } from './fields.ts';
import type { ObservedEvent } from './observedBlock.ts';
import type { Told } from './told.ts';

type Fields = Readonly<Record<string, unknown>>;

const networkOfCoin: Readonly<Record<string, string>> = { Bitcoin: 'Bitcoin', Ether: 'Ethereum', Dai: 'Ethereum', Monero: 'Monero' };

const flatBurn = ({ from, instruction: whole }: Fields): Fields => {
  const { instruction, balance } = whole as { readonly instruction: Fields; readonly balance: Fields };
  return { from, ...balance, network: networkOfCoin[String(balance['coin'])], ...instruction };
};

/** Events whose records are not field by field what the chain says. */
const retold: Partial<Record<EventName, (fields: Fields) => Fields>> = {
  'Coins.BurnWithInstruction': flatBurn,
  'LiquidityTokens.BurnWithInstruction': flatBurn,
  // The block is one of the external network's; every record has a block of Serai's.
  'InInstructions.Batch': ({ block, ...rest }) => ({ ...rest, external_block: block }),
  'ValidatorSets.KeyGen': ({ key_pair, ...rest }) => {
    const { ristretto, external } = key_pair as Fields;
    return { ...rest, key_pair: { substrate: ristretto, network: external } };
  },
};

const camelCase = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const publicKey = hexOf(32);

interface Teller {
  readonly type: string;
  readonly fieldNames: readonly string[];
  readonly accounts: ReadonlySet<string>;
  readonly retell: (fields: Fields) => Fields;
}

const tellers: ReadonlyMap<string, Teller> = new Map(
  Object.entries(eventSchemas).map(([name, schema]) => {
    const shape: Readonly<Record<string, unknown>> = schema.shape.data.shape;
    const own = Object.entries(shape).filter(([field]) => field !== 'block' && field !== 'event');
    const accounts = new Set(own.filter(([, type]) => type === account).map(([field]) => field));
    const retell = retold[name as EventName] ?? ((fields: Fields) => fields);
    return [name, { type: schema.shape.type.value, fieldNames: own.map(([field]) => field), accounts, retell }];
  }),
);

/** What an event is about: its set, its network with the id of what happened there, or else its place. */
const subjectOf = (data: Fields, place: string): string => {
  const of = set.safeParse(data['set']);
  if (of.success) return nameOfSet(of.data);
  const about = [data['network'], data['id'], data['index']].filter((part) => typeof part === 'string' || typeof part === 'number');
  return typeof data['network'] === 'string' ? about.join('/') : place;
};

/**
 * What the record of an event says. Throws ChainError `chain.unknown-event` for one that is not in the table of events: a newer runtime, whose
 * events must be understood before they are passed by.
 */
export const tellEvent = ({ index, pallet, name, fields }: ObservedEvent, height: number): Told => {
  const teller = tellers.get(`${pallet}.${name}`);
  if (teller === undefined) {
    const what = `${pallet}.${name} (event ${String(index)} of block ${String(height)})`;
    throw new ChainError('chain.unknown-event', `${what} is not an event we know: the runtime has changed; install a newer coordinator`);
  }
  const given = Object.fromEntries(Object.entries(teller.retell(fields)).map(([field, value]) => [camelCase(field), value]));
  const data = Object.fromEntries(
    Object.entries(given).map(([field, value]) => [field, teller.accounts.has(field) ? accountOf(publicKey.parse(value)) : value]),
  );
  return { type: teller.type, subject: subjectOf(data, `${String(height)}/${String(index)}`), data };
};
