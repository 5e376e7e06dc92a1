import { z } from 'zod';
import { order } from '../domain/control/orders.ts';
import { report } from '../domain/crypto/reports.ts';
import { letterAct } from '../domain/deadLetter/acts.ts';
import { DEAD_LETTER, letterData } from '../domain/deadLetter/letter.ts';
import { chainMessage } from '../domain/observation/schemas.ts';
import { connect } from '../domain/peers/connect.ts';
import { peerMessage } from '../domain/peers/peerMessage.ts';
import { externalNetwork } from '../domain/processor/ids.ts';
import { command, externalObservation, reply } from '../domain/processor/messages.ts';
import { recordHeaders } from '../domain/record/cloudEvents.ts';
import { ALWAYS_OPEN, epochOpened } from '../domain/record/epochOpened.ts';
import { integrityReport } from '../domain/solvency/reports.ts';
import { topicsOf } from '../domain/topics.ts';

/** What an AsyncAPI document is made of. */
type Part = Readonly<Record<string, unknown>>;

interface MessageType {
  readonly type: string;
  readonly data: z.ZodType;
}

interface Channel {
  readonly address: string;
  readonly description: string;
  readonly sealed: boolean;
  readonly writers: readonly string[];
  readonly readers: readonly string[];
  readonly messages: readonly MessageType[];
}

interface TypedOption {
  readonly shape: { readonly type: z.ZodLiteral<string>; readonly data: z.ZodType };
}

/** The members of a union of messages. */
const optionsOf = (union: { readonly options: readonly TypedOption[] }): MessageType[] =>
  union.options.map(({ shape }) => ({ type: shape.type.value, data: shape.data }));

/** Evidence is written by both modules. */
const isOfCrypto = (type: string): boolean => optionsOf(report).some((option) => option.type === type);

const opened: MessageType = { type: 'serai.epoch.opened.v1', data: epochOpened };
const topics = topicsOf('{name}');
const ofNetwork = (name: (network: 'Bitcoin') => string): string => name('Bitcoin').replace('bitcoin', '{network}');

const channels: Readonly<Record<string, Channel>> = {
  chain: {
    address: topics.chain,
    description: 'The finalized Serai chain: every block, its events, and the watched state where it changed (docs/observation.md).',
    sealed: false,
    writers: ['observation'],
    readers: ['crypto', 'connection', 'integrity'],
    messages: optionsOf(chainMessage),
  },
  serai: {
    address: topics.serai,
    description: 'What processors see on external chains: batches they propose, outputs that were paid, what vaults hold.',
    sealed: false,
    writers: ['processor'],
    readers: ['crypto', 'integrity'],
    messages: optionsOf(externalObservation),
  },
  commands: {
    address: ofNetwork(topics.commands),
    description: 'From the crypto module to one processor.',
    sealed: true,
    writers: ['crypto'],
    readers: ['processor'],
    messages: optionsOf(command),
  },
  replies: {
    address: ofNetwork(topics.replies),
    description: 'From one processor to the crypto module.',
    sealed: true,
    writers: ['processor'],
    readers: ['crypto'],
    messages: optionsOf(reply),
  },
  outbound: {
    address: topics.outbound,
    description: 'Messages for other validators, and whom to hold links to.',
    sealed: true,
    writers: ['crypto'],
    readers: ['connection'],
    messages: [opened, { type: 'serai.peer.connect.v1', data: connect }, { type: 'serai.peer.message.v1', data: peerMessage }],
  },
  inbound: {
    address: topics.inbound,
    description: 'Messages of other validators.',
    sealed: true,
    writers: ['connection'],
    readers: ['crypto'],
    messages: [opened, { type: 'serai.peer.message.v1', data: peerMessage }],
  },
  reports: {
    address: topics.reports,
    description:
      'What was generated, drawn, signed and paid, whether vaults hold what they should, and evidence of what must not happen: for the operator and any consumer.',
    sealed: false,
    writers: ['crypto', 'integrity'],
    readers: ['consumer'],
    messages: [...optionsOf(report), ...optionsOf(integrityReport).filter(({ type }) => !isOfCrypto(type))],
  },
  control: {
    address: topics.control,
    description:
      'What the integrity module and the operator order: halts and pauses (docs/solvency.md), what becomes of dead letters (docs/dead-letters.md); and what else the operator did.',
    sealed: false,
    writers: ['integrity', 'operator'],
    readers: ['crypto', 'connection', 'integrity'],
    messages: [...optionsOf(order), ...optionsOf(letterAct)],
  },
  deadLetter: {
    address: topics.deadLetter,
    description: 'What could not be decoded, verified or handled, whole, with the reason.',
    sealed: false,
    writers: ['observation', 'crypto', 'connection', 'integrity', 'processor'],
    readers: ['operator'],
    messages: [{ type: DEAD_LETTER, data: letterData }],
  },
};

/** Any JSON is described by itself, which cannot be said in the middle of a document: there it is left open. */
const inPlace = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inPlace);
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value) return {};
  const kept = Object.entries(value).filter(([name]) => name !== '$schema' && name !== 'definitions');
  return Object.fromEntries(kept.map(([name, part]) => [name, inPlace(part)]));
};

const jsonSchema = (schema: z.ZodType): Part => inPlace(z.toJSONSchema(schema, { target: 'draft-7' })) as Part;

const parametersOf = (address: string): Part => ({
  name: { description: 'general.name of the deployment' },
  ...(address.includes('{network}') ? { network: { enum: externalNetwork.options.map((name) => name.toLowerCase()) } } : {}),
});

const messageOf = ({ type, data }: MessageType, sealed: boolean): Part => {
  const inClear = !sealed || ALWAYS_OPEN.has(type);
  return {
    name: type,
    contentType: inClear ? 'application/json' : 'application/octet-stream',
    ...(inClear
      ? {}
      : { summary: 'Sealed for the reader (X25519, HKDF-SHA256, XChaCha20-Poly1305); the payload is what it says once opened.' }),
    headers: { $ref: '#/components/schemas/headers' },
    payload: jsonSchema(data),
  };
};

const channelOf = ({ address, description, sealed, messages }: Channel): Part => ({
  address,
  description,
  parameters: parametersOf(address),
  messages: Object.fromEntries(messages.map((message) => [message.type, messageOf(message, sealed)])),
});

const operationsOf = ([name, { writers, readers }]: readonly [string, Channel]): readonly (readonly [string, Part])[] => {
  const channel = { $ref: `#/channels/${name}` };
  return [
    ...writers.map((writer) => [`${writer}.writes.${name}`, { action: 'send', channel }] as const),
    ...readers.map((reader) => [`${reader}.reads.${name}`, { action: 'receive', channel }] as const),
  ];
};

/** The topics of a deployment as an AsyncAPI 3.0 document: who writes and reads them, and every record, made from the schemas that records are checked with. */
export const asyncApi = (): Part => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Serai coordinator',
    version: '1.0.0',
    description:
      'Records are CloudEvents 1.0 in the binary mode of the Kafka binding: attributes are headers, the value is the data. Each topic has one partition. A source numbers and chains its records on a topic, and signs the last one of each run.',
    license: { name: 'AGPL-3.0-only' },
  },
  defaultContentType: 'application/json',
  channels: Object.fromEntries(Object.entries(channels).map(([name, channel]) => [name, channelOf(channel)])),
  operations: Object.fromEntries(Object.entries(channels).flatMap(operationsOf)),
  components: { schemas: { headers: jsonSchema(recordHeaders) } },
});
