import { toHex } from '../../domain/hex.ts';
import { storageItem, storageKey } from '../../domain/serai/storageKey.ts';

/** State a block is executed on: storage keys (hex) to values, with what the block has changed so far. */
export class BlockState {
  readonly #base: ReadonlyMap<string, Uint8Array>;
  readonly #changes = new Map<string, Uint8Array | undefined>();

  constructor(base: ReadonlyMap<string, Uint8Array>) {
    this.#base = base;
  }

  /** Decodes an item; its declared default, or undefined, where it is absent. */
  get(pallet: string, item: string, ...args: readonly unknown[]): unknown {
    const declared = storageItem(pallet, item);
    const bytes = this.getRaw(storageKey(pallet, item, ...args)) ?? declared.fallback ?? undefined;
    return bytes === undefined ? undefined : declared.value.decode(bytes);
  }

  getRaw(key: Uint8Array): Uint8Array | undefined {
    const hex = toHex(key);
    return this.#changes.has(hex) ? this.#changes.get(hex) : this.#base.get(hex);
  }

  set(pallet: string, item: string, args: readonly unknown[], value: unknown): void {
    this.setRaw(storageKey(pallet, item, ...args), storageItem(pallet, item).value.encode(value));
  }

  setRaw(key: Uint8Array, value: Uint8Array): void {
    this.#changes.set(toHex(key), value);
  }

  delete(pallet: string, item: string, ...args: readonly unknown[]): void {
    this.#changes.set(toHex(storageKey(pallet, item, ...args)), undefined);
  }

  /** What was changed; `undefined` is a deletion. */
  changes(): ReadonlyMap<string, Uint8Array | undefined> {
    return this.#changes;
  }

  /** State to try something on: it sees what was changed here, and leaves it as it is. */
  fork(): BlockState {
    const merged = new Map(this.#base);
    for (const [key, value] of this.#changes) {
      if (value === undefined) merged.delete(key);
      else merged.set(key, value);
    }
    return new BlockState(merged);
  }
}
