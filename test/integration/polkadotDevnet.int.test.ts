import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSeraiNode, type SeraiNode } from '../../src/devnet/node/seraiNode.ts';
import type { ObservedBlock } from '../../src/domain/observation/observedBlock.ts';
import type { ChainRecord } from '../../src/domain/observation/schemas.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { openSeraiClient, type SeraiClient } from '../../src/drivers/polkadot/openSeraiClient.ts';
import { recordsOf } from '../support/recordsOf.ts';

const quiet = { info: () => undefined, warn: () => undefined };

const open = async (): Promise<readonly [SeraiNode, SeraiClient]> => {
  const node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0 });
  onTestFinished(() => node.close());
  const client = await openSeraiClient({ endpoints: [node.url], log: quiet, pollInterval: 100, expectedGenesis: node.genesisHash });
  onTestFinished(() => client.close());
  return [node, client];
};

describe('the simulated Serai node', { timeout: 20_000 }, () => {
  it('is observed as a real one is', async () => {
    const [node, client] = await open();
    const blocks: ObservedBlock[] = [];
    const failures: unknown[] = [];
    const stop = client.follow(
      { height: 0 },
      (block) => {
        blocks.push(block);
        return Promise.resolve();
      },
      (error) => failures.push(error),
    );
    onTestFinished(stop);
    for (let made = 0; made < 12; made += 1) await node.produceBlock();
    const finalized = node.finalizedNumber();
    expect(finalized).toBeGreaterThan(5);
    await vi.waitFor(
      () => {
        expect(blocks.map(({ number }) => number)).toEqual(Array.from({ length: finalized + 1 }, (_, number) => number));
      },
      { timeout: 8_000 },
    );
    expect(failures).toEqual([]);
    const records: ChainRecord[] = recordsOf(blocks);
    expect(records.filter(({ type }) => type === 'serai.chain.block.v1')).toHaveLength(finalized + 1);
    expect(records.filter(({ type }) => type === 'serai.validator-sets.participants.v1').map(({ subject }) => subject)).toEqual([
      'Serai/0',
      'Bitcoin/0',
      'Ethereum/0',
      'Monero/0',
    ]);
    const ofBitcoin = records.find((record) => record.type === 'serai.validator-sets.participants.v1' && record.subject === 'Bitcoin/0');
    const members =
      ofBitcoin?.type === 'serai.validator-sets.participants.v1' ? ofBitcoin.data.participants.map(({ publicKey }) => publicKey) : [];
    expect(new Set(await client.validators('Bitcoin'))).toEqual(new Set(members));
  });

  it('refuses keys that were not signed for, with its reason', async () => {
    const [node, client] = await open();
    await node.produceBlock();
    const call = {
      call: 'set_keys',
      network: 'Bitcoin',
      session: 0,
      removed: [],
      keyPair: { substrate: `0x${'53'.repeat(32)}`, network: '0x8081' },
      signature: `0x${'5a'.repeat(64)}`,
    } as const;
    await expect(client.isDone(call)).resolves.toBe(false);
    await expect(client.submit(call)).rejects.toMatchObject({
      code: 'chain.rejected',
      message: expect.stringContaining('bad signature') as string,
    });
  });
});
