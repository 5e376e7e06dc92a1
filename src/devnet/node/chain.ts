import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Store, Write } from '../../data/store.ts';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import type { EventRecord } from '../../domain/serai/events.ts';
import { decodeExtrinsic, encodeExtrinsic } from '../../domain/serai/extrinsic.ts';
import { type Block, block as blockType, type Header, headerHash } from '../../domain/serai/header.ts';
import { storageKey } from '../../domain/serai/storageKey.ts';
import { BUCKETS } from './buckets.ts';
import type { Imported } from './chainView.ts';
import { genesis } from './genesis.ts';
import { NodeError } from './nodeError.ts';
import { apply, validate } from './runtime.ts';
import { nextSession } from './sessions.ts';
import { CODE, codeOf, runtimeOf, type SimulatedRuntime } from './simulatedRuntime.ts';
import { BlockState } from './state.ts';
import { refusalText } from './validity.ts';

/** Blocks finality trails the best block by (golden README 14). */
const FINALITY_LAG = 2;

/** Extrinsics that may wait for a block. */
const POOL_LIMIT = 1024;

/** `System.BlockHash` keeps this many hashes. */
const BLOCK_HASH_COUNT = 2400;

const u32be = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

const historyKey = (key: Uint8Array, height: number): Uint8Array => concatBytes(u32be(key.length).subarray(2), key, u32be(height));

const BABE_ENGINE = utf8ToBytes('BABE');

/** A BABE pre-digest by a secondary plain slot: engine, length 13, tag 2, authority 0, slot u64. */
const preDigest = (slot: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, slot, true);
  return concatBytes(Uint8Array.of(6), BABE_ENGINE, Uint8Array.of(13 << 2, 2, 0, 0, 0, 0), bytes);
};

/** `DigestItem::RuntimeEnvironmentUpdated`. */
const RUNTIME_UPDATED = Uint8Array.of(8);

export interface ChainOptions {
  readonly store: Store;
  readonly now: () => number;
  /** Blocks of a session; 0 for one session without end. */
  readonly sessionBlocks: number;
  /** How many sessions there are; 0 for no end of them. */
  readonly sessions: number;
  /** What an event that an extrinsic caused is told as. */
  readonly bend?: (event: EventRecord) => EventRecord;
}

/** The simulated chain: blocks, state at every height, and a pool; each block is one atomic write of the store. */
export class Chain {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #sessionBlocks: number;
  readonly #sessions: number;
  readonly #bend: (event: EventRecord) => EventRecord;
  readonly #state: Map<string, Uint8Array>;
  readonly #pool = new Map<Hex, Uint8Array>();
  /** The height at which a key changed last, since this chain was opened at `#opened`. */
  readonly #changedAt = new Map<string, number>();
  readonly #opened: number;
  #stateRoot: Uint8Array;
  #best: Imported;
  #genesisHash: Hex;

  private constructor(
    { store, now, sessionBlocks, sessions, bend = (event) => event }: ChainOptions,
    state: Map<string, Uint8Array>,
    best: Header,
    genesisHash: Hex,
  ) {
    this.#store = store;
    this.#now = now;
    this.#sessionBlocks = sessionBlocks;
    this.#sessions = sessions;
    this.#bend = bend;
    this.#state = state;
    this.#best = { number: Number(best.number), hash: toHex(headerHash(best)) };
    this.#opened = this.#best.number;
    this.#stateRoot = best.stateRoot;
    this.#genesisHash = genesisHash;
  }

  static async open(options: ChainOptions): Promise<Chain> {
    const { store } = options;
    const at = await store.get(BUCKETS.meta, utf8ToBytes('best'));
    if (at === undefined) return Chain.#begin(options);
    const number = new DataView(at.buffer, at.byteOffset, 4).getUint32(0);
    const state = new Map<string, Uint8Array>();
    for await (const [key, value] of store.scan(BUCKETS.newest)) state.set(toHex(key), value);
    const header = await readHeader(store, number);
    const first = await readHeader(store, 0);
    return new Chain(options, state, header, toHex(headerHash(first)));
  }

  static async #begin(options: ChainOptions): Promise<Chain> {
    const changes = genesis().changes();
    const state = new Map([...changes].flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
    const header: Header = {
      parentHash: new Uint8Array(32),
      number: 0n,
      stateRoot: rootAfter(new Uint8Array(32), changes),
      extrinsicsRoot: root([]),
      digest: [],
    };
    await options.store.write(blockWrites({ header, extrinsics: [] }, changes));
    return new Chain(options, state, header, toHex(headerHash(header)));
  }

