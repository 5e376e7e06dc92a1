import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Hex } from '../domain/hex.ts';
import { Draft, type Json, type Message, type View } from '../domain/tables.ts';
import { BUCKETS } from './buckets.ts';
import { type Lane, Lanes } from './lanes.ts';
import type { RecordWriter } from './recordWriter.ts';
import { aheadKey } from './rollBack.ts';
import { writeRun } from './runCodec.ts';
import type { Store, Write } from './store.ts';

const text = new TextDecoder();

/** Whether a message was handled before: the same id with another digest is a conflict, never a duplicate (design §4). */
export type Standing = 'new' | 'duplicate' | 'conflict';

/** A message as the inbox remembers it. */
export interface InboxMark {
  readonly id: string;
  readonly digest: Hex;
}

/** How far a source was read. */
interface Cursor {
  readonly name: string;
  readonly value: Json;
}

/** One step of a module: what was read, how far reading got, and the decision on it. All of it is committed together or not at all. */
export interface Step {
  readonly cursor?: Cursor;
  readonly marks?: readonly InboxMark[];
  readonly decide: (draft: Draft, standing: (id: string) => Standing) => void;
  /** Asked after `decide`: whether that settled nothing, so that the cursor stays where it is. */
  readonly stays?: () => boolean;
}

/** The key of a table's row. */
export const rowKey = (table: string, key: string): Uint8Array => utf8ToBytes(`${table}\0${key}`);

const encode = (value: Json): Uint8Array => utf8ToBytes(JSON.stringify(value));

const decode = (bytes: Uint8Array): Json => JSON.parse(text.decode(bytes)) as Json;

interface Waiting {
  readonly step: Step;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Steps that may share one synced write. */
const GROUP_LIMIT = 32;

/**
 * A module's state and the one way to change it (design §4): a step's rows, outbox, inbox marks and cursor are written in one
 * atomic, synced batch, and only then does its promise resolve. Steps are decided in the order they were handed in; those that
 * wait while a write is under way share the next one. After a failed write nothing is accepted any more: the process must end.
 */
export class Ledger implements View {
  readonly #store: Store;
  readonly #writer: RecordWriter;
  readonly #rows: Map<string, Map<string, Json>>;
  readonly #cursors: Map<string, Json>;
  readonly #lanes: Lanes;
  readonly #ahead: Set<string>;
  #number: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #broken: unknown;
  readonly #listeners = new Set<() => void>();

