import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka } from 'kafkajs';
import { Subject } from 'rxjs';
import { exitCodeOf } from '../../src/core/exitCodes.ts';
import { supervise } from '../../src/core/supervise.ts';
import type { Store } from '../../src/data/store.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import { type Json, table } from '../../src/domain/tables.ts';
import { openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { silenceNegativeTimeout } from '../../src/drivers/kafka/silenceNegativeTimeout.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { openModule } from '../../src/modules/module.ts';
import { storeOver } from './storeOver.ts';

/**
 * A process that moves numbers: one module writes them to `mover-numbers`, another reads them and writes their sums to `mover-sums`. It ends
 * when it has read all sums, and prints them. At a point named by the environment it sends itself a signal.
 */
export const POINTS = ['begun', 'sent', 'committed', 'appended', 'delivered', 'before-write', 'after-write'] as const;
export type Point = (typeof POINTS)[number];

/** Ed25519 seeds of the two modules. */
export const SEEDS = { '/mover/writer': new Uint8Array(32).fill(1), '/mover/reader': new Uint8Array(32).fill(2) } as const;

/** Their public keys. */
export const PINS: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  Object.entries(SEEDS).map(([source, seed]) => [source, publicKeyOf(seed)]),
);

/** Numbers of a commit. */
export const TOGETHER = 3;

/** What the process is told, as JSON in its one argument. */
export interface MoverOptions {
  readonly broker: string;
  readonly dir: string;
  /** Commits to make. */
  readonly commits: number;
  /** Where the process sends itself a signal, and the how-many-eth time it comes by there. */
  readonly at?: { readonly point: Point; readonly time: number; readonly signal: 'SIGKILL' | 'SIGSTOP' };
}

const counter = table<number>('counter');

silenceNegativeTimeout();

const move = async ({ broker, dir, commits, at }: MoverOptions): Promise<void> => {
  let times = 0;
  const pass = (point: Point): void => {
    if (at?.point !== point) return;
    times += 1;
    if (times === at.time) process.kill(process.pid, at.signal);
  };

  const open = Reflect.get<typeof Kafka.prototype, 'producer'>(Kafka.prototype, 'producer');
  Kafka.prototype.producer = function (options) {
    const made = open.call(this, options);
    const begin = made.transaction.bind(made);
    made.transaction = async () => {
      const transaction = await begin();
      pass('begun');
      return {
        ...transaction,
        send: async (record) => {
          const told = await transaction.send(record);
          pass('sent');
          return told;
        },
        commit: async () => {
          await transaction.commit();
          pass('committed');
        },
      };
    };
    return made;
  };

  const stopping = (store: Store): Store =>
    storeOver(store, {
      write: async (batch) => {
        pass('before-write');
        await store.write(batch);
        pass('after-write');
      },
    });

  const kafka = await openKafka({
    brokers: [broker],
    clientId: 'mover',
    transactionalId: 'mover',
    log: { debug: () => undefined, warn: () => undefined },
  });
  await kafka.createTopics(['mover-numbers', 'mover-sums', 'mover-dead-letter']);
  const bus: typeof kafka = {
    ...kafka,
    append: async (topic, run) => {
      await kafka.append(topic, run);
      pass('appended');
    },
  };
  const stop$ = new Subject<void>();
  const common = {
    parkedFor: 1_000,
    parked: () => undefined,
    bus,
    pins: PINS,
    writers: () => Object.keys(PINS),
    deadLetter: 'mover-dead-letter',
    random: (length: number) => new Uint8Array(randomBytes(length)),
    stop$,
  };
  const openMover = async (name: 'writer' | 'reader') =>
    openModule(
      {
        ...common,
        store: stopping(await openRocksdbStore(`${dir}/${name}`)),
        source: `/mover/${name}`,
        signingSecret: SEEDS[`/mover/${name}`],
      },
      {},
    );
  const [writer, reader] = [await openMover('writer'), await openMover('reader')];
  const time = new Date(0).toISOString();
  const sums: Json[] = [];
  const done = Promise.withResolvers<undefined>();
  const running = supervise(
    [
      writer.relayTopic('mover-numbers'),
      reader.read({
        topic: 'mover-numbers',
        sealed: false,
        refused: 'dead-letter',
        understand: (_record, data) => (draft) => {
          pass('delivered');
          const { number } = data as { number: number };
          const sum = (counter.get(draft, 'sum') ?? 0) + number;
          counter.put(draft, 'sum', sum);
          draft.send({ topic: 'mover-sums', type: 'test.sum.v1', id: `sum/${String(number)}`, time, data: { number, sum } });
        },
      }),
      reader.relayTopic('mover-sums'),
    ],
    stop$,
  );
  bus.read(
    'mover-sums',
    0n,
    ({ value }) => {
      sums.push(JSON.parse(Buffer.from(value).toString()) as Json);
      if (sums.length === commits * TOGETHER) done.resolve(undefined);
      return Promise.resolve();
    },
    done.reject,
  );
  const write = async (): Promise<void> => {
    for (let made = counter.get(writer.ledger, 'made') ?? 0; made < commits; made += 1) {
      const first = made * TOGETHER;
      await writer.ledger.commit({
        decide: (draft) => {
          counter.put(draft, 'made', made + 1);
          for (let number = first; number < first + TOGETHER; number += 1)
            draft.send({ topic: 'mover-numbers', type: 'test.number.v1', id: `number/${String(number)}`, time, data: { number } });
        },
      });
      await sleep(2);
    }
  };
  /** Whatever another instance did meanwhile: this one's own work is done when its rows have arrived. */
  const sent = async (): Promise<void> => {
    while (writer.ledger.waiting + reader.ledger.waiting > 0) await sleep(10);
  };
  await Promise.race([running.ended, Promise.all([write(), done.promise]).then(sent)]);
  process.stdout.write(JSON.stringify(sums));
  process.exit(0);
};

const [told] = process.argv.slice(2);
if (import.meta.main && told !== undefined)
  move(JSON.parse(told) as MoverOptions).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(exitCodeOf(error));
  });
