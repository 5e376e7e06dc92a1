import { x25519 } from '@noble/curves/ed25519.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex, type Hex, toHex } from '../domain/hex.ts';
import type { Tail } from '../domain/record.ts';
import type { View } from '../domain/tables.ts';
import { table } from '../domain/tables.ts';
import { BUCKETS } from './buckets.ts';
import { Ledger } from './ledger.ts';
import { EPOCH_OPENED, RecordWriter } from './recordWriter.ts';
import type { Store } from './store.ts';

const text = new TextDecoder();

/** The sealing keys other modules announced: `source` holds the latest, `source#epoch` every one. */
export const counterparts = table<{ readonly epoch: number; readonly instance: Hex; readonly publicKey: Hex }>('counterparts');

export interface ModuleLedgerOptions {
  readonly store: Store;
  /** `ce_source` of everything this module writes. */
  readonly source: string;
  /** Ed25519 seed, 32 bytes; its public key is pinned by the readers. */
  readonly signingSecret: Uint8Array;
  /** The reader of each sealed topic this module writes. */
  readonly sealedFor: Readonly<Record<string, string>>;
  readonly random: (length: number) => Uint8Array;
}

/** A module's ledger with its epoch and sealing keys. */
export interface ModuleLedger {
  readonly ledger: Ledger;
  readonly epoch: number;
  readonly instance: Hex;
  /** Our X25519 secret of an epoch, this one or an earlier; undefined for one we never had. */
  readonly sealingSecret: (epoch: number) => Uint8Array | undefined;
  /** Resolves once every counterpart of a sealed topic has announced a key; rejects when the signal fires first. */
  readonly counterpartsKnown: (signal: AbortSignal) => Promise<void>;
}

/**
 * Opens a module's ledger in a new epoch: its number, a random instance id and a fresh sealing key are durable before anything
 * leaves (design §10); then the key is announced on every sealed topic the module writes.
 */
export const openModuleLedger = async ({ store, source, signingSecret, sealedFor, random }: ModuleLedgerOptions): Promise<ModuleLedger> => {
  const before = await store.get(BUCKETS.meta, utf8ToBytes('epoch'));
  const epoch = (before === undefined ? 0 : Number(text.decode(before))) + 1;
  const instance = toHex(random(16));
  const secret = random(32);
  await store.write([
    { bucket: BUCKETS.meta, key: utf8ToBytes('epoch'), value: utf8ToBytes(String(epoch)) },
    { bucket: BUCKETS.meta, key: utf8ToBytes('instance'), value: utf8ToBytes(instance) },
    { bucket: BUCKETS.secrets, key: utf8ToBytes(String(epoch)), value: secret },
  ]);
  const secrets = new Map<number, Uint8Array>();
  for await (const [key, value] of store.scan(BUCKETS.secrets)) secrets.set(Number(text.decode(key)), value);

  const counterpart = (topic: string): { source: string; epoch: number; publicKey: Uint8Array } | 'open' => {
    const receiver = sealedFor[topic];
    if (receiver === undefined) return 'open';
    const known = counterparts.get(ledger, receiver);
    if (known === undefined) throw new Error(`${source} has no sealing key of ${receiver} yet, so it cannot write to ${topic}`);
    return { source: receiver, epoch: known.epoch, publicKey: fromHex(known.publicKey) };
  };
  const writer = new RecordWriter({ source, signingSecret, keys: { epoch, secret }, counterpart, random }, await loadTails(store));
  const ledger = await Ledger.open(store, writer);

  const receivers = [...new Set(Object.values(sealedFor))];
  const allKnown = (view: View): boolean => receivers.every((receiver) => counterparts.get(view, receiver) !== undefined);
  await ledger.commit({
    decide: (draft) => {
      for (const topic of Object.keys(sealedFor)) {
        const data = { epoch, instance, publicKey: toHex(x25519.getPublicKey(secret)) };
        draft.send({ topic, type: EPOCH_OPENED, id: `${EPOCH_OPENED}/${source}/${String(epoch)}`, time: new Date(0).toISOString(), data });
      }
    },
  });
  return {
    ledger,
    epoch,
    instance,
    sealingSecret: (of) => secrets.get(of),
    counterpartsKnown: (signal) => ledger.when(allKnown, signal),
  };
};

const loadTails = async (store: Store): Promise<(readonly [string, Tail])[]> => {
  const tails: (readonly [string, Tail])[] = [];
  for await (const [topic, value] of store.scan(BUCKETS.tails)) {
    const { sequence, digest } = JSON.parse(text.decode(value)) as { sequence: string; digest: Hex };
    tails.push([text.decode(topic), { sequence: BigInt(sequence), digest }]);
  }
  return tails;
};
