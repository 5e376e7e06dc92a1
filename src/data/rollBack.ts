import { utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHeaders } from '../domain/record/cloudEvents.ts';
import type { Attributes, Tail } from '../domain/record.ts';
import { table } from '../domain/tables.ts';
import { RESTORED } from './backup/restoreBackup.ts';
import { BUCKETS } from './buckets.ts';
import { readLaneKey } from './lanes.ts';
import { loadTails } from './loadTails.ts';
import type { Store, Write } from './store.ts';

/** The topics, as far as a store is held against them: where a source's records end, and all that are there. */
export interface WrittenTopics {
  tail(topic: string, source: string): Promise<Tail | undefined>;
  read(
    topic: string,
    from: bigint,
    deliver: (record: { readonly headers: Readonly<Record<string, string>> }) => Promise<void>,
    fail: (error: unknown) => void,
  ): () => Promise<void>;
}

/** What a start found to show that the store was rolled back, until the module has acted on it. */
export const rolledBack = table<{ readonly signs: readonly string[] }>('rolledBack');

/** The row that says of a record that is on its topic already that it is not written again: topic ‖ 00 ‖ id. */
export const aheadKey = (topic: string, id: string): Uint8Array => utf8ToBytes(`${topic}\0${id}`);

/** What a start has to do about a store that knows less than the topics do. */
export interface RollBack {
  readonly signs: readonly string[];
  readonly writes: readonly Write[];
  /** The highest epoch that records of ours are from. */
  readonly epoch: number;
}

export interface FindRollBack {
  readonly store: Store;
  readonly topics: WrittenTopics;
  readonly source: string;
  /** The topics this source writes. */
  readonly written: readonly string[];
  /** Those of them that are public: what stands there already is not said a second time. Readers of the others take it twice. */
  readonly open: readonly string[];
}

const attributesOf = (headers: Readonly<Record<string, string>>): Attributes | undefined => {
  try {
    return fromHeaders(headers);
  } catch {
    // Someone else's record that is none of ours.
    return undefined;
  }
};

/** Where a source's records end; a topic that is not there yet has none. */
const tailOf = (topics: WrittenTopics, topic: string, source: string): Promise<Tail | undefined> =>
  topics.tail(topic, source).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'topic.unknown') return undefined;
    throw error;
  });

/** A source's records behind a sequence, up to where they end. */
const recordsBehind = async (topics: WrittenTopics, topic: string, source: string, behind: bigint, end: bigint): Promise<Attributes[]> => {
  const found: Attributes[] = [];
  const done = Promise.withResolvers<undefined>();
  const stop = topics.read(
    topic,
    0n,
    ({ headers }) => {
      const attributes = attributesOf(headers);
      if (attributes?.source === source && attributes.sequence > behind) found.push(attributes);
      if (attributes?.source === source && attributes.sequence >= end) done.resolve(undefined);
      return Promise.resolve();
    },
    done.reject,
  );
  try {
    await done.promise;
  } finally {
    await stop();
  }
  return found;
};

/** Rows of the outbox for a topic. */
const waitingFor = async (store: Store, topic: string): Promise<Write[]> => {
  const rows: Write[] = [];
  for await (const [key] of store.scan(BUCKETS.outbox))
    if (readLaneKey(key)[0] === `topic/${topic}`) rows.push({ bucket: BUCKETS.outbox, key, value: undefined });
  return rows;
};

/**
 * Holds a store against the topics its module writes, and looks for the mark of a restored backup (design §4, §10). Where a topic has more of
 * our records than the store knows of, the store was rolled back: it takes the topic's end as its own, and remembers what stands there.
 */
export const findRollBack = async ({ store, topics, source, written, open }: FindRollBack): Promise<RollBack> => {
  const signs: string[] = [];
  const writes: Write[] = [];
  let epoch = 0;
  const restored = await store.get(BUCKETS.meta, RESTORED);
  if (restored !== undefined) {
    signs.push(`the store was restored from backup ${new TextDecoder().decode(restored)}`);
    writes.push({ bucket: BUCKETS.meta, key: RESTORED, value: undefined });
  }
  const known = new Map(await loadTails(store));
  for (const topic of written) {
    const ours = known.get(topic);
    const there = await tailOf(topics, topic, source);
    const end = ours?.sequence ?? 0n;
    if (there === undefined || there.sequence < end || (there.sequence === end && there.digest === ours?.digest)) continue;
    signs.push(`${topic} has records of ours up to ${String(there.sequence)}, this store knows ${String(end)}`);
    const ahead = await recordsBehind(topics, topic, source, end, there.sequence);
    epoch = Math.max(epoch, ...ahead.map((record) => record.epoch));
    if (open.includes(topic))
      for (const { id } of ahead) writes.push({ bucket: BUCKETS.ahead, key: aheadKey(topic, id), value: new Uint8Array() });
    const tail = JSON.stringify({ sequence: there.sequence.toString(), digest: there.digest });
    writes.push(...(await waitingFor(store, topic)), { bucket: BUCKETS.tails, key: utf8ToBytes(topic), value: utf8ToBytes(tail) });
  }
  return { signs, writes, epoch };
};