  private constructor(store: Store, writer: RecordWriter, loaded: Loaded) {
    this.#store = store;
    this.#writer = writer;
    this.#rows = loaded.rows;
    this.#cursors = loaded.cursors;
    this.#number = loaded.number;
    this.#lanes = loaded.lanes;
    this.#ahead = loaded.ahead;
    this.#lanes.onFault((error) => {
      this.#broken ??= error;
    });
  }

  static async open(store: Store, writer: RecordWriter): Promise<Ledger> {
    return new Ledger(store, writer, await load(store));
  }

  get(table: string, key: string): Json | undefined {
    return this.#rows.get(table)?.get(key);
  }

  *rows(table: string): Iterable<readonly [string, Json]> {
    yield* this.#rows.get(table) ?? [];
  }

  /** How far a source was read, as the last commit left it. */
  cursor(name: string): Json | undefined {
    return this.#cursors.get(name);
  }

  /** The number of the last commit. */
  get commits(): number {
    return this.#number;
  }

  /** Rows waiting for a relay. */
  lane(name: string): Lane {
    return this.#lanes.lane(name);
  }

  /** Every lane with what waits in it, and when it last moved. */
  get lanes(): ReturnType<Lanes['stages']> {
    return this.#lanes.stages();
  }

  /** How many rows wait in all lanes. */
  get waiting(): number {
    return this.#lanes.waiting;
  }

  commit(step: Step): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(asError(this.#broken));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ step, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  /** Calls `listener` now and after each commit, until the returned function is called. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    listener();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Resolves at the first commit after which `holds`; at once if it does already. Rejects when the signal fires. */
  when(holds: (view: View) => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#listeners.delete(look);
        signal.removeEventListener('abort', give);
        settle();
      };
      const give = (): void => {
        end(() => {
          reject(asError(signal.reason));
        });
      };
      const look = (): void => {
        if (holds(this)) end(resolve);
      };
      this.#listeners.add(look);
      signal.addEventListener('abort', give);
      look();
    });
  }

  /** Waits for the steps under way, writes which rows were sent, and closes the store. */
  async close(): Promise<void> {
    await this.#writing;
    this.#broken ??= new Error('the ledger is closed');
    this.#lanes.close();
    const sent = this.#lanes.takeSent();
    if (sent.length > 0) await this.#store.write(sent);
    await this.#store.close();
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#writeGroup(this.#waiting.splice(0, GROUP_LIMIT));
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const draft = new Draft(this);
      const marks = new Map<string, Hex>();
      const cursors: Cursor[] = [];
      const stored = await this.#storedMarks(group);
      for (const { step } of group) {
        const standings = new Map<string, Standing>();
        for (const mark of step.marks ?? []) {
          standings.set(mark.id, standingOf(mark, marks.get(mark.id) ?? stored.get(mark.id)));
          if (standings.get(mark.id) === 'new') marks.set(mark.id, mark.digest);
        }
        step.decide(draft, (id) => standings.get(id) ?? 'new');
        if (step.cursor !== undefined && step.stays?.() !== true) cursors.push(step.cursor);
      }
      const { batch, apply } = this.#plan(draft, marks, cursors);
      await this.#store.write(batch);
      apply();
      for (const { resolve } of group) resolve();
      for (const listener of [...this.#listeners]) listener();
    } catch (error) {
      this.#broken = error;
      for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error);
    }
  }

  /** What the inbox holds of the marks of a group; read together, for each read is a way to another thread and back. */
  async #storedMarks(group: readonly Waiting[]): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(group.flatMap(({ step }) => (step.marks ?? []).map(({ id }) => id)))];
    const values = await Promise.all(ids.map((id) => this.#store.get(BUCKETS.inbox, utf8ToBytes(id))));
    return new Map(
      ids.flatMap((id, index) => {
        const value = values[index];
        return value === undefined ? [] : [[id, text.decode(value)] as const];
      }),
    );
  }

  #plan(draft: Draft, marks: ReadonlyMap<string, Hex>, cursors: readonly Cursor[]): { batch: Write[]; apply: () => void } {
    const { changes, messages: all, deeds } = draft.decision();
    // What stands on its topic since a life that is lost is not said a second time (design §10).
    const repeated = this.#ahead.size === 0 ? [] : all.filter((message) => this.#ahead.has(aheadName(message)));
    const messages = repeated.length === 0 ? all : all.filter((message) => !repeated.includes(message));
    const number = this.#number + 1;
    const topics = Map.groupBy(messages, (message: Message) => message.topic);
    const runs = [...topics].flatMap(([topic, own]) =>
      this.#writer.write(topic, own).map((run) => ({ lane: `topic/${topic}`, value: writeRun(run) })),
    );
    const planned = this.#lanes.plan([
      ...runs,
      ...deeds.map(({ lane, deed, trace }) => ({
        lane,
        value: encode(trace === undefined ? deed : { ...(deed as object), trace: { ...trace } }),
      })),
    ]);
    const batch: Write[] = [
      ...changes.map(({ table, key, value }) => ({
        bucket: BUCKETS.rows,
        key: rowKey(table, key),
        value: value === undefined ? undefined : encode(value),
      })),
      ...planned.writes,
      ...[...marks].map(([id, digest]) => ({ bucket: BUCKETS.inbox, key: utf8ToBytes(id), value: utf8ToBytes(digest) })),
      ...cursors.map(({ name, value }) => ({ bucket: BUCKETS.cursors, key: utf8ToBytes(name), value: encode(value) })),
      ...[...topics.keys()].map((topic) => {
        const { sequence, digest } = this.#writer.tail(topic);
        return { bucket: BUCKETS.tails, key: utf8ToBytes(topic), value: encode({ sequence: sequence.toString(), digest }) };
      }),
      ...repeated.map(({ topic, id }) => ({ bucket: BUCKETS.ahead, key: aheadKey(topic, id), value: undefined })),
      { bucket: BUCKETS.meta, key: utf8ToBytes('commit'), value: encode(number) },
      ...this.#lanes.takeSent(),
    ];
    const apply = (): void => {
      for (const { table, key, value } of changes) {
        const rows = this.#rows.get(table) ?? new Map<string, Json>();
        if (value === undefined) rows.delete(key);
        else rows.set(key, value);
        this.#rows.set(table, rows);
      }
      for (const { name, value } of cursors) this.#cursors.set(name, value);
      for (const message of repeated) this.#ahead.delete(aheadName(message));
      this.#number = number;
      planned.apply();
    };
    return { batch, apply };
  }
}

const standingOf = ({ digest }: InboxMark, known: string | undefined): Standing => {
  if (known === undefined) return 'new';
  return known === digest ? 'duplicate' : 'conflict';
};

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

interface Loaded {
  readonly rows: Map<string, Map<string, Json>>;
  readonly cursors: Map<string, Json>;
  readonly number: number;
  readonly lanes: Lanes;
  readonly ahead: Set<string>;
}

const aheadName = ({ topic, id }: Message): string => `${topic}\0${id}`;

const load = async (store: Store): Promise<Loaded> => {
  const rows = new Map<string, Map<string, Json>>();
  for await (const [bytes, value] of store.scan(BUCKETS.rows)) {
    const [table = '', key = ''] = text.decode(bytes).split('\0');
    const own = rows.get(table) ?? new Map<string, Json>();
    own.set(key, decode(value));
    rows.set(table, own);
  }
  const cursors = new Map<string, Json>();
  for await (const [name, value] of store.scan(BUCKETS.cursors)) cursors.set(text.decode(name), decode(value));
  const ahead = new Set<string>();
  for await (const [name] of store.scan(BUCKETS.ahead)) ahead.add(text.decode(name));
  const number = await store.get(BUCKETS.meta, utf8ToBytes('commit'));
  return { rows, cursors, number: number === undefined ? 0 : Number(decode(number)), lanes: await Lanes.load(store), ahead };
};
