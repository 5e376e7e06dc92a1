import { randomBytes } from 'node:crypto';
import { Subject } from 'rxjs';
import { supervise } from '../../src/core/supervise.ts';
import type { Store } from '../../src/data/store.ts';
import type { Interest } from '../../src/domain/observation/tellInterest.ts';
import { sourcesOf, topicsOf } from '../../src/domain/topics.ts';
import type { Tracer } from '../../src/domain/tracing/span.ts';
import { openEmbeddedLog } from '../../src/drivers/embeddedLog/embeddedLog.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openSeraiClient, type SeraiClientOptions } from '../../src/drivers/polkadot/openSeraiClient.ts';
import type { Module, ParkedAlarm } from '../../src/modules/module.ts';
import { openObservation } from '../../src/modules/observation.ts';
import type { TopicLog } from '../../src/sinks/toTopic.ts';
import type { ChainReader } from '../../src/streams/fromChain.ts';
import type { StoredRecord, TopicFeed } from '../../src/streams/fromTopic.ts';

const quiet = { info: () => undefined, warn: () => undefined };

export interface ObserverOptions {
  readonly endpoints: readonly string[];
  readonly client?: Partial<SeraiClientOptions>;
  /** The deployment's name; without it `test`. */
  readonly name?: string;
  /** Where records go instead of an embedded log; stays open. */
  readonly bus?: TopicLog & TopicFeed;
  readonly store?: Store;
  readonly log?: Store;
  readonly interest?: Interest;
  readonly tracer?: Tracer;
  /** Hears of each record; then they are not kept. */
  readonly heard?: (record: StoredRecord) => void;
  /** What the node is taken to be instead of what it is. */
  readonly pretend?: Partial<Pick<ChainReader, 'genesisHash' | 'profile'>>;
}

/** An observation module at work, with what it has published. */
export interface Observer {
  readonly records: readonly StoredRecord[];
  readonly letters: readonly StoredRecord[];
  readonly parked: readonly ParkedAlarm[];
  /** Heights of the blocks published, in order. */
  readonly heights: () => number[];
  readonly stages: Module['stages'];
  /** Resolves when it was stopped, rejects with what ended it. */
  readonly ended: Promise<void>;
  readonly stop: () => Promise<void>;
}

const typeOf = ({ headers }: StoredRecord): string => headers['ce_type'] ?? '';

/** Runs the observation module of a deployment. */
export const openObserver = async ({
  endpoints,
  client = {},
  interest = [],
  pretend = {},
  heard,
  name = 'test',
  tracer,
  ...stores
}: ObserverOptions): Promise<Observer> => {
  const { chain: topic, deadLetter } = topicsOf(name);
  const log = await openEmbeddedLog(stores.log ?? openMemoryStore());
  const bus = stores.bus ?? log;
  await bus.createTopics([topic, deadLetter]);
  const reader = await openSeraiClient({ endpoints, log: quiet, pollInterval: 100, withBatches: interest.length > 0, ...client });
  const stop$ = new Subject<void>();
  const parked: ParkedAlarm[] = [];
  const module = await openObservation({
    store: stores.store ?? openMemoryStore(),
    bus,
    source: sourcesOf(name).observation,
    signingSecret: new Uint8Array(32).fill(7),
    pins: {},
    writers: () => [],
    deadLetter,
    random: (length) => new Uint8Array(randomBytes(length)),
    stop$,
    reader: { ...reader, ...pretend },
    topic,
    interest,
    startHeight: 0,
    tracer,
    parkedFor: 200,
    parked: (error) => parked.push(error),
  });
  const read = (from: string): StoredRecord[] => {
    const records: StoredRecord[] = [];
    bus.read(
      from,
      0n,
      (record) => {
        if (heard === undefined) records.push(record);
        else heard(record);
        return Promise.resolve();
      },
      () => undefined,
    );
    return records;
  };
  const records = read(topic);
  const letters = read(deadLetter);
  const running = supervise(module.routes, stop$);
  running.ended.catch(() => undefined);
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    running.stop(2_000);
    await running.ended.catch(() => undefined);
    await module.close();
    await reader.close();
    await log.close();
  };
  return {
    records,
    letters,
    parked,
    heights: () =>
      records
        .filter((record) => typeOf(record) === 'serai.chain.block.v1')
        .map(({ value }) => (JSON.parse(new TextDecoder().decode(value)) as { number: number }).number),
    ended: running.ended,
    stages: module.stages,
    stop: () => (closed ??= close()),
  };
};
