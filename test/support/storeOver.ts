import type { Store } from '../../src/data/store.ts';

/** A store that does some things otherwise than the one below it. */
export const storeOver = (store: Store, otherwise: Partial<Store>): Store => ({
  get: (...args) => store.get(...args),
  scan: (...args) => store.scan(...args),
  snapshot: () => store.snapshot(),
  write: (...args) => store.write(...args),
  compact: () => store.compact(),
  close: () => store.close(),
  ...otherwise,
});

/** A store that outlives whoever has it open. */
export const lasting = (store: Store): Store => storeOver(store, { close: () => Promise.resolve() });
