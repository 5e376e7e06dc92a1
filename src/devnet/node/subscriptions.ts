import { randomBytes } from 'node:crypto';
import { fromHex, toHex } from '../../domain/hex.ts';
import type { ChainView } from './chainView.ts';
import type { Faults } from './faults.ts';
import { forkedHeader } from './forkedHeader.ts';
import { headerJson } from './rpc.ts';
import { runtimeAfter, versionJson } from './simulatedRuntime.ts';

/** Sends a notification of a subscription. */
type Notify = (method: string, subscription: string, result: unknown) => void;

interface Subscription {
  readonly kind: 'finalized' | 'best' | 'version' | 'storage';
  readonly keys: readonly string[];
  /** The last height told, or the last version of the runtime, or the last storage values. */
  told: number;
  readonly values: Map<string, string | null>;
}

const NOTIFICATION = {
  finalized: 'chain_finalizedHead',
  best: 'chain_newHead',
  version: 'state_runtimeVersion',
  storage: 'state_storage',
} as const;

const KINDS: Readonly<Record<string, Subscription['kind']>> = {
  chain_subscribeFinalizedHeads: 'finalized',
  chain_subscribeFinalisedHeads: 'finalized',
  chain_subscribeNewHeads: 'best',
  chain_subscribeNewHead: 'best',
  state_subscribeRuntimeVersion: 'version',
  chain_subscribeRuntimeVersion: 'version',
  state_subscribeStorage: 'storage',
};

/** The methods that open and close subscriptions, as `rpc_methods` lists them. */
export const SUBSCRIPTION_METHODS: readonly string[] = Object.keys(KINDS).flatMap((method) => [
  method,
  method.replace('_subscribe', '_unsubscribe'),
]);

/** A connection's subscriptions are bounded. */
const LIMIT = 1024;

/** The subscriptions of one connection. */
export class Subscriptions {
  readonly #chain: ChainView;
  readonly #faults: Faults;
  readonly #notify: Notify;
  readonly #open = new Map<string, Subscription>();

  constructor(chain: ChainView, faults: Faults, notify: Notify) {
    this.#faults = faults;
    this.#chain = chain;
    this.#notify = notify;
  }

  /** Opens a subscription and returns its id; undefined where the method is none. The first notification follows at once. */
  subscribe(method: string, params: readonly unknown[]): string | undefined {
    const kind = KINDS[method];
    if (kind === undefined || this.#open.size >= LIMIT) return undefined;
    const id = randomBytes(12).toString('base64url');
    const keys = Array.isArray(params[0]) ? params[0].map(String) : [];
    const subscription: Subscription = { kind, keys, told: -1, values: new Map() };
    this.#open.set(id, subscription);
    setImmediate(() => {
      this.#tell(id, subscription).catch(() => undefined);
    });
    return id;
  }

  /** Ends a subscription: whether there was one; undefined where the method is none. */
  unsubscribe(method: string, params: readonly unknown[]): boolean | undefined {
    return /^(chain|state)_unsubscribe/.test(method) ? this.#open.delete(String(params[0])) : undefined;
  }

  /** A block was made. */
  async advance(): Promise<void> {
    for (const [id, subscription] of this.#open) await this.#tell(id, subscription);
  }

  async #tell(id: string, subscription: Subscription): Promise<void> {
    if (!this.#open.has(id)) return;
    const { kind } = subscription;
    if (kind === 'version') {
      const runtime = await runtimeAfter(this.#chain, this.#chain.best.number);
      if (runtime.version.spec_version === subscription.told) return;
      subscription.told = runtime.version.spec_version;
      this.#notify(NOTIFICATION.version, id, versionJson(runtime));
      return;
    }
    if (kind === 'storage') {
      await this.#tellStorage(id, subscription);
      return;
    }
    const head = kind === 'best' ? this.#chain.best.number : this.#chain.finalized;
    if (head === subscription.told) return;
    subscription.told = head;
    if (kind === 'best') await this.#tellBest(id, head);
    else await this.#tellFinalized(id, head);
  }

  async #tellHead(method: string, id: string, height: number): Promise<void> {
    const block = await this.#chain.block(height);
    if (block !== undefined) this.#notify(method, id, headerJson(block.header));
  }

  async #tellBest(id: string, height: number): Promise<void> {
    const block = this.#faults.forks ? await this.#chain.block(height) : undefined;
    if (block !== undefined) this.#notify(NOTIFICATION.best, id, headerJson(forkedHeader(block.header)));
    await this.#tellHead(NOTIFICATION.best, id, height);
  }

  async #tellFinalized(id: string, height: number): Promise<void> {
    const { skipHeads, repeatHeads } = this.#faults;
    if (skipHeads && height % 3 !== 0) return;
    await this.#tellHead(NOTIFICATION.finalized, id, height);
    if (!repeatHeads) return;
    await this.#tellHead(NOTIFICATION.finalized, id, Math.max(0, height - 2));
    await this.#tellHead(NOTIFICATION.finalized, id, height);
  }

  async #tellStorage(id: string, { keys, values }: Subscription): Promise<void> {
    const { number, hash } = this.#chain.best;
    const changes: (readonly [string, string | null])[] = [];
    for (const key of keys) {
      const bytes = await this.#chain.storageAt(fromHex(key), number);
      const value = bytes === undefined ? null : toHex(bytes);
      if (values.has(key) && values.get(key) === value) continue;
      values.set(key, value);
      changes.push([key, value]);
    }
    if (changes.length > 0) this.#notify(NOTIFICATION.storage, id, { block: hash, changes });
  }
}
