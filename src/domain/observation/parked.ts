import type { Hex } from '../hex.ts';
import type { Message } from '../tables.ts';
import { ChainError, type ChainErrorCode } from './chainError.ts';

const PARKING: ReadonlySet<ChainErrorCode> = new Set(['chain.undecodable', 'chain.unknown-event', 'chain.pruned']);

/** Whether a failure to read the chain parks the lane: a block we may not skip and cannot read as yet (design §6). */
export const parks = (error: unknown): error is ChainError => error instanceof ChainError && PARKING.has(error.code);

/** Where a lane is parked. */
export interface ParkedAt {
  readonly height: number;
  readonly topic: string;
  readonly source: string;
}

/** A dead letter, and the mark that keeps it from being written twice. */
export interface DeadLetter {
  readonly mark: { readonly id: string; readonly digest: Hex };
  readonly message: Omit<Message, 'topic'>;
}

/** Characters of raw bytes that a letter keeps; a block has more to offer only if its node lies, and can be asked for it again. */
const KEPT = 800_000;

/** What is kept of a block that parks the lane: reason, raw bytes and runtime version, for `dlq` and for whoever mends it. */
export const deadLetterOf = ({ code, message, raw, at, runtime }: ChainError, { height, topic, source }: ParkedAt): DeadLetter => {
  const id = `serai.dead-letter.v1/${topic}/block/${String(at?.number ?? height)}/${code}/${source}`;
  const record = {
    block: at === undefined ? { number: height } : { ...at },
    raw: raw !== undefined && raw.length <= KEPT ? raw : null,
    runtime: runtime ?? null,
  };
  return {
    mark: { id, digest: '0x' },
    message: {
      type: 'serai.dead-letter.v1',
      id,
      time: new Date(0).toISOString(),
      subject: topic,
      data: { topic, offset: null, fate: 'parked', code, reason: message, record },
      endsRun: true,
    },
  };
};
