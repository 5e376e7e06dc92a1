import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Store, Write } from '../../data/store.ts';
import { CoordinatorError } from '../../domain/errors.ts';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import type { ExternalNetworkName } from '../../domain/processor/ids.ts';
import { type InInstruction, inInstruction } from '../../domain/serai/types.ts';
import { verifySr25519 } from '../../domain/threshold/schnorrkel.ts';
import { type ExternalBlock, type ExternalDeposit, type ExternalTransaction, externalBlockHash, outputHashOf } from './externalBlock.ts';

/** The most deposits of one block, so that the batch made of it fits into an extrinsic. */
const MAX_DEPOSITS = 50;

const BUCKETS = { blocks: 21, deposits: 22, transactions: 23, vaults: 24 } as const;

/** What the external chain refuses. */
export class ExternalChainError extends CoordinatorError {
  override readonly name = 'ExternalChainError';
  readonly code: 'external.invalid-signature' | 'external.vault-conflict' | 'external.deposit-conflict' | 'external.damaged';

  constructor(code: ExternalChainError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** The simulated external chain that the processors of one network share. */
export interface ExternalChain {
  /** Height of the newest block, 0 before the first. */
  readonly height: number;
  /** Makes a set's key a vault; the first key of a set stands. What was paid before waits for the first vault. */
  openVault(set: string, key: Hex): Promise<void>;
  /** Pays to the vault; told twice under one id, it is one payment. */
  deposit(payment: { readonly amount: bigint; readonly instruction: InInstruction }, depositId: string): Promise<void>;
  /** Takes a payment out of the vault, if its signature stands under a vault's key; answers with the plan's accepted transaction. */
  broadcast(payment: { readonly plan: Hex; readonly message: Hex; readonly signature: Hex }): Promise<ExternalTransaction>;
  /** Takes something out of the vault without a plan, with the next block: what a thief who holds enough key shares could do. */
  steal(amount: bigint): Promise<void>;
  /** Makes a block of what waits, even of nothing. */
  tick(): Promise<ExternalBlock>;
  /** Delivers every block from a height on, one after the other, for ever; ends with the signal, or with what `deliver` throws. */
  follow(from: number, deliver: (block: ExternalBlock) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export interface ExternalChainOptions {
  readonly store: Store;
  readonly network: ExternalNetworkName;
  /** Whether a block is made as soon as there is something for it (the default), or only by `tick`. */
  readonly mining?: 'at-once' | 'on-tick';
}

interface Pooled<T> {
  readonly item: T;
  readonly arrival: number;
  readonly height?: number;
}

const keyOf = (height: number): Uint8Array => {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, height);
  return key;
};

const read = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const written = (value: unknown): Uint8Array => utf8ToBytes(JSON.stringify(value));

/** Opens the chain on a store (buckets 21 to 24); what was in it goes on. */
export const openExternalChain = async (options: ExternalChainOptions): Promise<ExternalChain> => {
  const { store } = options;
  const all = async (bucket: number): Promise<Map<string, unknown>> => {
    const rows = new Map<string, unknown>();
    for await (const [key, value] of store.scan(bucket)) rows.set(new TextDecoder().decode(key), read(value));
    return rows;
  };
  let tip: ExternalBlock | undefined;
  for await (const [, value] of store.scan(BUCKETS.blocks, { reverse: true, limit: 1 })) tip = read(value) as ExternalBlock;
  const chain = new SimulatedChain(options, tip, {
    deposits: (await all(BUCKETS.deposits)) as Pools['deposits'],
    transactions: (await all(BUCKETS.transactions)) as Pools['transactions'],
    vaults: (await all(BUCKETS.vaults)) as Pools['vaults'],
  });
  await chain.resume();
  return chain;
};

interface Pools {
  readonly deposits: Map<string, Pooled<ExternalDeposit>>;
  readonly transactions: Map<string, Pooled<ExternalTransaction>>;
  readonly vaults: Map<string, Hex>;
}

class SimulatedChain implements ExternalChain {
  readonly #options: ExternalChainOptions;
  readonly #pools: Pools;
  readonly #thefts: string[] = [];
  #tip: ExternalBlock | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor(options: ExternalChainOptions, tip: ExternalBlock | undefined, pools: Pools) {
    this.#options = options;
    this.#pools = pools;
    this.#tip = tip;
  }

  /** Makes the blocks that an earlier life of this chain did not come to. */
  resume(): Promise<void> {
    return this.#inTurn(() => this.#mineAtOnce());
  }

  get height(): number {
    return this.#tip?.height ?? 0;
  }

  openVault(set: string, key: Hex): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#pools.vaults.get(set);
      if (known === key) return;
      if (known !== undefined)
        throw new ExternalChainError('external.vault-conflict', `the vault of ${set} is under ${known} and cannot go to ${key}`);
      await this.#options.store.write([{ bucket: BUCKETS.vaults, key: utf8ToBytes(set), value: written(key) }]);
      this.#pools.vaults.set(set, key);
      await this.#mineAtOnce();
    });
  }

  deposit({ amount, instruction }: { readonly amount: bigint; readonly instruction: InInstruction }, depositId: string): Promise<void> {
    return this.#inTurn(async () => {
      const item: ExternalDeposit = { id: depositId, amount: amount.toString(), instruction: toHex(inInstruction.encode(instruction)) };
      const known = this.#pools.deposits.get(depositId)?.item;
      if (known !== undefined) {
        if (known.amount === item.amount && known.instruction === item.instruction) return;
        throw new ExternalChainError(
          'external.deposit-conflict',
          `deposit ${depositId} was made before with another content; take another id`,
        );
      }
      await this.#pool(BUCKETS.deposits, this.#pools.deposits, depositId, item);
    });
  }

  broadcast({
    plan,
    message,
    signature,
  }: {
    readonly plan: Hex;
    readonly message: Hex;
    readonly signature: Hex;
  }): Promise<ExternalTransaction> {
    return this.#inTurn(async () => {
      const vaults = [...this.#pools.vaults.values()];
      if (!vaults.some((key) => verifySr25519(fromHex(key), fromHex(message), fromHex(signature))))
        throw new ExternalChainError('external.invalid-signature', `the payment of plan ${plan} is not signed by a vault`);
      const known = this.#pools.transactions.get(plan)?.item;
      if (known !== undefined) return known;
      const item: ExternalTransaction = { plan, message, signature, outputHash: outputHashOf(message, signature) };
      await this.#pool(BUCKETS.transactions, this.#pools.transactions, plan, item);
      return item;
    });
  }

  steal(amount: bigint): Promise<void> {
    return this.#inTurn(async () => {
      this.#thefts.push(amount.toString());
      if (this.#options.mining !== 'on-tick') await this.#mine();
    });
  }

  tick(): Promise<ExternalBlock> {
    return this.#inTurn(() => this.#mine());
  }

  async follow(from: number, deliver: (block: ExternalBlock) => Promise<void>, signal: AbortSignal): Promise<void> {
    const wake = (): void => {
      for (const resume of this.#waiting.splice(0)) resume();
    };
    signal.addEventListener('abort', wake, { once: true });
    try {
      for (let height = Math.max(1, from); !signal.aborted; ) {
        if (height > this.height) {
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
          continue;
        }
        await deliver(await this.#block(height));
        height += 1;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  async #block(height: number): Promise<ExternalBlock> {
    const bytes = await this.#options.store.get(BUCKETS.blocks, keyOf(height));
    if (bytes === undefined) throw new ExternalChainError('external.damaged', `external block ${String(height)} is missing from the store`);
    return read(bytes) as ExternalBlock;
  }

  async #pool<T>(bucket: number, pool: Map<string, Pooled<T>>, key: string, item: T): Promise<void> {
    const pooled: Pooled<T> = { item, arrival: pool.size };
    await this.#options.store.write([{ bucket, key: utf8ToBytes(key), value: written(pooled) }]);
    pool.set(key, pooled);
    await this.#mineAtOnce();
  }

  async #mineAtOnce(): Promise<void> {
    if (this.#options.mining === 'on-tick') return;
    while (this.#waitingDeposits().length + this.#waitingTransactions().length > 0) await this.#mine();
  }

  #waitingDeposits(): (readonly [string, Pooled<ExternalDeposit>])[] {
    // Without a vault there is no address to pay to.
    return this.#pools.vaults.size === 0 ? [] : unmined(this.#pools.deposits).slice(0, MAX_DEPOSITS);
  }

  #waitingTransactions(): (readonly [string, Pooled<ExternalTransaction>])[] {
    return unmined(this.#pools.transactions);
  }

  async #mine(): Promise<ExternalBlock> {
    const { store, network } = this.#options;
    const height = this.height + 1;
    const [deposits, transactions] = [this.#waitingDeposits(), this.#waitingTransactions()];
    const unhashed = {
      height,
      parent: this.#tip?.hash ?? toHex(new Uint8Array(32)),
      deposits: deposits.map(([, { item }]) => item),
      transactions: transactions.map(([, { item }]) => item),
      thefts: this.#thefts.splice(0),
    };
    const block: ExternalBlock = { ...unhashed, hash: externalBlockHash(network, unhashed) };
    const mined = <T>(rows: readonly (readonly [string, Pooled<T>])[]): (readonly [string, Pooled<T>])[] =>
      rows.map(([key, pooled]) => [key, { ...pooled, height }] as const);
    const [minedDeposits, minedTransactions] = [mined(deposits), mined(transactions)];
    const writes = (bucket: number, rows: readonly (readonly [string, unknown])[]): Write[] =>
      rows.map(([key, value]) => ({ bucket, key: utf8ToBytes(key), value: written(value) }));
    await store.write([
      { bucket: BUCKETS.blocks, key: keyOf(height), value: written(block) },
      ...writes(BUCKETS.deposits, minedDeposits),
      ...writes(BUCKETS.transactions, minedTransactions),
    ]);
    for (const [key, pooled] of minedDeposits) this.#pools.deposits.set(key, pooled);
    for (const [key, pooled] of minedTransactions) this.#pools.transactions.set(key, pooled);
    this.#tip = block;
    for (const resume of this.#waiting.splice(0)) resume();
    return block;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

const unmined = <T>(pool: ReadonlyMap<string, Pooled<T>>): (readonly [string, Pooled<T>])[] =>
  [...pool].filter(([, { height }]) => height === undefined).sort(([, a], [, b]) => a.arrival - b.arrival);
