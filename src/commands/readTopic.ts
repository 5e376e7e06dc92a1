import { beginProof, proveNext, reportOf, type TopicReport } from '../domain/record/verifyTopic.ts';
import type { KafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';
import { progress } from './progress.ts';

export interface ReadTopic {
  readonly topic: string;
  /** Of those that may write to it. */
  readonly pins: Readonly<Record<string, Uint8Array>>;
  /** Without it, from the beginning; with it, the first records are taken at their word. */
  readonly from?: bigint;
  readonly take?: (record: StoredRecord) => void;
}

/** What a topic was found to hold, and the offsets it was read at. */
export interface ReadReport extends TopicReport {
  readonly from: bigint;
  readonly end: bigint;
}

/** Reads a topic to where it ends now, committed records only, and proves it on the way. */
export const readTopic = async (kafka: KafkaAdmin, { topic, pins, from, take }: ReadTopic): Promise<ReadReport> => {
  const { low, end } = await kafka.bounds(topic);
  const start = from ?? low;
  let proof = beginProof(topic, pins, from !== undefined);
  const tell = progress();
  const each = (record: StoredRecord): void => {
    proof = proveNext(proof, record);
    take?.(record);
    tell(`${topic}: at offset ${String(record.offset)} of ${String(end)}`);
  };
  await kafka.readTo({ topic, from: start, end, take: each });
  return { ...reportOf(proof), from: start, end };
};
