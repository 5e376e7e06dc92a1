import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { BUCKETS } from './buckets.ts';
import type { Store, Write } from './store.ts';

/** A row a relay has to send: its number within the lane, and its final bytes. */
export interface LaneRow {
  readonly number: number;
  readonly value: Uint8Array;
}

/** The rows of the outbox for one relay, in order. */
export interface Lane {
  /**
   * Calls `deliver` with the unsent rows in order, at most so many at a time, and waits for its promise before the next; goes on with new
   * rows as they are committed. Ends when the returned function is called.
   */
  read(most: number, deliver: (rows: readonly LaneRow[]) => Promise<void>, fail: (error: unknown) => void): () => void;
  /** The row has arrived where it was sent: it will be deleted with the next commit. Sending it again must do no harm. */
  sent(number: number): void;
}

/** Bytes of rows given at a time, unless one alone has more: what they say fits into one batch of Kafka's by default (1 MiB). */
const READ_BYTES = 768 * 1024;

/** Deletions that may wait for the next commit. */
const SENT_LIMIT = 256;

const laneKey = (lane: string, number: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return concatBytes(utf8ToBytes(`${lane}\0`), bytes);
};

/** The lane and number in a row's key. */
export const readLaneKey = (key: Uint8Array): readonly [lane: string, number: number] => [
  new TextDecoder().decode(key.subarray(0, -9)),
  Number(new DataView(key.buffer, key.byteOffset + key.length - 8, 8).getBigUint64(0)),
];

interface LaneState {
  /** The number the next row gets. */
  next: number;
  waiting: number;
  /** When a row last left, or came while none waited: milliseconds since 1970. */
  movedAt: number;
  readonly wakes: Set<() => void>;
}

/** All lanes of a ledger's outbox: only counters are in memory, the rows are in the store. */
export class Lanes {
  readonly #store: Store;
  readonly #states = new Map<string, LaneState>();
  #sent: Write[] = [];
  #closed = false;
  #fail: (error: unknown) => void = () => undefined;

  private constructor(store: Store) {
    this.#store = store;
  }

  static async load(store: Store): Promise<Lanes> {
    const lanes = new Lanes(store);
    for await (const [key] of store.scan(BUCKETS.outbox)) {
      const [lane, number] = readLaneKey(key);
      const state = lanes.#state(lane);
      state.next = number + 1;
      state.waiting += 1;
    }
    return lanes;
  }

  get waiting(): number {
    return [...this.#states.values()].reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Every lane with what waits in it, and when it last moved. */
  stages(): (readonly [lane: string, state: { readonly waiting: number; readonly movedAt: number }])[] {
    return [...this.#states];
  }

  /** Where a failed deletion is told: the store is no longer to be trusted. */
  onFault(fail: (error: unknown) => void): void {
    this.#fail = fail;
  }

  /** The writes for new rows, and what to do once they are durable. */
  plan(rows: readonly { readonly lane: string; readonly value: Uint8Array }[]): { writes: Write[]; apply: () => void } {
    const next = new Map<string, number>();
    const writes = rows.map(({ lane, value }) => {
      const number = next.get(lane) ?? this.#state(lane).next;
      next.set(lane, number + 1);
      return { bucket: BUCKETS.outbox, key: laneKey(lane, number), value };
    });
    const apply = (): void => {
      for (const [lane, number] of next) {
        const state = this.#state(lane);
        if (state.waiting === 0) state.movedAt = Date.now();
        state.waiting += number - state.next;
        state.next = number;
        for (const wake of state.wakes) wake();
      }
    };
    return { writes, apply };
  }

  /** Deletions of rows that were sent since the last commit. */
  takeSent(): Write[] {
    return this.#sent.splice(0);
  }

  close(): void {
    this.#closed = true;
    for (const { wakes } of this.#states.values()) for (const wake of wakes) wake();
  }

  lane(name: string): Lane {
    return {
      read: (most, deliver, fail) => this.#read(name, most, deliver, fail),
      sent: (number) => {
        const state = this.#state(name);
        state.waiting -= 1;
        state.movedAt = Date.now();
        this.#sent.push({ bucket: BUCKETS.outbox, key: laneKey(name, number), value: undefined });
        if (this.#sent.length >= SENT_LIMIT && !this.#closed) this.#store.write(this.takeSent()).catch(this.#fail);
      },
    };
  }

  async #rows(lane: string, from: number, to: number, most: number): Promise<LaneRow[]> {
    const rows: LaneRow[] = [];
    let bytes = 0;
    for await (const [key, value] of this.#store.scan(BUCKETS.outbox, { gte: laneKey(lane, from), lt: laneKey(lane, to), limit: most })) {
      bytes += value.length;
      if (rows.length > 0 && bytes > READ_BYTES) break;
      rows.push({ number: readLaneKey(key)[1], value });
    }
    return rows;
  }

  #state(lane: string): LaneState {
    const state = this.#states.get(lane) ?? { next: 1, waiting: 0, movedAt: Date.now(), wakes: new Set() };
    this.#states.set(lane, state);
    return state;
  }

  #read(lane: string, most: number, deliver: (rows: readonly LaneRow[]) => Promise<void>, fail: (error: unknown) => void): () => void {
    const state = this.#state(lane);
    const stop = new AbortController();
    const stopped = (): boolean => stop.signal.aborted || this.#closed;
    let wake: () => void = () => undefined;
    const poke = (): void => {
      wake();
    };
    state.wakes.add(poke);
    const run = async (): Promise<void> => {
      let from = 0;
      while (!stopped()) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const rows = await this.#rows(lane, from, state.next, most);
        const last = rows.at(-1);
        if (stopped()) return;
        if (last !== undefined) {
          await deliver(rows);
          from = last.number + 1;
        }
        if (from < state.next && from !== 0) continue;
        await woken;
      }
    };
    run().catch((error: unknown) => {
      if (!stopped()) fail(error);
    });
    return () => {
      stop.abort();
      state.wakes.delete(poke);
      wake();
    };
  }
}
