import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { supervise } from '../../src/core/supervise.ts';
import { openDevnet } from '../../src/devnet/devnet.ts';
import { toHex } from '../../src/domain/hex.ts';
import { storageKey } from '../../src/domain/serai/storageKey.ts';
import { integrityReport, type SolvencyVerdict } from '../../src/domain/solvency/reports.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { until } from '../support/peers.ts';

const SEED = 9;
const CYCLES = 3;
const TIMEOUT = 120_000;

/** A block of the simulated Bitcoin, as it lies on disk. */
interface Block {
  readonly height: number;
  readonly hash: string;
  readonly deposits: readonly { readonly amount: string }[];
  readonly transactions: readonly { readonly message: string }[];
  readonly thefts: readonly string[];
}

const sum = (amounts: readonly string[]): bigint => amounts.reduce((all, amount) => all + BigInt(amount), 0n);

/** What left the vault with a transaction: the amount in the text that was signed. */
const paidBy = ({ message }: { readonly message: string }): string => {
  const text = Buffer.from(message.slice(2), 'hex').toString('latin1');
  return (JSON.parse(text.slice(text.indexOf('{"'))) as { readonly amount: string }).amount;
};

/** What the vault held after each block, from the blocks alone. */
const balances = async (dir: string): Promise<ReadonlyMap<string, bigint>> => {
  const store = await openRocksdbStore(join(dir, 'bitcoin'));
  const held = new Map<string, bigint>();
  let now = 0n;
  for await (const [, value] of store.scan(21)) {
    const { hash, deposits, transactions, thefts } = JSON.parse(new TextDecoder().decode(value)) as Block;
    now += sum(deposits.map(({ amount }) => amount)) - sum(transactions.map(paidBy)) - sum(thefts);
    held.set(hash, now);
  }
  await store.close();
  return held;
};

const ask = async (node: string, method: string, params: readonly unknown[]): Promise<unknown> => {
  const response = await fetch(node.replace('ws:', 'http:'), {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return ((await response.json()) as { readonly result: unknown }).result;
};

/** Bitcoin's supply on Serai after a block, from the node's storage. */
const supplyAt = async (node: string, number: number): Promise<bigint> => {
  const hash = await ask(node, 'chain_getBlockHash', [number]);
  const value = await ask(node, 'state_getStorage', [toHex(storageKey('Coins', 'Supply', 'Bitcoin')), hash]);
  return typeof value === 'string' ? Buffer.from(value.slice(2), 'hex').readBigUInt64LE() : 0n;
};

/** Runs cycles of deposit, burn and payment on a devnet; tells of every verdict, with the supply on the node's own word. */
const runDevnet = async (
  dir: string,
): Promise<{ readonly verdicts: readonly (SolvencyVerdict & { by: string })[]; readonly supplies: ReadonlyMap<number, bigint> }> => {
  const stop$ = new Subject<void>();
  const quiet = { info: () => undefined, warn: () => undefined };
  const devnet = await openDevnet({
    ...{ dir, seed: SEED, port: 0, blockTime: 250, sessionBlocks: 0, networks: ['Bitcoin'], faults: [], stop$ },
    log: { ...quiet, child: () => quiet },
  });
  const verdicts: (SolvencyVerdict & { by: string })[] = [];
  const unwatch = devnet.watch(({ validator, topic, record }) => {
    if (topic !== 'reports') return;
    const data: unknown = JSON.parse(new TextDecoder().decode(record.value));
    const read = integrityReport.safeParse({ type: record.headers['ce_type'], data });
    if (read.success && read.data.type === 'serai.report.solvency.v1') verdicts.push({ ...read.data.data, by: validator });
  });
  const running = supervise(devnet.routes, stop$);
  const signal = AbortSignal.timeout(TIMEOUT);
  const [user] = devnet.users;
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    await user?.deposit(cycle);
    await user?.burn(cycle, signal);
  }
  // Everyone has seen the last payment: nothing is in flight any more.
  const settled = (by: string): boolean => {
    const last = verdicts.findLast((verdict) => verdict.by === by);
    return last !== undefined && last.serai.number > 0 && last.booked === '0' && last.vault === '0' && last.pendingOut === '0';
  };
  await until(() => devnet.validators.every(({ name }) => settled(name)));
  const supplies = new Map<number, bigint>();
  for (const { serai } of verdicts)
    if (!supplies.has(serai.number)) supplies.set(serai.number, await supplyAt(devnet.node.url, serai.number));
  unwatch();
  running.stop(3_000);
  await running.ended;
  await devnet.close();
  return { verdicts, supplies };
};

it('every verdict of every validator agrees with what lies on both chains', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'serai-'));
  try {
    const { verdicts, supplies } = await runDevnet(dir);
    const held = await balances(dir);
    // Money was on its way in both directions, and in the vault.
    expect(verdicts.some(({ pendingIn }) => pendingIn !== '0')).toBe(true);
    expect(verdicts.some(({ pendingOut }) => pendingOut !== '0')).toBe(true);
    expect(new Set(verdicts.map(({ by }) => by)).size).toBe(4);
    for (const { serai, external, ...verdict } of verdicts) {
      const [supply, vault] = [supplies.get(serai.number) ?? -1n, held.get(external.hash) ?? 0n];
      const said = `${verdict.by} at Serai block ${String(serai.number)}, external block ${String(external.height)}`;
      expect([verdict.booked, verdict.vault], said).toEqual([String(supply), String(vault)]);
      expect(BigInt(verdict.pendingIn) + BigInt(verdict.failed) + BigInt(verdict.pendingOut) - BigInt(verdict.fees), said).toBe(
        vault - supply,
      );
      expect([verdict.state, verdict.difference], said).toEqual(['solvent', '0']);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
