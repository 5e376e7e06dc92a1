import { toHex } from '../domain/hex.ts';
import { recordDigest } from '../domain/record/recordDigest.ts';
import type { Tail } from '../domain/record.ts';
import { BUCKETS } from './buckets.ts';
import { readLaneKey } from './lanes.ts';
import { loadTails } from './loadTails.ts';
import { readRun } from './runCodec.ts';
import type { Progress, SealedStore } from './sealedStore.ts';
import type { Row } from './store.ts';
import { StoreError } from './storeError.ts';

/** What was found in a store. */
export interface Checked {
  readonly rows: number;
  readonly bytes: number;
  /** The number of the start it was last in, and of its last commit. */
  readonly epoch: number;
  readonly commits: number;
  /** Everything that is not as it must be: which place, and what to do. Empty where all is well. */
  readonly faults: readonly string[];
}

/** Faults that are listed at most. */
const LISTED = 100;

const text = new TextDecoder('utf-8', { fatal: true });

const bucketName = (bucket: number): string => Object.entries(BUCKETS).find(([, number]) => number === bucket)?.[0] ?? String(bucket);

/** Rows whose values are JSON. */
const JSON_BUCKETS: readonly number[] = [BUCKETS.rows, BUCKETS.cursors, BUCKETS.tails];

/** What a ledger relies on in its rows, checked as they pass. */
class Invariants {
  readonly faults: string[] = [];
  readonly #tails: ReadonlyMap<string, Tail>;
  #lane = '';
  #number = 0;
  #tail: Tail | undefined;
  epoch = 0;
  commits = 0;

  constructor(tails: ReadonlyMap<string, Tail>) {
    this.#tails = tails;
  }

  take({ bucket, key, value }: Row): void {
    const place = `${bucketName(bucket)} ${toHex(key)}`;
    try {
      if (JSON_BUCKETS.includes(bucket)) JSON.parse(text.decode(value));
      if (bucket === BUCKETS.meta) this.#meta(text.decode(key), text.decode(value));
      if (bucket === BUCKETS.outbox) this.#outgoing(key, value);
    } catch (error) {
      this.faults.push(`${place} is not what a ledger writes (${String(error)}); restore the store from a backup (backup restore)`);
    }
  }

  end(): void {
    this.#endLane();
  }

  #meta(name: string, value: string): void {
    if (name !== 'epoch' && name !== 'commit') return;
    const number = Number(value);
    if (!Number.isSafeInteger(number) || number < 0) throw new TypeError(`${name} is ${value}`);
    if (name === 'epoch') this.epoch = number;
    else this.commits = number;
  }

  /** Rows of a lane are numbered in a row; those for a topic are a chain that ends where the topic's records do. */
  #outgoing(key: Uint8Array, value: Uint8Array): void {
    const [lane, number] = readLaneKey(key);
    if (lane !== this.#lane) this.#endLane();
    else if (number !== this.#number + 1) this.faults.push(`the outbox for ${lane} has ${String(number)} behind ${String(this.#number)}`);
    this.#lane = lane;
    this.#number = number;
    if (!lane.startsWith('topic/')) return;
    const topic = lane.slice('topic/'.length);
    for (const record of readRun(value)) {
      const { sequence, previoushash, id } = record.attributes;
      if (this.#tail !== undefined && (sequence !== this.#tail.sequence + 1n || previoushash !== this.#tail.digest))
        this.faults.push(`record ${id} for ${topic} does not follow the one before it in the outbox`);
      this.#tail = { sequence, digest: toHex(recordDigest(topic, record)) };
    }
  }

  #endLane(): void {
    const known = this.#tails.get(this.#lane.slice('topic/'.length));
    if (this.#tail !== undefined && (known?.sequence !== this.#tail.sequence || known.digest !== this.#tail.digest))
      this.faults.push(`the outbox for ${this.#lane} does not end where the store says that the topic's records do`);
    this.#tail = undefined;
  }
}

/** Opens every value of a store and checks what its module relies on; reading goes on behind what is wrong, as far as the driver can. */
export const checkStore = async (store: SealedStore, progress?: Progress): Promise<Checked> => {
  const faults: string[] = [];
  let [rows, bytes] = [0, 0];
  try {
    for await (const { rows: opened, faults: found } of store.scrub()) {
      rows += opened;
      progress?.(rows);
      faults.push(...found.map(({ error }) => error.message));
    }
    if (faults.length > 0) return { rows, bytes, epoch: 0, commits: 0, faults: faults.slice(0, LISTED) };
    const invariants = new Invariants(new Map(await loadTails(store)));
    for await (const together of store.snapshot())
      for (const row of together) {
        bytes += row.key.length + row.value.length;
        invariants.take(row);
      }
    invariants.end();
    const { epoch, commits } = invariants;
    return { rows, bytes, epoch, commits, faults: invariants.faults.slice(0, LISTED) };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { rows, bytes, epoch: 0, commits: 0, faults: [...faults, error.message].slice(0, LISTED) };
  }
};
