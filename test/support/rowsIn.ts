import type { Row, Store } from '../../src/data/store.ts';

/** The rows of a store, one after the other. */
export async function* rowsIn(store: Pick<Store, 'snapshot'>): AsyncIterable<Row> {
  for await (const together of store.snapshot()) yield* together;
}