  get genesisHash(): Hex {
    return this.#genesisHash;
  }

  get best(): Imported {
    return this.#best;
  }

  get finalized(): number {
    return Math.max(0, this.#best.number - FINALITY_LAG);
  }

  get pending(): readonly Uint8Array[] {
    return [...this.#pool.values()];
  }

  /** Takes an extrinsic into the pool; throws NodeError as the real node answers. */
  submit(bytes: Uint8Array): Hex {
    const extrinsic = decode(bytes);
    const refusal = validate(new BlockState(this.#state), fromHex(this.#genesisHash), extrinsic);
    if (refusal !== undefined) throw new NodeError(1010, 'Invalid Transaction', refusalText(refusal));
    const hash = toHex(blake2b(bytes, { dkLen: 32 }));
    if (this.#pool.has(hash)) throw new NodeError(1013, 'Transaction is already imported', hash);
    if (this.#pool.size >= POOL_LIMIT)
      throw new NodeError(1016, 'Immediately Dropped', "The transaction couldn't enter the pool because of the limit.");
    this.#pool.set(hash, bytes);
    return hash;
  }

  /** Makes the next block of what waits in the pool; `also` are events that nothing caused. */
  produce(also: readonly EventRecord[] = []): Promise<Imported> {
    return this.#produce(also);
  }

  /** Makes the next block as {@link produce} does; the ones after it are executed by the runtime's next version. */
  upgrade(also: readonly EventRecord[] = []): Promise<Imported> {
    return this.#produce(also, runtimeOf(codeOf(this.#runtime.version.spec_version + 1)));
  }

  /** The runtime that executes the next block. */
  get #runtime(): SimulatedRuntime {
    return runtimeOf(this.#state.get(toHex(CODE)));
  }

  async #produce(also: readonly EventRecord[], next?: SimulatedRuntime): Promise<Imported> {
    const number = this.#best.number + 1;
    const state = new BlockState(this.#state);
    const { version, layout } = this.#runtime;
    const { spec_version, spec_name } = version;
    const last = state.get('System', 'LastRuntimeUpgrade') as { readonly spec_version: number } | undefined;
    if (last?.spec_version !== spec_version) state.set('System', 'LastRuntimeUpgrade', [], { spec_version, spec_name });
    if (next !== undefined) state.setRaw(CODE, codeOf(next.version.spec_version));
    const now = BigInt(this.#now());
    state.set('System', 'Number', [], BigInt(number));
    state.set('System', 'ParentHash', [], fromHex(this.#best.hash));
    state.set('System', 'BlockHash', [BigInt(number - 1)], fromHex(this.#best.hash));
    if (number > BLOCK_HASH_COUNT) state.delete('System', 'BlockHash', BigInt(number - 1 - BLOCK_HASH_COUNT));
    const inherent = { call: { pallet: 'Timestamp', call: 'set', fields: { now } } };
    const extrinsics = [encodeExtrinsic(inherent)];
    const events: EventRecord[] = [...this.#beginSession(state, number), ...apply(state, 0, inherent)];
    for (const [hash, bytes] of [...this.#pool]) {
      this.#pool.delete(hash);
      const extrinsic = decodeExtrinsic(bytes);
      if (validate(state, fromHex(this.#genesisHash), extrinsic) !== undefined) continue;
      events.push(...apply(state, extrinsics.length, extrinsic).map(this.#bend));
      extrinsics.push(bytes);
    }
    events.push(...also);
    state.setRaw(storageKey('System', 'Events'), layout.eventRecords.encode(events));
    state.set('System', 'EventCount', [], events.length);
    const changes = state.changes();
    const stateRoot = rootAfter(this.#stateRoot, changes);
    const header: Header = {
      parentHash: fromHex(this.#best.hash),
      number: BigInt(number),
      stateRoot,
      extrinsicsRoot: root(extrinsics),
      digest: next === undefined ? [preDigest(now / 6000n)] : [preDigest(now / 6000n), RUNTIME_UPDATED],
    };
    await this.#store.write(blockWrites({ header, extrinsics }, changes));
    // Only now, and all at once: what is asked meanwhile is answered from the block before.
    for (const [key, value] of changes) {
      this.#changedAt.set(key, number);
      if (value === undefined) this.#state.delete(key);
      else this.#state.set(key, value);
    }
    this.#stateRoot = stateRoot;
    this.#best = { number, hash: toHex(headerHash(header)) };
    return this.#best;
  }

  /** With the first block of a session come its sets. */
  #beginSession(state: BlockState, number: number): EventRecord[] {
    const events: EventRecord[] = [];
    if (this.#sessionBlocks > 0 && number % this.#sessionBlocks === 0)
      nextSession(
        state,
        (pallet, name, fields) => {
          events.push({ phase: { tag: 'Initialization' }, pallet, name, fields, topics: [] });
        },
        this.#sessions,
      );
    return events;
  }

  async block(number: number): Promise<Block | undefined> {
    const bytes = number > this.#best.number ? undefined : await this.#store.get(BUCKETS.blocks, u32be(number));
    return bytes === undefined ? undefined : blockType.decode(bytes);
  }

  async hashAt(number: number): Promise<Hex | undefined> {
    if (number === this.#best.number) return this.#best.hash;
    const block = await this.block(number);
    return block === undefined ? undefined : toHex(headerHash(block.header));
  }

  async heightOf(hash: Uint8Array): Promise<number | undefined> {
    const bytes = await this.#store.get(BUCKETS.heights, hash);
    return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  }

  /** A storage value as it was after the block at `height`. */
  async storageAt(key: Uint8Array, height: number): Promise<Uint8Array | undefined> {
    const hex = toHex(key);
    if (height >= (this.#changedAt.get(hex) ?? this.#opened)) return this.#state.get(hex);
    const exact = await this.#store.get(BUCKETS.history, historyKey(key, height));
    if (exact !== undefined) return exact[0] === 1 ? exact.subarray(1) : undefined;
    const range = { gte: historyKey(key, 0), lt: historyKey(key, height + 1), reverse: true, limit: 1 };
    for await (const [, value] of this.#store.scan(BUCKETS.history, range)) return value[0] === 1 ? value.subarray(1) : undefined;
    return undefined;
  }

  /** Keys that begin with a prefix and have a value at `height`, in order, after `after`. */
  async keysAt(prefix: Uint8Array, height: number, count: number, after: Uint8Array | undefined): Promise<Uint8Array[]> {
    const keys = [...this.#state.keys()]
      .filter((key) => key.startsWith(toHex(prefix)) && (after === undefined || key > toHex(after)))
      .sort();
    const found: Uint8Array[] = [];
    for (const key of keys) {
      if (found.length >= count) break;
      if ((await this.storageAt(fromHex(key), height)) !== undefined) found.push(fromHex(key));
    }
    return found;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

const decode = (bytes: Uint8Array): ReturnType<typeof decodeExtrinsic> => {
  if (bytes.length === 0)
    throw new NodeError(-32000, 'Client error: Could not decode `Call`, failed to read variant byte:\n\tNot enough data to fill buffer\n');
  try {
    return decodeExtrinsic(bytes);
  } catch (cause) {
    throw new NodeError(-32000, "Client error: Could not decode `Call`, variant doesn't exist", undefined, { cause });
  }
};

const root = (parts: readonly Uint8Array[]): Uint8Array => blake2b(concatBytes(...parts), { dkLen: 32 });

/** Stands in for the trie's root: blake2b-256 over the root before and the changes in order. */
const rootAfter = (before: Uint8Array, changes: ReadonlyMap<string, Uint8Array | undefined>): Uint8Array =>
  root([
    before,
    ...[...changes]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, value]) => [fromHex(key), u32be(value?.length ?? 0xffff_ffff), value ?? new Uint8Array(0)]),
  ]);

const readHeader = async (store: Store, number: number): Promise<Header> => {
  const bytes = await store.get(BUCKETS.blocks, u32be(number));
  if (bytes === undefined) throw new NodeError(-32603, `the simulated chain lost block ${String(number)}; delete its folder`);
  return blockType.decode(bytes).header;
};

const blockWrites = (block: Block, changes: ReadonlyMap<string, Uint8Array | undefined>): Write[] => {
  const number = Number(block.header.number);
  return [
    ...[...changes].flatMap(([hex, value]) => {
      const key = fromHex(hex);
      const past = value === undefined ? Uint8Array.of(0) : concatBytes(Uint8Array.of(1), value);
      return [
        { bucket: BUCKETS.history, key: historyKey(key, number), value: past },
        { bucket: BUCKETS.newest, key, value },
      ];
    }),
    { bucket: BUCKETS.blocks, key: u32be(number), value: blockType.encode(block) },
    { bucket: BUCKETS.heights, key: headerHash(block.header), value: u32be(number) },
    { bucket: BUCKETS.meta, key: utf8ToBytes('best'), value: u32be(number) },
  ];
};
