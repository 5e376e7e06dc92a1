import type { TraceMark } from './tracing/trace.ts';

/** What a decision may keep: JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A row to be written, or deleted where `value` is undefined. */
export interface Change {
  readonly table: string;
  readonly key: string;
  readonly value: Json | undefined;
}

/** A message for a topic; numbered, chained, signed and sealed when it is committed. */
export interface Message {
  readonly topic: string;
  readonly type: string;
  /** Derived from the meaning, never random (design §5). */
  readonly id: string;
  readonly time: string;
  readonly subject?: string;
  readonly data: Json;
  /** Whether the run of records that are signed together ends here, though the commit has more. */
  readonly endsRun?: boolean;
  readonly trace?: TraceMark;
}

/** A row for a relay that is no topic: `lane` names the relay (`chain`, `peer/0x…`). */
export interface Deed {
  readonly lane: string;
  readonly deed: Json;
  readonly trace?: TraceMark;
}

/** What a decision wants done, all of it in one commit. */
export interface Decision {
  readonly changes: readonly Change[];
  readonly messages: readonly Message[];
  readonly deeds: readonly Deed[];
}

/** Read access to rows, in key order within a table. */
export interface View {
  get(table: string, key: string): Json | undefined;
  rows(table: string): Iterable<readonly [key: string, value: Json]>;
}

/** A decision being made: reads see what it wrote; nothing leaves it before the commit. */
export class Draft implements View {
  readonly #base: View;
  readonly #changes = new Map<string, Map<string, Json | undefined>>();
  #messages: Message[] = [];
  #deeds: Deed[] = [];

  constructor(base: View) {
    this.#base = base;
  }

  get(table: string, key: string): Json | undefined {
    const changed = this.#changes.get(table);
    return changed?.has(key) === true ? changed.get(key) : this.#base.get(table, key);
  }

  *rows(table: string): Iterable<readonly [string, Json]> {
    const changed = this.#changes.get(table) ?? new Map<string, Json | undefined>();
    for (const [key, value] of this.#base.rows(table)) if (!changed.has(key)) yield [key, value];
    for (const [key, value] of changed) if (value !== undefined) yield [key, value];
  }

  put(table: string, key: string, value: Json): void {
    this.#change(table, key, value);
  }

  delete(table: string, key: string): void {
    this.#change(table, key, undefined);
  }

  send(message: Message): void {
    this.#messages.push(message);
  }

  do(lane: string, deed: Json): void {
    this.#deeds.push({ lane, deed });
  }

  /** Says of all that is sent so far which trace it belongs to: `to` is its topic or lane, `id` what tells it from others there. */
  trace(traceOf: (to: string, id: string, said: Json) => TraceMark | undefined): void {
    const traced = <T extends Message | Deed>(sent: T, trace: TraceMark | undefined): T =>
      trace === undefined ? sent : { ...sent, trace };
    this.#messages = this.#messages.map((message) => traced(message, traceOf(message.topic, message.id, message.data)));
    this.#deeds = this.#deeds.map((deed) => traced(deed, traceOf(deed.lane, JSON.stringify(deed.deed), deed.deed)));
  }

  /** Takes over what was decided on a draft that was made on this one. */
  absorb(other: Draft): void {
    for (const [table, rows] of other.#changes) for (const [key, value] of rows) this.#change(table, key, value);
    this.#messages.push(...other.#messages);
    this.#deeds.push(...other.#deeds);
  }

  decision(): Decision {
    const changes = [...this.#changes].flatMap(([table, rows]) => [...rows].map(([key, value]) => ({ table, key, value })));
    return { changes, messages: [...this.#messages], deeds: [...this.#deeds] };
  }

  #change(table: string, key: string, value: Json | undefined): void {
    const rows = this.#changes.get(table) ?? new Map<string, Json | undefined>();
    rows.set(key, value);
    this.#changes.set(table, rows);
  }
}

/** A typed handle on one table: the row type is declared once, where the table is. */
export interface Table<Row> {
  get(view: View, key: string): Row | undefined;
  rows(view: View): Iterable<readonly [key: string, row: Row]>;
  put(draft: Draft, key: string, row: Row): void;
  delete(draft: Draft, key: string): void;
}

/** Declares a table by name. Rows were written by us and are authenticated by the sealed store, so they are not parsed again. */
export const table = <Row>(name: string): Table<Row> => ({
  get: (view, key) => view.get(name, key) as Row | undefined,
  rows: (view) => view.rows(name) as Iterable<readonly [string, Row]>,
  put: (draft, key, row) => {
    draft.put(name, key, row as Json);
  },
  delete: (draft, key) => {
    draft.delete(name, key);
  },
});
