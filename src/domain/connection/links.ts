import { canonicalJson } from '../canonicalJson.ts';
import { digestOf } from '../crypto/digest.ts';
import { fromHex, type Hex } from '../hex.ts';
import { type AddressRecord, decodeAddressRecord, isNewer } from '../peers/addressRecord.ts';
import type { KnownStart } from '../peers/certificate.ts';
import { connect } from '../peers/connect.ts';
import type { Place } from '../peers/frames.ts';
import { type PeerMessage, peerMessage } from '../peers/peerMessage.ts';
import type { TopicRecord } from '../record.ts';
import { type Draft, type Json, table, type View } from '../tables.ts';
import type { Topics } from '../topics.ts';
import type { TraceMark } from '../tracing/trace.ts';
import { nextPlace, receivedUpTo } from './places.ts';
import { want } from './validators.ts';

/** The highest start of each validator's coordinator that was seen. */
const starts = table<KnownStart>('starts');

/** Where validators say they are reached: their signed records. */
const addressBook = table<Hex>('addressBook');

/** A message for a validator as the outbox keeps it: its number is part of it, so sending it again sends the same. */
export interface PeerDeed extends Place {
  readonly body: string;
  readonly trace?: TraceMark;
}

/** The lane of the outbox for one validator. */
export const peerLane = (validator: Hex): string => `peer/${validator}`;

/** Whether a lane is one of those. */
export const isPeerLane = (lane: string): boolean => lane.startsWith(peerLane('0x'));

/** The validator such a lane is for. */
export const validatorOf = (lane: string): Hex => lane.slice('peer/'.length) as Hex;

export interface ConnectionContext {
  readonly self: Hex;
  /** The epoch we are in. */
  readonly epoch: () => number;
}

/** A record of `<name>-outbound`: a request for links, or a message for a validator. */
export const understandOutbound =
  (context: ConnectionContext) =>
  ({ attributes: { type } }: TopicRecord, data: Json): ((draft: Draft) => void) => {
    if (type === 'serai.peer.connect.v1') {
      const { validators } = connect.parse(data);
      const others = validators.filter((validator) => validator !== context.self);
      return (draft) => {
        want(draft, others);
      };
    }
    if (type !== 'serai.peer.message.v1') throw new Error(`${type} is not a type of this topic`);
    const message = peerMessage.parse(data);
    return (draft) => {
      enqueue(draft, context, message);
    };
  };

/** Numbers a message for its receiver, and puts it into the outbox. */
export const enqueue = (draft: Draft, { epoch }: Pick<ConnectionContext, 'epoch'>, message: PeerMessage): void => {
  draft.do(peerLane(message.to), { ...nextPlace(draft, message.to, epoch()), body: canonicalJson(message) });
};

/** A message of a validator, as its coordinator numbered it. */
export interface Received extends Place {
  readonly from: Hex;
  readonly message: PeerMessage;
  /** Where its sender says that it belongs. */
  readonly traceparent?: string;
}

/** The inbox mark of a message: its id under its sender, and what it says (signatures are randomised, so they are left out). */
export const markOf = ({ from, message }: Received): { id: string; digest: Hex } => ({
  id: `${from}/${message.id}`,
  digest: digestOf({ ...message, signature: '' }),
});

/** A validator's message goes to `<name>-inbound`; its number is noted in the same commit. */
export const accept = (draft: Draft, { inbound }: Pick<Topics, 'inbound'>, received: Received, fresh: boolean): void => {
  const { from, message } = received;
  receivedUpTo(draft, from, received);
  if (!fresh) return;
  draft.send({
    topic: inbound,
    type: 'serai.peer.message.v1',
    id: `${from}/${message.id}`,
    time: new Date(0).toISOString(),
    subject: message.kind,
    data: message,
  });
};

/** The highest start of a validator's coordinator that was seen. */
export const knownStart = (view: View, validator: Hex): KnownStart | undefined => starts.get(view, validator);

/** A validator showed a certificate of a start that is not lower than any seen before; the certificate is kept to prove it. */
export const startSeen = (draft: Draft, validator: Hex, start: KnownStart): void => {
  const known = starts.get(draft, validator);
  if (known !== undefined && (known.epoch > start.epoch || known.certificate === start.certificate)) return;
  starts.put(draft, validator, start);
};

/** The signed address records of validators, as bytes. */
export const knownAddresses = (view: View): Uint8Array[] => [...addressBook.rows(view)].map(([, record]) => fromHex(record));

/** A validator's address record is kept where it is newer than the one there is. */
export const addressesHeard = (draft: Draft, record: AddressRecord, bytes: Hex): void => {
  const known = addressBook.get(draft, record.validator);
  if (isNewer(record, known === undefined ? undefined : decodeAddressRecord(fromHex(known))))
    addressBook.put(draft, record.validator, bytes);
};
