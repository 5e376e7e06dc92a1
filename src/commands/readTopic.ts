import { beginProof, proveNext, reportOf, type TopicReport } from '../domain/record/verifyTopic.ts';
import type { KafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';

/** Milliseconds between lines that say how far reading got. */
const PROGRESS = 2_000;

export interface ReadTopic {
  readonly topic: string;
  readonly pins: Readonly<Record<string, Uint8Array>>;
  /** Without it, from the beginning; with it, the first records are taken at their word. */
  readonly from?: bigint;
  readonly take?: (record: StoredRecord) => void;
  readonly tell: (line: string) => void;
}

/** What a topic was found to hold, and the offsets it was read at. */
export interface ReadReport extends TopicReport {
  readonly from: bigint;
  readonly end: bigint;
}

/** Reads a topic to where it ends now, committed records only, and proves it on the way. */
export const readTopic = async (kafka: KafkaAdmin, { topic, pins, from, take, tell }: ReadTopic): Promise<ReadReport> => {
  const { low, end } = await kafka.bounds(topic);
  const start = from ?? low;
  let proof = beginProof(topic, pins, from !== undefined);
  let told = performance.now();
  const each = (record: StoredRecord): void => {
    proof = proveNext(proof, record);
    take?.(record);
    if (performance.now() - told < PROGRESS) return;
    told = performance.now();
    tell(`${topic}: at offset ${String(record.offset)} of ${String(end)}`);
  };
  await kafka.readTo({ topic, from: start, end, take: each });
  return { ...reportOf(proof), from: start, end };
};
