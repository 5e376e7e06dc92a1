import { x25519 } from '@noble/curves/ed25519.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex, type Hex, toHex } from '../domain/hex.ts';
import { EPOCH_OPENED } from '../domain/record/epochOpened.ts';
import type { Tail } from '../domain/record.ts';
import { type Draft, table, type View } from '../domain/tables.ts';
import { BUCKETS } from './buckets.ts';
import { Ledger, rowKey } from './ledger.ts';
import { loadTails } from './loadTails.ts';
import { type EpochKeys, RecordWriter } from './recordWriter.ts';
import { findRollBack, rolledBack, type WrittenTopics } from './rollBack.ts';
import type { Store, Write } from './store.ts';

const text = new TextDecoder();

const EPOCH = utf8ToBytes('epoch');

/** The table that {@link rolledBack} is. */
const ROLLED_BACK = 'rolledBack';

/** The sealing keys other modules announced: `source` holds the latest, `source#epoch` every one. */
export const counterparts = table<{ readonly epoch: number; readonly instance: Hex; readonly publicKey: Hex }>('counterparts');

export interface ModuleLedgerOptions {
  readonly store: Store;
  /** What the store is held against at the start: it may have been rolled back. */
  readonly topics: WrittenTopics;
  /** `ce_source` of everything this module writes. */
  readonly source: string;
  /** Ed25519 seed, 32 bytes; its public key is pinned by the readers. */
  readonly signingSecret: Uint8Array;
  /** The reader of each sealed topic this module writes. */
  readonly sealedFor: Readonly<Record<string, string>>;
  /** The public topics it writes. */
  readonly open: readonly string[];
  readonly random: (length: number) => Uint8Array;
  /** Decides what an epoch brings, in the commit that announces it. */
  readonly entered?: (draft: Draft, entry: EpochEntry) => void;
}

/** An epoch that is entered. */
export interface EpochEntry {
  readonly epoch: number;
  readonly instance: Hex;
  /** What shows that the store was rolled back before it; empty where nothing does. */
  readonly signs: readonly string[];
  /** Where this module's records ended on each topic before it. */
  readonly tail: (topic: string) => Tail;
}

/** A module's ledger with its epoch and sealing keys. */
export interface ModuleLedger {
  readonly ledger: Ledger;
  /** The epoch we are in. */
  readonly epoch: number;
  /** What showed at the start that the store was rolled back. */
  readonly signs: readonly string[];
  /** Our X25519 secret of an epoch, this one or an earlier; undefined for one we never had. */
  readonly sealingSecret: (epoch: number) => Uint8Array | undefined;
  /** Resolves once every counterpart of a sealed topic has announced a key; rejects when the signal fires first. */
  readonly counterpartsKnown: (signal: AbortSignal) => Promise<void>;
  /** Enters an epoch above one that others have seen of us. */
  readonly enterAbove: (epoch: number) => Promise<void>;
}

/**
 * Opens a module's ledger in a new epoch: its number, a random instance id and a fresh sealing key are durable before anything
 * leaves (design §10); then the key is announced on every sealed topic the module writes.
 */
export const openModuleLedger = async (options: ModuleLedgerOptions): Promise<ModuleLedger> => {
  const { store, topics, source, signingSecret, sealedFor, open, random, entered } = options;
  const written = [...Object.keys(sealedFor), ...open];
  const found = await findRollBack({ store, topics, source, written, open });
  const before = await store.get(BUCKETS.meta, EPOCH);
  let epoch = Math.max(before === undefined ? 0 : Number(text.decode(before)), found.epoch);
  const secrets = new Map<number, Uint8Array>();

  /** Takes the next epoch: durable before it is used. */
  const take = async (above: number, writes: readonly Write[]): Promise<EpochKeys & { readonly instance: Hex }> => {
    epoch = above + 1;
    const instance = toHex(random(16));
    const secret = random(32);
    await store.write([
      ...writes,
      { bucket: BUCKETS.meta, key: EPOCH, value: utf8ToBytes(String(epoch)) },
      { bucket: BUCKETS.meta, key: utf8ToBytes('instance'), value: utf8ToBytes(instance) },
      { bucket: BUCKETS.secrets, key: utf8ToBytes(String(epoch)), value: secret },
    ]);
    secrets.set(epoch, secret);
    return { epoch, instance, secret };
  };

  const kept = await store.get(BUCKETS.rows, rowKey(ROLLED_BACK, ''));
  const signs = [
    ...((kept === undefined ? { signs: [] } : JSON.parse(text.decode(kept))) as { signs: readonly string[] }).signs,
    ...found.signs,
  ];
  const noted: Write[] =
    found.signs.length === 0 ? [] : [{ bucket: BUCKETS.rows, key: rowKey(ROLLED_BACK, ''), value: utf8ToBytes(JSON.stringify({ signs })) }];
  const first = await take(epoch, [...found.writes, ...noted]);
  for await (const [key, value] of store.scan(BUCKETS.secrets)) secrets.set(Number(text.decode(key)), value);

  const counterpart = (topic: string): { source: string; epoch: number; publicKey: Uint8Array } | 'open' => {
    const receiver = sealedFor[topic];
    if (receiver === undefined) return 'open';
    const known = counterparts.get(ledger, receiver);
    if (known === undefined) throw new Error(`${source} has no sealing key of ${receiver} yet, so it cannot write to ${topic}`);
    return { source: receiver, epoch: known.epoch, publicKey: fromHex(known.publicKey) };
  };
  const writer = new RecordWriter({ source, signingSecret, keys: first, counterpart, random }, await loadTails(store));
  const ledger = await Ledger.open(store, writer);

  /** Announces an epoch on every sealed topic, and decides what it brings. */
  const announce = ({ secret, instance }: Awaited<ReturnType<typeof take>>, seen: readonly string[]): Promise<void> => {
    const tails = new Map(written.map((topic) => [topic, writer.tail(topic)]));
    const data = { epoch, instance, publicKey: toHex(x25519.getPublicKey(secret)) };
    return ledger.commit({
      decide: (draft) => {
        for (const topic of Object.keys(sealedFor))
          draft.send({
            topic,
            type: EPOCH_OPENED,
            id: `${EPOCH_OPENED}/${source}/${String(epoch)}`,
            time: new Date(0).toISOString(),
            data,
          });
        entered?.(draft, { epoch, instance, signs: seen, tail: (topic) => tails.get(topic) ?? writer.tail(topic) });
        if (rolledBack.get(draft, '') !== undefined) rolledBack.delete(draft, '');
      },
    });
  };
  await announce(first, signs);

  const receivers = [...new Set(Object.values(sealedFor))];
  const allKnown = (view: View): boolean => receivers.every((receiver) => counterparts.get(view, receiver) !== undefined);
  return {
    ledger,
    get epoch() {
      return epoch;
    },
    signs,
    sealingSecret: (of) => secrets.get(of),
    counterpartsKnown: (signal) => ledger.when(allKnown, signal),
    enterAbove: async (above) => {
      if (above < epoch) return;
      const next = await take(above, []);
      writer.enter(next);
      await announce(next, []);
    },
  };
};
