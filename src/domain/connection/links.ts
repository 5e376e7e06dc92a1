import { canonicalJson } from '../canonicalJson.ts';
import { digestOf } from '../crypto/digest.ts';
import type { Hex } from '../hex.ts';
import { connect } from '../peers/connect.ts';
import { type PeerMessage, peerMessage } from '../peers/peerMessage.ts';

import type { TopicRecord } from '../record.ts';
import { type Draft, type Json, table, type View } from '../tables.ts';

/** The validators we were asked to hold links to. */
export const wanted = table<{ readonly validator: Hex }>('wanted');

/** The number of the last message for a validator, in the epoch it was numbered in. */
const sent = table<{ readonly epoch: number; readonly sequence: number }>('sent');

/** The number of the last message of a validator that is durable here, by epoch: `0x…#3`. */
const received = table<number>('received');

/** The epoch of our links, as the last start took it. */
const linkEpochs = table<number>('linkEpoch');

/**
 * The epoch that a start takes for its links: above the last one, and the time in seconds since 1970 where that is more. So a store that was
 * rolled back, which does not know of the lives that are lost, numbers its messages anew all the same, and nobody takes them for those of another life.
 */
export const takeLinkEpoch = (draft: Draft, now: number): number => {
  const epoch = Math.max((linkEpochs.get(draft, '') ?? 0) + 1, Math.floor(now / 1000));
  linkEpochs.put(draft, '', epoch);
  return epoch;
};

/** A message for a validator as the outbox keeps it: its number is part of it, so sending it again sends the same. */
export interface PeerDeed {
  readonly epoch: number;
  readonly sequence: number;
  readonly body: string;
}

/** The lane of the outbox for one validator. */
export const peerLane = (validator: Hex): string => `peer/${validator}`;

/** Whether a lane is one of those. */
export const isPeerLane = (lane: string): boolean => lane.startsWith('peer/');

export interface ConnectionContext {
  readonly self: Hex;
  readonly epoch: number;
  readonly inbound: string;
}

/** A record of `<name>-outbound`: a request for links, or a message for a validator. */
export const understandOutbound =
  (context: ConnectionContext) =>
  ({ attributes: { type } }: TopicRecord, data: Json): ((draft: Draft) => void) => {
    if (type === 'serai.peer.connect.v1') {
      const { validators } = connect.parse(data);
      return (draft) => {
        for (const validator of validators) if (validator !== context.self) wanted.put(draft, validator, { validator });
      };
    }
    if (type !== 'serai.peer.message.v1') throw new Error(`${type} is not a type of this topic`);
    const message = peerMessage.parse(data);
    return (draft) => {
      enqueue(draft, context, message);
    };
  };

const enqueue = (draft: Draft, { epoch }: ConnectionContext, message: PeerMessage): void => {
  const last = sent.get(draft, message.to);
  const sequence = last?.epoch === epoch ? last.sequence + 1 : 1;
  sent.put(draft, message.to, { epoch, sequence });
  draft.do(peerLane(message.to), { epoch, sequence, body: canonicalJson(message) });
};

/** A message of a validator, as its coordinator numbered it. */
export interface Received {
  readonly from: Hex;
  readonly epoch: number;
  readonly sequence: number;
  readonly message: PeerMessage;
}

/** Whether a numbered message is the sender's next, one we have, or one beyond a gap. */
export const placeOf = (view: View, { from, epoch, sequence }: Omit<Received, 'message'>): 'next' | 'known' | 'gap' => {
  const last = received.get(view, `${from}#${String(epoch)}`) ?? 0;
  if (sequence <= last) return 'known';
  return sequence === last + 1 ? 'next' : 'gap';
};

/** The inbox mark of a message: its id under its sender, and what it says (signatures are randomised, so they are left out). */
export const markOf = ({ from, message }: Received): { id: string; digest: Hex } => ({
  id: `${from}/${message.id}`,
  digest: digestOf({ ...message, signature: '' }),
});

/** A validator's message goes to `<name>-inbound`; its number is noted in the same commit. */
export const accept = (draft: Draft, context: ConnectionContext, { from, epoch, sequence, message }: Received, fresh: boolean): void => {
  received.put(draft, `${from}#${String(epoch)}`, sequence);
  if (!fresh) return;
  draft.send({
    topic: context.inbound,
    type: 'serai.peer.message.v1',
    id: `${from}/${message.id}`,
    time: new Date(0).toISOString(),
    subject: message.kind,
    data: message,
  });
};
