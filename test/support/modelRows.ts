import type { Json, View } from '../../src/domain/tables.ts';

/** The rows of a module in memory, as its ledger would show them. */
export class ModelRows implements View {
  readonly #tables = new Map<string, Map<string, Json>>();

  get(table: string, key: string): Json | undefined {
    return this.#tables.get(table)?.get(key);
  }

  *rows(table: string): Iterable<readonly [string, Json]> {
    yield* this.#tables.get(table) ?? [];
  }

  /** Another one with the same rows. */
  copy(): ModelRows {
    const other = new ModelRows();
    for (const [table, rows] of this.#tables) for (const [key, value] of rows) other.put(table, key, value);
    return other;
  }

  put(table: string, key: string, value: Json | undefined): void {
    const rows = this.#tables.get(table) ?? new Map<string, Json>();
    if (value === undefined) rows.delete(key);
    else rows.set(key, value);
    this.#tables.set(table, rows);
  }
}
