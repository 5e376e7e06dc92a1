import type { Message } from 'kafkajs';
import { toHeaders } from '../../domain/record/cloudEvents.ts';
import type { TopicRecord } from '../../domain/record.ts';

/** Bytes of a batch: below the 1 MiB that brokers take, with room for what the client puts around it. */
const LARGEST = 900_000;

const messageOf = ({ attributes, data }: TopicRecord): Message => ({ key: null, value: Buffer.from(data), headers: toHeaders(attributes) });

const sizeOf = ({ attributes, data }: TopicRecord): number =>
  Object.entries(toHeaders(attributes)).reduce((sum, [name, value]) => sum + name.length + value.length + 8, data.length + 32);

/** Runs, each ended by a signature, with their sizes. */
const runsOf = (records: readonly TopicRecord[]): { readonly records: TopicRecord[]; readonly size: number }[] => {
  const runs: { records: TopicRecord[]; size: number }[] = [];
  let ended = true;
  for (const record of records) {
    const last = runs.at(-1);
    const size = sizeOf(record);
    if (last === undefined || ended || last.size + size > LARGEST) runs.push({ records: [record], size });
    else {
      last.records.push(record);
      last.size += size;
    }
    ended = record.attributes.signature !== undefined;
  }
  return runs;
};

/** Records as the batches they are sent in: each small enough for a broker, runs whole wherever they fit into one. */
export const batchesOf = (records: readonly TopicRecord[]): Message[][] => {
  const batches: { messages: Message[]; size: number }[] = [];
  for (const { records: run, size } of runsOf(records)) {
    const last = batches.at(-1);
    const messages = run.map(messageOf);
    if (last === undefined || last.size + size > LARGEST) batches.push({ messages, size });
    else {
      last.messages.push(...messages);
      last.size += size;
    }
  }
  return batches.map(({ messages }) => messages);
};
