import { chainMessage } from '../observation/schemas.ts';
import { type PeerMessage, peerMessage, verifyPeerMessage } from '../peers/peerMessage.ts';
import { mustSpeakFor } from '../processor/foreignNetwork.ts';
import type { ExternalNetworkName } from '../processor/ids.ts';
import { externalObservation, reply } from '../processor/messages.ts';
import type { TopicRecord } from '../record.ts';
import type { Draft, Json } from '../tables.ts';
import { chainMessageArrived } from './chainEvents.ts';
import type { CryptoContext } from './context.ts';
import { peerBody } from './peerBodies.ts';
import { peerSpoke } from './peers.ts';
import { enterQuarantine } from './quarantine.ts';
import { externalObserved, replyArrived } from './replies.ts';

/** What is to be done about a record, once its data is understood. */
export type Understood = (draft: Draft) => void;

/** A record of `<name>-chain`. */
export const understandChain =
  (context: CryptoContext) =>
  ({ attributes: { type } }: TopicRecord, data: Json): Understood => {
    const message = chainMessage.parse({ type, data });
    return (draft) => {
      chainMessageArrived(draft, context, message);
    };
  };

/** A record of `<name>-<network>-replies`. */
export const understandReply =
  (context: CryptoContext, network: ExternalNetworkName) =>
  ({ attributes: { type } }: TopicRecord, data: Json): Understood => {
    const message = reply.parse({ type, data });
    return (draft) => {
      replyArrived(draft, context, network, message);
    };
  };

/** A processor opened an epoch: one that is not above all before it means that its store was rolled back, or copied. */
export const processorOpened =
  (context: CryptoContext, network: ExternalNetworkName) =>
  (
    draft: Draft,
    { opened, known, isNext }: { readonly opened: EpochNumber; readonly known: EpochNumber | undefined; readonly isNext: boolean },
  ): void => {
    if (isNext || known === undefined) return;
    const reason = `the processor of ${network} opened epoch ${String(opened.epoch)} after ${String(known.epoch)}`;
    enterQuarantine(draft, context, reason);
  };

interface EpochNumber {
  readonly epoch: number;
}

/** A record of `<name>-serai`. */
export const understandExternal =
  (context: CryptoContext, processor: (network: ExternalNetworkName) => string) =>
  ({ attributes: { type, source } }: TopicRecord, data: Json): Understood => {
    const message = externalObservation.parse({ type, data });
    mustSpeakFor(source, processor, message.data.network);
    return (draft) => {
      externalObserved(draft, context, message);
    };
  };

/** A record of `<name>-inbound`: a message of another validator's crypto module, whose signature is checked here. */
export const understandPeer =
  (context: CryptoContext) =>
  (_record: TopicRecord, data: Json): Understood => {
    const message: PeerMessage = peerMessage.parse(data);
    if (message.genesis !== context.genesisHash) throw new Error(`message ${message.id} is of another chain`);
    if (message.to !== context.self) throw new Error(`message ${message.id} is for ${message.to}`);
    if (!verifyPeerMessage(message, context.verify)) throw new Error(`message ${message.id} is not signed by ${message.from}`);
    const body = peerBody.parse({ kind: message.kind, body: message.body });
    return (draft) => {
      peerSpoke(draft, context, message, body);
    };
  };
