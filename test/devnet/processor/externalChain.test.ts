import { utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/data/store.ts';
import { type ExternalBlock, outputHashOf } from '../../../src/devnet/processor/externalBlock.ts';
import { type ExternalChain, openExternalChain } from '../../../src/devnet/processor/externalChain.ts';
import { toHex } from '../../../src/domain/hex.ts';
import { devAccount, signSr25519 } from '../../../src/domain/threshold/schnorrkel.ts';
import { openMemoryStore } from '../../../src/drivers/memory/memoryStore.ts';

const vault = devAccount('Alice');
const key = toHex(vault.publicKey);
const plan = toHex(new Uint8Array(32).fill(4));
const payment = (text: string) => ({
  plan,
  message: toHex(utf8ToBytes(text)),
  signature: toHex(signSr25519(vault.secretKey, utf8ToBytes(text))),
});
const deposit = { amount: 1n, instruction: { tag: 'Transfer', address: new Uint8Array(32) } } as const;

const open = (store: Store, mining: 'at-once' | 'on-tick' = 'at-once'): Promise<ExternalChain> =>
  openExternalChain({ store, network: 'Bitcoin', mining });

const blocksOf = async (chain: ExternalChain): Promise<ExternalBlock[]> => {
  const blocks: ExternalBlock[] = [];
  const stop = new AbortController();
  if (chain.height === 0) return blocks;
  const deliver = (block: ExternalBlock): Promise<void> => {
    blocks.push(block);
    if (block.height === chain.height) stop.abort();
    return Promise.resolve();
  };
  await chain.follow(1, deliver, stop.signal);
  return blocks;
};

describe('the external chain', () => {
  it('takes a deposit once, and refuses another one under its id', async () => {
    const chain = await open(openMemoryStore());
    await chain.openVault('Bitcoin/0', key);
    await Promise.all([chain.deposit(deposit, 'a'), chain.deposit(deposit, 'a')]);
    expect(chain.height).toBe(1);
    await expect(chain.deposit({ ...deposit, amount: 2n }, 'a')).rejects.toMatchObject({ code: 'external.deposit-conflict' });
  });

  it('accepts the first transaction of a plan and tells the others of it', async () => {
    const chain = await open(openMemoryStore());
    await chain.openVault('Bitcoin/0', key);
    const [first, second] = [payment('pay'), payment('pay')];
    expect(first.signature).not.toBe(second.signature);
    const accepted = await chain.broadcast(first);
    expect(accepted.outputHash).toBe(outputHashOf(first.message, first.signature));
    expect(await chain.broadcast(second)).toEqual(accepted);
    expect(chain.height).toBe(1);
  });

  it('refuses what no vault has signed, and a second key for a set', async () => {
    const chain = await open(openMemoryStore());
    await expect(chain.broadcast(payment('pay'))).rejects.toMatchObject({ code: 'external.invalid-signature' });
    await chain.openVault('Bitcoin/0', key);
    await chain.openVault('Bitcoin/0', key);
    await expect(chain.broadcast({ ...payment('pay'), message: '0x00' })).rejects.toMatchObject({ code: 'external.invalid-signature' });
    await expect(chain.openVault('Bitcoin/0', plan)).rejects.toMatchObject({ code: 'external.vault-conflict' });
  });

  it('goes on after a restart with the same blocks, whose hashes depend on nothing else', async () => {
    const run = async (store: Store): Promise<ExternalBlock[]> => {
      const chain = await open(store);
      await chain.openVault('Bitcoin/0', key);
      await chain.deposit(deposit, 'a');
      const again = await open(store);
      await again.deposit(deposit, 'a');
      await again.deposit(deposit, 'b');
      return blocksOf(again);
    };
    const blocks = await run(openMemoryStore());
    expect(blocks.map(({ height, deposits }) => [height, deposits.length])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(blocks[1]?.parent).toBe(blocks[0]?.hash);
    expect(await run(openMemoryStore())).toEqual(blocks);
  });

  it('gathers deposits until a tick where told to, at most fifty in a block', async () => {
    const chain = await open(openMemoryStore(), 'on-tick');
    await chain.openVault('Bitcoin/0', key);
    for (let at = 0; at < 51; at++) await chain.deposit(deposit, `deposit ${String(at)}`);
    expect(chain.height).toBe(0);
    expect((await chain.tick()).deposits.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, at) => `deposit ${String(at)}`));
    expect((await chain.tick()).deposits).toHaveLength(1);
    expect((await chain.tick()).deposits).toHaveLength(0);
  });

  it('delivers new blocks to those that wait, and ends with what a receiver throws', async () => {
    const chain = await open(openMemoryStore());
    const heights: number[] = [];
    const stop = new AbortController();
    const following = chain.follow(
      1,
      (block) => {
        heights.push(block.height);
        return block.height < 3 ? Promise.resolve() : Promise.reject(new Error('enough'));
      },
      stop.signal,
    );
    for (let at = 0; at < 3; at++) await chain.tick();
    await expect(following).rejects.toThrow('enough');
    expect(heights).toEqual([1, 2, 3]);
    const quiet = chain.follow(4, () => Promise.resolve(), stop.signal);
    stop.abort();
    await expect(quiet).resolves.toBeUndefined();
  });
});
