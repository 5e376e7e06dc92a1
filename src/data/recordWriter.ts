import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Hex, toHex } from '../domain/hex.ts';
import { ALWAYS_OPEN } from '../domain/record/epochOpened.ts';
import { recordDigest } from '../domain/record/recordDigest.ts';
import { signRecord } from '../domain/record/signRecord.ts';
import type { Attributes, Tail, TopicRecord } from '../domain/record.ts';
import { sealRecord } from '../domain/sealing/sealedRecord.ts';
import type { Message } from '../domain/tables.ts';

/** Records a run may have; a longer commit is signed in several runs. */
export const RUN_LIMIT = 64;

/** A key pair of X25519 that lives for one epoch (design §5). */
export interface EpochKeys {
  readonly epoch: number;
  readonly secret: Uint8Array;
}

/** Whom a sealed topic is for, and that module's latest announced key. */
export interface Counterpart {
  readonly source: string;
  readonly epoch: number;
  readonly publicKey: Uint8Array;
}

export interface RecordWriterOptions {
  /** `ce_source`: deployment, module and store. */
  readonly source: string;
  readonly signingSecret: Uint8Array;
  readonly keys: EpochKeys;
  /** The counterpart of a sealed topic; `open` where the topic is public; throws where the counterpart is not known yet. */
  readonly counterpart: (topic: string) => Counterpart | 'open';
  readonly random: (length: number) => Uint8Array;
}

/** What a sealed record's `keyid` names: both epochs. */
export const keyId = (sender: string, senderEpoch: number, receiver: string, receiverEpoch: number): string =>
  `${sender}#${String(senderEpoch)}>${receiver}#${String(receiverEpoch)}`;

const inRuns = (messages: readonly Message[]): Message[][] => {
  const runs: Message[][] = [];
  let open: Message[] = [];
  for (const message of messages) {
    if (open.length === 0) runs.push(open);
    open.push(message);
    if (message.endsRun === true || open.length === RUN_LIMIT) open = [];
  }
  return runs;
};

const START: Tail = { sequence: 0n, digest: toHex(new Uint8Array(32)) };

/** Turns messages into final records: numbered, chained, sealed, and signed at the end of every run (design §4, §5). */
export class RecordWriter {
  readonly #options: RecordWriterOptions;
  #keys: EpochKeys;
  readonly #tails = new Map<string, Tail>();

  constructor(options: RecordWriterOptions, tails: Iterable<readonly [string, Tail]>) {
    this.#options = options;
    this.#keys = options.keys;
    for (const [topic, tail] of tails) this.#tails.set(topic, tail);
  }

  /** Writes in another epoch from here on. */
  enter(keys: EpochKeys): void {
    this.#keys = keys;
  }

  tail(topic: string): Tail {
    return this.#tails.get(topic) ?? START;
  }

  /** The runs of one commit for one topic, in order; the topic's tail moves on with them. */
  write(topic: string, messages: readonly Message[]): TopicRecord[][] {
    return inRuns(messages).map((run) =>
      this.#sign(
        topic,
        run.map((message) => this.#next(topic, message)),
      ),
    );
  }

  #sign(topic: string, records: readonly TopicRecord[]): TopicRecord[] {
    return records.map((record, index) => {
      if (index < records.length - 1) return record;
      const signature: Hex = toHex(signRecord(topic, record, this.#options.signingSecret));
      return { ...record, attributes: { ...record.attributes, signature } };
    });
  }

  #next(topic: string, message: Message): TopicRecord {
    const tail = this.tail(topic);
    const { source, random } = this.#options;
    const keys = this.#keys;
    const counterpart = ALWAYS_OPEN.has(message.type) ? 'open' : this.#options.counterpart(topic);
    const attributes: Attributes = {
      id: message.id,
      source,
      type: message.type,
      time: message.time,
      ...(message.subject === undefined ? {} : { subject: message.subject }),
      datacontenttype: counterpart === 'open' ? 'application/json' : 'application/octet-stream',
      sequence: tail.sequence + 1n,
      previoushash: tail.digest,
      epoch: keys.epoch,
      ...(counterpart === 'open' ? {} : { keyid: keyId(source, keys.epoch, counterpart.source, counterpart.epoch) }),
      ...(message.trace === undefined ? {} : { traceparent: message.trace.traceparent }),
    };
    const plaintext = utf8ToBytes(JSON.stringify(message.data));
    const data =
      counterpart === 'open'
        ? plaintext
        : sealRecord({ topic, attributes, plaintext, senderSecret: keys.secret, receiverPublic: counterpart.publicKey, nonce: random(24) });
    const parent = message.trace?.parent;
    const record = parent === undefined ? { attributes, data } : { attributes, data, parent };
    this.#tails.set(topic, { sequence: attributes.sequence, digest: toHex(recordDigest(topic, record)) });
    return record;
  }
}
