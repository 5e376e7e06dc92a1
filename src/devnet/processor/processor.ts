import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Store, Write } from '../../data/store.ts';
import type { Hex } from '../../domain/hex.ts';
import type { ExternalNetworkName } from '../../domain/processor/ids.ts';
import type { Command, ExternalObservation, Reply } from '../../domain/processor/messages.ts';
import { type Change, Draft, type Json, type View } from '../../domain/tables.ts';
import type { Random } from '../../domain/threshold/suite.ts';
import { holdUntilBurnt } from './burn.ts';
import { HeldNonces, type ProcessorContext } from './context.ts';
import { decide } from './decide.ts';
import type { ExternalBlock } from './externalBlock.ts';
import type { ExternalChain } from './externalChain.ts';
import { mayObserve, observeBlock } from './observeBlock.ts';
import { mayHandle } from './payments.ts';
import { ProcessorError } from './processorError.ts';
import { cursors, outgoing, TABLE_BUCKETS } from './rows.ts';

/** The processor of one validator for one network: real threshold keys and signatures over a simulated external chain. */
export interface Processor {
  /**
   * Height of the last external block observed, 0 before the first. Follow the chain from here on, not from the next one:
   * observed again, a block gives the same answer, so nothing is lost between observing and publishing.
   */
  readonly cursor: number;
  /**
   * Handles a command; everything it changes is durable before its replies are there. The same command again gives the same replies.
   * One that names an external block waits here until that block was observed.
   */
  /** Our store was rolled back: nothing is signed until the coordinator says what is burnt. */
  holdUntilBurnt(): Promise<void>;
  handle(command: Command, signal?: AbortSignal): Promise<readonly Reply[]>;
  /** What an external block means; blocks come one after the other. A deposit waits here until the set's key is confirmed. */
  observe(block: ExternalBlock, signal?: AbortSignal): Promise<readonly ExternalObservation[]>;
}

export interface ProcessorOptions {
  /** Sealed: secret key shares lie in it (buckets 31 to 43). */
  readonly store: Store;
  readonly network: ExternalNetworkName;
  readonly genesisHash: Hex;
  readonly validator: Hex;
  readonly chain: ExternalChain;
  readonly random: Random;
}

/** Opens a processor on its store and goes on where it was; nonces of its earlier life are gone. */
export const openProcessor = async (options: ProcessorOptions): Promise<Processor> => {
  const rows = new Rows();
  for (const [name, bucket] of Object.entries(TABLE_BUCKETS)) {
    for await (const [key, value] of options.store.scan(bucket))
      rows.apply([{ table: name, key: new TextDecoder().decode(key), value: JSON.parse(new TextDecoder().decode(value)) as Json }]);
  }
  const processor = new DurableProcessor(options, rows);
  await processor.resume();
  return processor;
};

/** The rows of the store, as decisions read them. */
class Rows implements View {
  readonly #tables = new Map<string, Map<string, Json>>();

  get(table: string, key: string): Json | undefined {
    return this.#tables.get(table)?.get(key);
  }

  rows(table: string): Iterable<readonly [string, Json]> {
    return [...(this.#tables.get(table) ?? [])];
  }

  apply(changes: readonly Change[]): void {
    for (const { table, key, value } of changes) {
      const rows = this.#tables.get(table) ?? new Map<string, Json>();
      if (value === undefined) rows.delete(key);
      else rows.set(key, value);
      this.#tables.set(table, rows);
    }
  }
}

class DurableProcessor implements Processor {
  readonly #store: Store;
  readonly #chain: ExternalChain;
  readonly #rows: Rows;
  readonly #context: ProcessorContext;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor({ store, chain, network, genesisHash, validator, random }: ProcessorOptions, rows: Rows) {
    this.#store = store;
    this.#chain = chain;
    this.#rows = rows;
    this.#context = { network, genesisHash, validator, random, nonces: new HeldNonces(random) };
  }

  get cursor(): number {
    return cursors.get(this.#rows, '')?.height ?? 0;
  }

  /** Tells the external chain what an earlier life did not come to tell it. */
  resume(): Promise<void> {
    return this.#inTurn(() => this.#tellChain());
  }

  holdUntilBurnt(): Promise<void> {
    return this.#inTurn(async () => {
      const draft = new Draft(this.#rows);
      holdUntilBurnt(draft);
      await this.#write(draft.decision().changes);
    });
  }

  async handle(command: Command, signal?: AbortSignal): Promise<readonly Reply[]> {
    while (!mayHandle(this.#rows, command)) await this.#moved(signal);
    return this.#inTurn(async () => {
      const { changes, replies } = decide(this.#rows, this.#context, command);
      await this.#write(changes);
      await this.#tellChain();
      this.#wake();
      return replies;
    });
  }

  async observe(block: ExternalBlock, signal?: AbortSignal): Promise<readonly ExternalObservation[]> {
    while (!mayObserve(new Draft(this.#rows), block)) await this.#moved(signal);
    return this.#inTurn(async () => {
      const draft = new Draft(this.#rows);
      const observations = observeBlock(draft, this.#context, block);
      await this.#write(draft.decision().changes);
      this.#wake();
      return observations;
    });
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Resolves after the next command or block; rejects when the signal aborts. */
  #moved(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        reject(new DOMException('the processor is closing', 'AbortError'));
      };
      if (signal?.aborted === true) {
        stop();
        return;
      }
      signal?.addEventListener('abort', stop, { once: true });
      this.#waiting.push(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
    });
  }

  /** What goes to the external chain stands in the store until the chain has it; the chain takes each thing once. */
  async #tellChain(): Promise<void> {
    for (const [key, row] of [...outgoing.rows(this.#rows)]) {
      if (row.kind === 'vault') await this.#chain.openVault(row.set, row.key);
      else await this.#chain.broadcast(row);
      await this.#write([{ table: 'outgoing', key, value: undefined }]);
    }
  }

  async #write(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#store.write(changes.map(toWrite));
    this.#rows.apply(changes);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

const toWrite = ({ table, key, value }: Change): Write => {
  const bucket = TABLE_BUCKETS[table];
  if (bucket === undefined) throw new ProcessorError('processor.out-of-order', `there is no table ${table}`);
  return { bucket, key: utf8ToBytes(key), value: value === undefined ? undefined : utf8ToBytes(JSON.stringify(value)) };
};
