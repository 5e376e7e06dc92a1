import type { Hex } from '../hex.ts';
import { type PeerMessage, signPeerMessage } from '../peers/peerMessage.ts';
import type { ExternalNetworkName } from '../processor/ids.ts';
import type { Command } from '../processor/messages.ts';
import type { Draft, Json } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import type { PeerBody } from './peerBodies.ts';
import type { Report } from './reports.ts';
import { head } from './rows.ts';
import { countTold } from './standing.ts';

const GENESIS_TIME = new Date(0).toISOString();

/** The time a record is given: that of the block we stand at, never the clock's (design §5). */
const timeOf = (draft: Draft): string => head.get(draft, '')?.time ?? GENESIS_TIME;

/** Sends a command to a network's processor; `intent` is its meaning in words, unique within its type. */
export const tellProcessor = (
  draft: Draft,
  context: CryptoContext,
  network: ExternalNetworkName,
  intent: string,
  { type, data }: Command,
): void => {
  draft.send({
    topic: context.topics.commands(network),
    type,
    id: `${type}/${intent}`,
    time: timeOf(draft),
    subject: intent,
    data: data as unknown as Json,
  });
};

/** A message of ours to a validator, signed with our Serai key; `intent` is its meaning in words, unique within its kind. */
export const signedFor = ({ self, genesisHash, sign }: CryptoContext, to: Hex, intent: string, { kind, body }: PeerBody): PeerMessage =>
  signPeerMessage({ kind, from: self, to, genesis: genesisHash, id: `${kind}/${intent}/${self}`, body }, sign);

/** Sends a signed message to each of the validators but ourselves. */
export const tellPeers = (draft: Draft, context: CryptoContext, to: readonly Hex[], intent: string, said: PeerBody): void => {
  for (const receiver of to) {
    if (receiver === context.self) continue;
    const message = signedFor(context, receiver, intent, said);
    countTold(draft, receiver);
    draft.send({
      topic: context.topics.outbound,
      type: 'serai.peer.message.v1',
      id: `${message.id}/${receiver}`,
      time: timeOf(draft),
      subject: intent,
      data: message,
    });
  }
};

/** Asks the connection module for links to these validators. */
export const requestLinks = (draft: Draft, context: CryptoContext, intent: string, validators: readonly Hex[]): void => {
  const type = 'serai.peer.connect.v1';
  const others = validators.filter((validator) => validator !== context.self);
  draft.send({
    topic: context.topics.outbound,
    type,
    id: `${type}/${intent}`,
    time: timeOf(draft),
    subject: intent,
    data: { validators: others },
  });
};

/** Publishes a report for the operator and any consumer. */
export const report = (draft: Draft, context: CryptoContext, intent: string, { type, data }: Report): void => {
  draft.send({
    topic: context.topics.reports,
    type,
    id: `${type}/${intent}`,
    time: timeOf(draft),
    subject: intent,
    data: data as unknown as Json,
  });
};

/** Reports something that must not happen, with what proves it. */
export const accuse = (draft: Draft, context: CryptoContext, code: string, intent: string, evidence: Json): void => {
  report(draft, context, `${code}/${intent}/${digestOf(evidence)}`, { type: 'serai.report.evidence.v1', data: { code, evidence } });
};
