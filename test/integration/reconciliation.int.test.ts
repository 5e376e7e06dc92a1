import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { supervise } from '../../src/core/supervise.ts';
import { openDevnet } from '../../src/devnet/devnet.ts';
import { toHex } from '../../src/domain/hex.ts';
import { storageKey } from '../../src/domain/serai/storageKey.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';
import { provenTopics } from '../support/devnetTopics.ts';
import { until } from '../support/peers.ts';

const SEED = 9;
const CYCLES = 3;
const TIMEOUT = 120_000;

/** A verdict as it stands on its topic: read here by hand, as nothing of how it is made may be used to judge it. */
interface Verdict {
  readonly by: string;
  readonly serai: { readonly number: number };
  readonly external: { readonly height: number; readonly hash: string };
  readonly state: string;
  readonly difference: string;
  readonly booked: string;
  readonly vault: string;
  readonly pendingIn: string;
  readonly pendingOut: string;
  readonly failed: string;
  readonly fees: string;
}

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

/** What had come into the vault and gone out of it after a block. */
interface Flow {
  readonly came: bigint;
  readonly went: bigint;
}

const NO_FLOW: Flow = { came: 0n, went: 0n };

/** What had come and gone after each block, from the blocks alone. */
const vaultFlow = async (dir: string): Promise<ReadonlyMap<string, Flow>> => {
  const store = await openRocksdbStore(join(dir, 'bitcoin'));
  const flows = new Map<string, Flow>();
  let { came, went } = NO_FLOW;
  for await (const [, value] of store.scan(21)) {
    const { hash, deposits, transactions, thefts } = JSON.parse(new TextDecoder().decode(value)) as Block;
    came += sum(deposits.map(({ amount }) => amount));
    went += sum(transactions.map(paidBy)) + sum(thefts);
    flows.set(hash, { came, went });
  }
  await store.close();
  return flows;
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

/** What had come onto Serai and gone from it after each block, from the node's storage: in one block of this history only one of both happens. */
const supplyFlow = async (node: string, last: number): Promise<readonly Flow[]> => {
  const flows: Flow[] = [];
  let { came, went } = NO_FLOW;
  for (let number = 0; number <= last; number += 1) {
    const change = (await supplyAt(node, number)) - (came - went);
    if (change > 0n) came += change;
    else went -= change;
    flows.push({ came, went });
  }
  return flows;
};

/** Runs cycles of deposit, burn and payment on a devnet; tells of every verdict, with the supply on the node's own word. */
const runDevnet = async (dir: string): Promise<{ readonly verdicts: readonly Verdict[]; readonly supplies: readonly Flow[] }> => {
  const stop$ = new Subject<void>();
  const quiet = { info: () => undefined, warn: () => undefined };
  const devnet = await openDevnet({
    ...{ dir, seed: SEED, port: 0, blockTime: 250, sessionBlocks: 0, networks: ['Bitcoin'], faults: [], stop$ },
    log: { ...quiet, child: () => quiet },
  });
  const verdicts: Verdict[] = [];
  const unwatch = devnet.watch(({ validator, topic, record }) => {
    if (topic !== 'reports' || record.headers['ce_type'] !== 'serai.report.solvency.v1') return;
    verdicts.push({ ...(JSON.parse(new TextDecoder().decode(record.value)) as Omit<Verdict, 'by'>), by: validator });
  });
  const running = supervise(devnet.routes, stop$);
  const signal = AbortSignal.timeout(TIMEOUT);
  for (const value of [1, 0]) await devnet.faults.set('repeat-heads', value);
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
  const supplies = await supplyFlow(devnet.node.url, Math.max(...verdicts.map(({ serai }) => serai.number)));
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
    const flows = await vaultFlow(dir);
    // What was switched on this devnet stands in everyone's audit log.
    const control = (await provenTopics(dir, 'bob', ['Bitcoin'])).get('bob-control');
    const acts = control?.records.map(({ value }) => JSON.parse(new TextDecoder().decode(value)) as unknown);
    expect(acts).toMatchObject(['1', '0'].map((value) => ({ act: 'fault-switched', details: { fault: 'repeat-heads', value } })));
    expect(control?.report.faults).toEqual([]);
    // Money was on its way in both directions, and in the vault.
    expect(verdicts.some(({ pendingIn }) => pendingIn !== '0')).toBe(true);
    expect(verdicts.some(({ pendingOut }) => pendingOut !== '0')).toBe(true);
    expect(new Set(verdicts.map(({ by }) => by)).size).toBe(4);
    for (const { by, serai, external, ...verdict } of verdicts) {
      const supply = supplies[serai.number] ?? NO_FLOW;
      const vault = flows.get(external.hash) ?? NO_FLOW;
      const said = `${by} at Serai block ${String(serai.number)}, external block ${String(external.height)}`;
      expect(verdict, said).toMatchObject({
        ...{ state: 'solvent', difference: '0', failed: '0', fees: '0' },
        booked: String(supply.came - supply.went),
        vault: String(vault.came - vault.went),
        // What came into the vault and not onto Serai yet; what went from Serai and not out of the vault yet.
        pendingIn: String(vault.came - supply.came),
        pendingOut: String(supply.went - vault.went),
      });
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
